//! An encrypted connection to a board for one client of the proxy: the
//! handshake, then text messages.

use futures_util::{SinkExt, StreamExt};
use noise::{Answer, Channel, Hello, Initiator, OVERHEAD};
use protocol::{Code, FromBoard, RPC_PATH, RpcError, SUBPROTOCOL, limits::CONNECT_TIMEOUT};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Bytes, Error, Message,
        client::IntoClientRequest,
        error::CapacityError,
        http::{HeaderValue, header},
        protocol::CloseFrame,
    },
};

use address::Candidates;
use keys::Key;
use net::client::{Reached, reach};
use net::handshake::limits;
use sanitize::bounds;

/// The first message, which claims the slot on the board immediately: a board
/// waits only a few seconds for an encrypted message. Without an `id`, it gets
/// no response.
const FIRST: &str = r#"{"jsonrpc":"2.0","method":"Sys.Ping"}"#;

/// The connection.
pub(super) struct Locked {
    socket: WebSocketStream<TcpStream>,
    channel: Channel,
}

/// What the board sent, or that the connection is closed.
pub(super) enum Said {
    Text(String),
    Closed(Option<CloseFrame>),
}

impl Locked {
    /// Connects to the board and proves that this computer has its key.
    ///
    /// # Errors
    /// As an error in the protocol's format, for the client.
    pub(super) async fn open(address: &str, key: &Key) -> Result<Self, RpcError> {
        match timeout(CONNECT_TIMEOUT, Self::shake(address, key)).await {
            Ok(opened) => opened,
            Err(_) => Err(RpcError::new(
                Code::Timeout,
                "no_answer",
                "the board did not respond within 10 s",
            )),
        }
    }

    async fn shake(address: &str, key: &Key) -> Result<Self, RpcError> {
        let no_board = |error: &dyn std::fmt::Display| {
            let message =
                bounds::text(format!("cannot connect to the board at {address}: {error}"));
            RpcError::new(Code::FailedPrecondition, "no_link", message)
        };
        let given = address
            .parse()
            .map(Candidates::given)
            .map_err(|error| no_board(&error))?;
        let Reached { stream, address } =
            reach(&given, &[]).await.map_err(|error| no_board(&error))?;
        let url = format!("ws://{}{RPC_PATH}", address.authority());
        let mut request = url
            .into_client_request()
            .map_err(|error| no_board(&error))?;
        request.headers_mut().insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        );
        let (mut socket, _) = client_async_with_config(request, stream, Some(limits()))
            .await
            .map_err(|error| match error {
                Error::Http(response) if response.status() == 503 => RpcError::new(
                    Code::ResourceExhausted,
                    "all_places_taken",
                    "all slots of the board are taken",
                ),
                error => no_board(&error),
            })?;
        let hello =
            Hello::from_bytes(&frame(&mut socket).await?).map_err(|error| not_locked(&error))?;
        if hello.board != key.board {
            return Err(not_locked(&format!(
                "{} responded instead of {}",
                hello.board, key.board
            )));
        }
        let mut ephemeral = [0; 32];
        getrandom::fill(&mut ephemeral).map_err(|error| {
            RpcError::new(Code::InternalError, "no_random_numbers", error.to_string())
        })?;
        let (initiator, offer) =
            Initiator::new(&hello, key, ephemeral).map_err(|error| not_locked(&error))?;
        socket
            .send(Message::binary(offer.to_bytes()))
            .await
            .map_err(|error| no_board(&error))?;
        let answer =
            Answer::from_bytes(&frame(&mut socket).await?).map_err(|error| not_locked(&error))?;
        let channel = initiator
            .finish(&answer)
            .map_err(|error| not_locked(&error))?;
        let mut locked = Self { socket, channel };
        locked.say(FIRST).await.map_err(|error| no_board(&error))?;
        Ok(locked)
    }

    /// Encrypts and sends a message.
    ///
    /// # Errors
    ///
    /// If the connection has ended.
    pub(super) async fn say(&mut self, text: &str) -> Result<(), Error> {
        let sealed = self.channel.seal(text.as_bytes()).map_err(|_| {
            Error::Capacity(CapacityError::MessageTooLong {
                size: text.len(),
                max_size: protocol::limits::MESSAGE_INTO_CONTROLLER - OVERHEAD,
            })
        })?;
        self.socket.send(Message::binary(sealed)).await
    }

    /// Receives and decrypts a message. Can be canceled and called again.
    ///
    /// # Errors
    ///
    /// If the connection failed, or a message was not encrypted with the key.
    pub(super) async fn hear(&mut self) -> Result<Said, RpcError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(sealed))) => {
                    return self
                        .channel
                        .open_text(&sealed)
                        .map(Said::Text)
                        .map_err(|error| not_locked(&error));
                }
                Some(Ok(Message::Text(_))) => return Err(not_locked(&"it sent plain text")),
                Some(Ok(Message::Close(why))) => return Ok(Said::Closed(why)),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => return Ok(Said::Closed(None)),
            }
        }
    }

    pub(super) async fn close(mut self) {
        // It may already be closed.
        let _ = self.socket.close(None).await;
    }
}

/// A binary message of the handshake; a refusal arrives as text.
async fn frame(socket: &mut WebSocketStream<TcpStream>) -> Result<Bytes, RpcError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
            Some(Ok(Message::Text(text))) => {
                return Err(match FromBoard::parse(&text) {
                    Ok(FromBoard::Response(response)) => response
                        .outcome
                        .err()
                        .map_or_else(|| not_locked(&"it sent plain text"), bounds::error),
                    _ => not_locked(&"it sent plain text"),
                });
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                return Err(RpcError::new(
                    Code::FailedPrecondition,
                    "no_link",
                    "the board closed the connection",
                ));
            }
        }
    }
}

fn not_locked(what: &dyn std::fmt::Display) -> RpcError {
    let message = format!("the server did not behave like the locked board: {what}");
    RpcError::new(Code::Forbidden, "not_authentic", bounds::text(message))
}
