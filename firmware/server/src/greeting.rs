//! What is said on a locked board's `/rpc` before its first message, and on
//! `/pair`: frames of the crate noise over WebSocket. Who is let in is the
//! board's decision, who waits that of `handshakes`.

use alloc::{string::String, vec::Vec};
use core::{
    net::IpAddr,
    pin::{Pin, pin},
};

use board::{Hardware, PairingState};
use embassy_futures::select::{Either, select};
use noise::{Channel, Hello, KeyId, NoiseError, Offer, PairOffer, Pairing, Role, respond};
use protocol::{Code, RpcError, limits};

use crate::{
    clock::{Clock, within},
    pool::{Slot, Stage},
    response::error_message,
    shared::{AskingForKey, Shared},
    socket::{Gone, Socket, WRITE, end, write},
    ws::{Close, Endpoint, FrameType, Message, Reader, Stopped},
};

/// A controller that has proved its key.
pub(crate) struct Proved {
    pub(crate) kid: KeyId,
    pub(crate) channel: Channel,
    /// Its first message: that it decrypts is the proof.
    pub(crate) first: String,
    pub(crate) reader: Reader,
}

/// Why a greeting comes to nothing.
enum Failure {
    /// The connection ended, or made room for another.
    Gone,
    /// The client broke WebSocket's rules, or closed.
    Broken(Close),
    /// It is told this, in plain text.
    Refused(RpcError),
    /// An encrypted message is none.
    NotAuthentic,
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Greets a controller and waits until it has proved a key; a failure is told,
/// and ends the connection. A connection with a `slot` may be evicted
/// meanwhile; one that the board opened has none.
pub(crate) async fn greet<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    slot: Option<&Slot<'_>>,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<Proved, Gone> {
    let proof = within(
        shared.clock(),
        limits::HANDSHAKE,
        prove(socket, already_read, slot, shared, endpoint),
    )
    .await;
    match proof.unwrap_or_else(|| Err(Failure::Refused(late()))) {
        Ok(proved) => Ok(proved),
        Err(failure) => {
            let told = pin!(tell(socket, failure, shared, endpoint));
            Err(wait(slot, shared.clock(), Stage::Idle, told)
                .await
                .unwrap_or(Gone))
        }
    }
}

/// Does work in which the other end is waited for.
async fn wait<F: Future>(
    slot: Option<&Slot<'_>>,
    clock: &impl Clock,
    stage: Stage,
    work: Pin<&mut F>,
) -> Result<F::Output, Failure> {
    match slot {
        Some(slot) => slot
            .wait(clock.now(), stage, work)
            .await
            .ok_or(Failure::Gone),
        None => Ok(work.await),
    }
}

fn late() -> RpcError {
    let (all, beyond) = (limits::HANDSHAKE.as_secs(), limits::AFTER_OFFER.as_secs());
    let message =
        alloc::format!("no proof of a key came within {all} s, {beyond} s of them after the offer");
    RpcError::new(Code::Timeout, "handshake_timeout", message)
}

async fn prove<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    slot: Option<&Slot<'_>>,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<Proved, Failure> {
    // A message in plain text is answered; what comes encrypted has 16 bytes
    // more.
    let reader = Reader::at(
        endpoint,
        limits::MESSAGE_INTO_BOARD + noise::OVERHEAD,
        already_read,
    );
    let hello = wait(
        slot,
        shared.clock(),
        Stage::Requested,
        pin!(say_hello(socket, shared, endpoint)),
    )
    .await??;
    take_offer(socket, reader, &hello, slot, shared, endpoint).await
}

/// Takes what follows the greeting: an offer, its answer, and the first
/// message, which is the proof.
async fn take_offer<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    mut reader: Reader,
    hello: &Hello,
    slot: Option<&Slot<'_>>,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<Proved, Failure> {
    let clock = shared.clock();
    let offer = wait(
        slot,
        clock,
        Stage::Requested,
        pin!(binary(socket, &mut reader, shared, endpoint)),
    )
    .await??;
    let offer = Offer::from_bytes(&offer).map_err(|_| Failure::Refused(board::locked()))?;
    let Some(ephemeral) = shared.random() else {
        return Err(Failure::Gone);
    };
    // Of a key that there is, one handshake at a time: who has it cannot keep
    // the board busy with more, and another key does not wait.
    let role = shared.role(offer.kid);
    let under_way = match role {
        Some(_) => Some(
            wait(
                slot,
                clock,
                Stage::Requested,
                pin!(shared.handshake(offer.kid)),
            )
            .await?,
        ),
        None => None,
    };
    let psk = shared.psk(offer.kid).ok_or(NoiseError::NotAuthentic);
    let Ok((mut channel, answer)) = psk.and_then(|psk| respond(hello, &offer, &psk, ephemeral))
    else {
        let delay = shared.wrong_key(offer.kid);
        drop(under_way);
        wait(
            slot,
            clock,
            Stage::Idle,
            pin!(clock.sleep_until(clock.now() + delay)),
        )
        .await?;
        return Err(Failure::Refused(board::wrong_key()));
    };
    let finish = async {
        send(
            socket,
            FrameType::Binary(false),
            &answer.to_bytes(),
            shared,
            endpoint,
        )
        .await?;
        let first = within(
            clock,
            limits::AFTER_OFFER,
            binary(socket, &mut reader, shared, endpoint),
        )
        .await;
        first.unwrap_or_else(|| Err(Failure::Refused(late())))
    };
    // A client that comes this far has the key. One of role control is not
    // evicted any more.
    let slot = slot.filter(|_| role != Some(Role::Control));
    let first = wait(slot, clock, Stage::Requested, pin!(finish)).await??;
    drop(under_way);
    let first = channel
        .open_text(&first)
        .map_err(|_| Failure::NotAuthentic)?;
    Ok(Proved {
        kid: offer.kid,
        channel,
        first,
        reader,
    })
}

/// Gives a key to a controller that asks while pairing is open at the board,
/// once its code was confirmed there, and has it prove the key. Until the
/// caller has made it a controller, `asking` has to be kept: with it goes what
/// is pending.
pub(crate) async fn pair<'a, S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    from: IpAddr,
    slot: &Slot<'_>,
    shared: &'a Shared<H, C>,
) -> Result<(Proved, AskingForKey<'a, H, C>), Gone> {
    match hand_over(socket, already_read, from, slot, shared).await {
        Ok(proved) => Ok(proved),
        Err(failure) => {
            let told = pin!(tell(socket, failure, shared, Endpoint::Server));
            Err(slot
                .wait(shared.clock().now(), Stage::Idle, told)
                .await
                .unwrap_or(Gone))
        }
    }
}

async fn hand_over<'a, S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    from: IpAddr,
    slot: &Slot<'_>,
    shared: &'a Shared<H, C>,
) -> Result<(Proved, AskingForKey<'a, H, C>), Failure> {
    let mut reader = Reader::new(limits::MESSAGE_INTO_BOARD + noise::OVERHEAD, already_read);
    let hello = say_hello(socket, shared, Endpoint::Server).await?;
    let Some(random) = shared.random() else {
        return Err(Failure::Gone);
    };
    // Who says nothing takes no turn, and makes room for others.
    let message = binary(socket, &mut reader, shared, Endpoint::Server);
    let offer = wait(
        Some(slot),
        shared.clock(),
        Stage::Requested,
        pin!(within(shared.clock(), limits::HANDSHAKE, message)),
    )
    .await?
    .unwrap_or_else(|| Err(Failure::Refused(over())))?;
    let offer = PairOffer::from_bytes(&offer).map_err(|_| Failure::NotAuthentic)?;
    let asking = shared.request_pairing(from).map_err(Failure::Refused)?;
    {
        let turn = pin!(select(asking.turn(), left(socket, &mut reader, shared)));
        match wait(Some(slot), shared.clock(), Stage::Requested, turn).await? {
            Either::First(PairingState::Over) => return Err(Failure::Refused(over())),
            Either::First(_) => {}
            Either::Second(failure) => return Err(failure),
        }
    }
    // Not before it is its turn: with the board's number it can know the code,
    // and each turn is one guess.
    let (pairing, answer) =
        Pairing::new(&hello, &offer, random).map_err(|_| Failure::NotAuthentic)?;
    send(
        socket,
        FrameType::Binary(false),
        &answer.to_bytes(),
        shared,
        Endpoint::Server,
    )
    .await?;
    let number = until_over(
        &asking,
        binary(socket, &mut reader, shared, Endpoint::Server),
    )
    .await?;
    let confirmed = pairing
        .receive_reveal(&number)
        .map_err(|_| Failure::NotAuthentic)?;
    let mut channel = confirmed.channel;
    asking.show_code(confirmed.code);
    match select(asking.outcome(), left(socket, &mut reader, shared)).await {
        Either::First(PairingState::Confirmed) => {}
        Either::First(_) => return Err(Failure::Refused(over())),
        Either::Second(failure) => return Err(failure),
    }
    let key = asking.take_key().map_err(Failure::Refused)?;
    let sealed = channel
        .seal(key.to_text().as_bytes())
        .map_err(|_| Failure::Gone)?;
    drop(key);
    send(
        socket,
        FrameType::Binary(false),
        &sealed,
        shared,
        Endpoint::Server,
    )
    .await?;
    // Its person may still be comparing, and its keychain may ask for a
    // password.
    let proved = until_over(
        &asking,
        take_offer(socket, reader, &hello, None, shared, Endpoint::Server),
    )
    .await?;
    Ok((proved, asking))
}

/// Waits until a client that is to say nothing now goes away; whatever it says
/// is ignored.
async fn left<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    reader: &mut Reader,
    shared: &Shared<H, C>,
) -> Failure {
    loop {
        if let Err(failure) = binary(socket, reader, shared, Endpoint::Server).await {
            return failure;
        }
    }
}

/// Waits for a client for as long as it is its turn.
async fn until_over<T, H: Hardware, C: Clock>(
    asking: &AskingForKey<'_, H, C>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match select(work, asking.over()).await {
        Either::First(outcome) => outcome,
        Either::Second(()) => Err(Failure::Refused(over())),
    }
}

fn over() -> RpcError {
    RpcError::new(
        Code::Forbidden,
        "pairing_ended",
        "pairing is over, and no key was made: open it again at the board",
    )
}

async fn say_hello<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<Hello, Failure> {
    // Only a board with a source of random numbers has keys.
    let hello = shared.greeting().ok_or(Failure::Gone)?;
    send(
        socket,
        FrameType::Binary(false),
        &hello.to_bytes(),
        shared,
        endpoint,
    )
    .await?;
    Ok(hello)
}

/// The next binary message; pings are answered, text is refused.
async fn binary<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    reader: &mut Reader,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<Vec<u8>, Failure> {
    loop {
        match reader.next(socket).await {
            Ok(Message::Binary(bytes)) => return Ok(bytes),
            Ok(Message::Text(_)) => return Err(Failure::Refused(board::locked())),
            Ok(Message::Ping(payload)) => {
                send(socket, FrameType::Pong, &payload, shared, endpoint).await?;
            }
            Ok(Message::Pong) => {}
            Ok(Message::Close(code)) => {
                return Err(Failure::Broken(Close {
                    code: code.unwrap_or(Close::NORMAL),
                    reason: "",
                }));
            }
            Err(Stopped::Broken(close)) => return Err(Failure::Broken(close)),
            Err(Stopped::Gone) => return Err(Failure::Gone),
        }
    }
}

async fn send<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    sort: FrameType,
    payload: &[u8],
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<(), Gone> {
    write(
        socket,
        &endpoint.frame(sort, payload),
        WRITE,
        shared.clock(),
    )
    .await
}

/// Says why, and ends the connection.
async fn tell<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    failure: Failure,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Gone {
    let close = match failure {
        Failure::Gone => return Gone,
        Failure::Broken(Close { code, reason }) => endpoint.close_frame(Some(code), reason),
        Failure::NotAuthentic => {
            endpoint.close_frame(Some(Close::POLICY), "not encrypted with this key")
        }
        Failure::Refused(error) => {
            let text = error_message(error);
            if send(
                socket,
                FrameType::Text(false),
                text.as_bytes(),
                shared,
                endpoint,
            )
            .await
            .is_err()
            {
                return Gone;
            }
            endpoint.close_frame(Some(Close::POLICY), "")
        }
    };
    if write(socket, &close, WRITE, shared.clock()).await.is_ok() {
        end(socket, shared.clock()).await;
    }
    Gone
}
