//! `/pair`: gives a key to a controller that requests one while pairing is open
//! at the board. The board decides whose turn it is and whether the code was
//! confirmed.

use alloc::vec::Vec;
use core::{net::IpAddr, pin::pin};

use board::{Hardware, PairingState};
use embassy_futures::select::{Either, select};
use noise::{PairOffer, Pairing};
use protocol::{Code, RpcError, limits};

use crate::{
    clock::{Clock, within},
    handshake::{HandshakeError, Peer, ProvedController, wait},
    pool::{Slot, Stage},
    shared::{PairingRequest, Shared},
    socket::{Gone, Socket},
    ws::{Endpoint, FrameType, Reader},
};

/// Gives a key to a controller once its code was confirmed at the board, and
/// has it prove the key. Keep the request until the controller is connected:
/// dropping it withdraws a key that is still pending. On failure, tells the
/// controller why and ends the connection.
pub(crate) async fn pair<'a, S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    from: IpAddr,
    slot: &Slot<'_>,
    shared: &'a Shared<H, C>,
) -> Result<(ProvedController, PairingRequest<'a, H, C>), Gone> {
    let mut peer = Peer {
        socket,
        shared,
        endpoint: Endpoint::Server,
    };
    match give_key(&mut peer, already_read, from, slot, shared).await {
        Ok(proved) => Ok(proved),
        Err(error) => {
            let told = pin!(peer.fail(error));
            Err(slot
                .wait(shared.clock().now(), Stage::Idle, told)
                .await
                .unwrap_or(Gone))
        }
    }
}

async fn give_key<'a, S: Socket, H: Hardware, C: Clock>(
    peer: &mut Peer<'_, S, H, C>,
    already_read: Vec<u8>,
    from: IpAddr,
    slot: &Slot<'_>,
    shared: &'a Shared<H, C>,
) -> Result<(ProvedController, PairingRequest<'a, H, C>), HandshakeError> {
    let clock = shared.clock();
    let mut reader = Reader::new(limits::MESSAGE_INTO_BOARD + noise::OVERHEAD, already_read);
    let hello = peer.say_hello().await?;
    let Some(random) = shared.random() else {
        return Err(HandshakeError::Gone);
    };
    // A client that sends nothing takes no turn and can be evicted.
    let offer = wait(
        Some(slot),
        clock,
        Stage::Requested,
        pin!(within(
            clock,
            limits::HANDSHAKE,
            peer.next_binary(&mut reader)
        )),
    )
    .await?
    .unwrap_or_else(|| Err(HandshakeError::Refused(pairing_ended())))?;
    let offer = PairOffer::from_bytes(&offer).map_err(|_| HandshakeError::NotAuthentic)?;
    let request = shared
        .request_pairing(from)
        .map_err(HandshakeError::Refused)?;
    {
        let turn = pin!(select(request.turn(), disconnected(peer, &mut reader)));
        match wait(Some(slot), clock, Stage::Requested, turn).await? {
            Either::First(PairingState::Over) => {
                return Err(HandshakeError::Refused(pairing_ended()));
            }
            Either::First(_) => {}
            Either::Second(error) => return Err(error),
        }
    }
    // Not before its turn: the board's number lets it compute the code, and
    // each turn is one guess.
    let (pairing, answer) =
        Pairing::new(&hello, &offer, random).map_err(|_| HandshakeError::NotAuthentic)?;
    peer.send(FrameType::Binary(false), &answer.to_bytes())
        .await?;
    let number = until_over(&request, peer.next_binary(&mut reader)).await?;
    let confirmed = pairing
        .receive_reveal(&number)
        .map_err(|_| HandshakeError::NotAuthentic)?;
    let mut channel = confirmed.channel;
    request.show_code(confirmed.code);
    match select(request.outcome(), disconnected(peer, &mut reader)).await {
        Either::First(PairingState::Confirmed) => {}
        Either::First(_) => return Err(HandshakeError::Refused(pairing_ended())),
        Either::Second(error) => return Err(error),
    }
    let key = request.take_key().map_err(HandshakeError::Refused)?;
    let sealed = channel
        .seal(key.to_text().as_bytes())
        .map_err(|_| HandshakeError::Gone)?;
    drop(key);
    peer.send(FrameType::Binary(false), &sealed).await?;
    // This may take long: the user may still be comparing codes, and a keychain
    // may ask for a password.
    let proved = until_over(&request, peer.take_offer(reader, &hello, None)).await?;
    Ok((proved, request))
}

/// Waits until a client that has nothing to send now disconnects; what it sends
/// is ignored.
async fn disconnected<S: Socket, H: Hardware, C: Clock>(
    peer: &mut Peer<'_, S, H, C>,
    reader: &mut Reader,
) -> HandshakeError {
    loop {
        if let Err(error) = peer.next_binary(reader).await {
            return error;
        }
    }
}

/// Runs `work` for as long as it is the controller's turn.
async fn until_over<T, H: Hardware, C: Clock>(
    request: &PairingRequest<'_, H, C>,
    work: impl Future<Output = Result<T, HandshakeError>>,
) -> Result<T, HandshakeError> {
    match select(work, request.over()).await {
        Either::First(outcome) => outcome,
        Either::Second(()) => Err(HandshakeError::Refused(pairing_ended())),
    }
}

fn pairing_ended() -> RpcError {
    RpcError::new(
        Code::Forbidden,
        "pairing_ended",
        "pairing has ended without a key: open it again at the board",
    )
}
