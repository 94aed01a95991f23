//! The handshake on a locked board's `/rpc`, before its first message: frames
//! of the crate noise over WebSocket. The board decides which keys it accepts,
//! `handshake_limiter` which handshakes wait.

use alloc::{format, string::String, vec::Vec};
use core::pin::{Pin, pin};

use board::Hardware;
use noise::{Channel, Hello, KeyId, NoiseError, Offer, Role, respond};
use protocol::{Code, RpcError, limits};

use crate::{
    clock::{Clock, within},
    pool::{Slot, Stage},
    response::error_message,
    shared::Shared,
    socket::{Gone, Socket, WRITE, end, write},
    ws::{Close, Endpoint, FrameType, Message, Reader, Stopped},
};

/// A controller that has proved its key.
pub(crate) struct ProvedController {
    pub(crate) kid: KeyId,
    pub(crate) channel: Channel,
    /// Its first message: that it decrypts is the proof.
    pub(crate) first: String,
    pub(crate) reader: Reader,
}

/// Why a handshake failed.
pub(crate) enum HandshakeError {
    /// The connection ended or was evicted.
    Gone,
    /// The client broke the WebSocket protocol or closed the connection.
    Broken(Close),
    /// The client is sent this error in plain text.
    Refused(RpcError),
    /// A message is not encrypted with the key.
    NotAuthentic,
}

impl From<Gone> for HandshakeError {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Says hello to a controller and waits until it has proved a key; on failure,
/// tells it why and ends the connection. A connection with a `slot` may be
/// evicted meanwhile; an outbound one has none.
pub(crate) async fn prove_key<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    slot: Option<&Slot<'_>>,
    shared: &Shared<H, C>,
    endpoint: Endpoint<'_>,
) -> Result<ProvedController, Gone> {
    let clock = shared.clock();
    let mut peer = Peer {
        socket,
        shared,
        endpoint,
    };
    let proof = within(clock, limits::HANDSHAKE, peer.prove_key(already_read, slot)).await;
    match proof.unwrap_or_else(|| Err(HandshakeError::Refused(timeout()))) {
        Ok(proved) => Ok(proved),
        Err(error) => {
            let failed = wait(slot, clock, Stage::Idle, pin!(peer.fail(error))).await;
            Err(failed.unwrap_or(Gone))
        }
    }
}

/// Runs `work`, which waits for the peer.
pub(crate) async fn wait<F: Future>(
    slot: Option<&Slot<'_>>,
    clock: &impl Clock,
    stage: Stage,
    work: Pin<&mut F>,
) -> Result<F::Output, Gone> {
    match slot {
        Some(slot) => slot.wait(clock.now(), stage, work).await.ok_or(Gone),
        None => Ok(work.await),
    }
}

fn timeout() -> RpcError {
    let (total, after_offer) = (limits::HANDSHAKE.as_secs(), limits::AFTER_OFFER.as_secs());
    let message = format!(
        "no proof of a key arrived within {total} s, at most {after_offer} s of them after the \
         offer"
    );
    RpcError::new(Code::Timeout, "handshake_timeout", message)
}

/// The other end of a connection during a handshake.
pub(crate) struct Peer<'a, S, H, C> {
    pub(crate) socket: &'a mut S,
    pub(crate) shared: &'a Shared<H, C>,
    pub(crate) endpoint: Endpoint<'a>,
}

impl<S: Socket, H: Hardware, C: Clock> Peer<'_, S, H, C> {
    async fn prove_key(
        &mut self,
        already_read: Vec<u8>,
        slot: Option<&Slot<'_>>,
    ) -> Result<ProvedController, HandshakeError> {
        // A plain-text message of full length gets an answer too; an encrypted
        // one is 16 bytes longer.
        let reader = Reader::at(
            self.endpoint,
            limits::MESSAGE_INTO_BOARD + noise::OVERHEAD,
            already_read,
        );
        let clock = self.shared.clock();
        let hello = wait(slot, clock, Stage::Requested, pin!(self.say_hello())).await??;
        self.take_offer(reader, &hello, slot).await
    }

    pub(crate) async fn say_hello(&mut self) -> Result<Hello, HandshakeError> {
        // Only a board with a source of random numbers has keys.
        let hello = self.shared.hello().ok_or(HandshakeError::Gone)?;
        self.send(FrameType::Binary(false), &hello.to_bytes())
            .await?;
        Ok(hello)
    }

    /// Does what follows the hello: takes the peer's offer, answers it, and
    /// reads the first message, which is the proof.
    pub(crate) async fn take_offer(
        &mut self,
        mut reader: Reader,
        hello: &Hello,
        slot: Option<&Slot<'_>>,
    ) -> Result<ProvedController, HandshakeError> {
        let shared = self.shared;
        let clock = shared.clock();
        let offer = wait(
            slot,
            clock,
            Stage::Requested,
            pin!(self.next_binary(&mut reader)),
        )
        .await??;
        let offer =
            Offer::from_bytes(&offer).map_err(|_| HandshakeError::Refused(board::locked()))?;
        let Some(ephemeral) = shared.random() else {
            return Err(HandshakeError::Gone);
        };
        // One handshake at a time for each key of the board: its holder cannot
        // keep the board busy with more, and other keys do not wait.
        let role = shared.role(offer.kid);
        let guard = match role {
            Some(_) => {
                let turn = pin!(shared.begin_handshake(offer.kid));
                Some(wait(slot, clock, Stage::Requested, turn).await?)
            }
            None => None,
        };
        let psk = shared.psk(offer.kid).ok_or(NoiseError::NotAuthentic);
        let Ok((mut channel, answer)) = psk.and_then(|psk| respond(hello, &offer, &psk, ephemeral))
        else {
            let delay = shared.wrong_key(offer.kid);
            drop(guard);
            let delayed = pin!(clock.sleep_until(clock.now() + delay));
            wait(slot, clock, Stage::Idle, delayed).await?;
            return Err(HandshakeError::Refused(board::wrong_key()));
        };
        let finish = async {
            self.send(FrameType::Binary(false), &answer.to_bytes())
                .await?;
            within(clock, limits::AFTER_OFFER, self.next_binary(&mut reader))
                .await
                .unwrap_or_else(|| Err(HandshakeError::Refused(timeout())))
        };
        // A client that gets this far has the key. One with the role `control`
        // is no longer evicted.
        let slot = slot.filter(|_| role != Some(Role::Control));
        let first = wait(slot, clock, Stage::Requested, pin!(finish)).await??;
        drop(guard);
        let first = channel
            .open_text(&first)
            .map_err(|_| HandshakeError::NotAuthentic)?;
        Ok(ProvedController {
            kid: offer.kid,
            channel,
            first,
            reader,
        })
    }

    /// The next binary message; pings are answered, text is refused.
    pub(crate) async fn next_binary(
        &mut self,
        reader: &mut Reader,
    ) -> Result<Vec<u8>, HandshakeError> {
        loop {
            match reader.next(self.socket).await {
                Ok(Message::Binary(bytes)) => return Ok(bytes),
                Ok(Message::Text(_)) => return Err(HandshakeError::Refused(board::locked())),
                Ok(Message::Ping(payload)) => self.send(FrameType::Pong, &payload).await?,
                Ok(Message::Pong) => {}
                Ok(Message::Close(code)) => {
                    return Err(HandshakeError::Broken(Close {
                        code: code.unwrap_or(Close::NORMAL),
                        reason: "",
                    }));
                }
                Err(Stopped::Broken(close)) => return Err(HandshakeError::Broken(close)),
                Err(Stopped::Gone) => return Err(HandshakeError::Gone),
            }
        }
    }

    pub(crate) async fn send(&mut self, frame_type: FrameType, payload: &[u8]) -> Result<(), Gone> {
        let bytes = self.endpoint.frame(frame_type, payload);
        write(self.socket, &bytes, WRITE, self.shared.clock()).await
    }

    /// Tells the peer why the handshake failed and ends the connection.
    pub(crate) async fn fail(&mut self, error: HandshakeError) -> Gone {
        let endpoint = self.endpoint;
        let close = match error {
            HandshakeError::Gone => return Gone,
            HandshakeError::Broken(Close { code, reason }) => {
                endpoint.close_frame(Some(code), reason)
            }
            HandshakeError::NotAuthentic => {
                endpoint.close_frame(Some(Close::POLICY), "not encrypted with this key")
            }
            HandshakeError::Refused(error) => {
                let text = error_message(error);
                let told = self.send(FrameType::Text(false), text.as_bytes()).await;
                if told.is_err() {
                    return Gone;
                }
                endpoint.close_frame(Some(Close::POLICY), "")
            }
        };
        let clock = self.shared.clock();
        if write(self.socket, &close, WRITE, clock).await.is_ok() {
            end(self.socket, clock).await;
        }
        Gone
    }
}
