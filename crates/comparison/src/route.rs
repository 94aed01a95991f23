//! Connections to a board: direct, or through the TLS server. Sends nothing
//! beyond the opening handshake.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{RPC_PATH, SUBPROTOCOL, limits};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{FollowError, tls::TlsServer};
use address::Address;
use net::client::{Endpoint, GIVE_UP, Stream, Traffic, Trust, dial};

/// A route to the board.
#[derive(Debug, Clone)]
pub(super) struct Route {
    place: Endpoint,
    trust: Trust,
    /// The board's own address: it refuses any other `Host`.
    authority: String,
}

impl Route {
    pub(super) fn plain(board: SocketAddr) -> Result<Self, FollowError> {
        let of_board = Address::from_socket(board);
        Ok(Self {
            place: Endpoint::of_board(&of_board),
            trust: Trust::usual(),
            authority: of_board.authority(),
        })
    }

    pub(super) fn through(server: &TlsServer, board: SocketAddr) -> Result<Self, FollowError> {
        let url = format!("wss://{}{RPC_PATH}", server.address());
        let place = url
            .parse()
            .map_err(|_| FollowError::Invalid(format!("{url} is not a valid address")))?;
        Ok(Self {
            place,
            trust: server.trust().clone(),
            authority: Address::from_socket(board).authority(),
        })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Opens a connection; returns it and how long that took.
    pub(super) async fn connect(
        &self,
        traffic: Arc<Traffic>,
    ) -> Result<(Stream, Duration), FollowError> {
        let started = Instant::now();
        let stream = dial(&self.place, &self.trust, traffic).await?;
        Ok((stream, started.elapsed()))
    }

    /// Opens a WebSocket at `/rpc`; returns it and how long that took.
    pub(super) async fn open(
        &self,
        traffic: Arc<Traffic>,
    ) -> Result<(WebSocketStream<Stream>, Duration), FollowError> {
        let started = Instant::now();
        let (stream, _) = self.connect(traffic).await?;
        let mut request = format!("ws://{}{RPC_PATH}", self.authority)
            .into_client_request()
            .map_err(refused)?;
        request.headers_mut().insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        );
        let config = WebSocketConfig::default()
            .max_message_size(Some(4 * limits::MESSAGE_OUT_OF_BOARD))
            .max_frame_size(Some(4 * limits::MESSAGE_OUT_OF_BOARD));
        let opening = timeout(
            GIVE_UP,
            client_async_with_config(request, stream, Some(config)),
        );
        let (socket, _) = opening
            .await
            .map_err(|_| FollowError::Timeout)?
            .map_err(refused)?;
        Ok((socket, started.elapsed()))
    }
}

/// Converts the error of a refused upgrade.
fn refused(error: tungstenite::Error) -> FollowError {
    match error {
        tungstenite::Error::Http(response) => {
            let words = response
                .body()
                .as_ref()
                .map(|body| String::from_utf8_lossy(body).trim().to_owned());
            FollowError::Refused {
                status: response.status().as_u16(),
                words: words.unwrap_or_default(),
            }
        }
        error => FollowError::Disconnected(error.to_string()),
    }
}
