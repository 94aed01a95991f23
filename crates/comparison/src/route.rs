//! Ways to a board: plain, or through the TLS server. Opens connections; says
//! nothing over them but the opening handshake.

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

use super::{Trouble, tls::TlsServer};
use address::Address;
use net::client::{Endpoint, GIVE_UP, Stream, Traffic, Trust, dial};

/// A way to the board.
#[derive(Debug, Clone)]
pub(super) struct Route {
    place: Endpoint,
    trust: Trust,
    /// What the board knows itself by: it refuses another `Host`.
    authority: String,
}

impl Route {
    pub(super) fn plain(board: SocketAddr) -> Result<Self, Trouble> {
        let of_board = Address::from_socket(board);
        Ok(Self {
            place: Endpoint::of_board(&of_board),
            trust: Trust::usual(),
            authority: of_board.authority(),
        })
    }

    pub(super) fn through(server: &TlsServer, board: SocketAddr) -> Result<Self, Trouble> {
        let url = format!("wss://{}{RPC_PATH}", server.address());
        let place = url
            .parse()
            .map_err(|_| Trouble::Strange(format!("{url} is no address")))?;
        Ok(Self {
            place,
            trust: server.trust().clone(),
            authority: Address::from_socket(board).authority(),
        })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// A connection, and how long it took.
    pub(super) async fn connect(
        &self,
        traffic: Arc<Traffic>,
    ) -> Result<(Stream, Duration), Trouble> {
        let begun = Instant::now();
        let stream = dial(&self.place, &self.trust, traffic).await?;
        Ok((stream, begun.elapsed()))
    }

    /// A WebSocket on `/rpc`, and how long it took.
    pub(super) async fn open(
        &self,
        traffic: Arc<Traffic>,
    ) -> Result<(WebSocketStream<Stream>, Duration), Trouble> {
        let begun = Instant::now();
        let (stream, _) = self.connect(traffic).await?;
        let mut request = format!("ws://{}{RPC_PATH}", self.authority)
            .into_client_request()
            .map_err(refused)?;
        request.headers_mut().insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        );
        let config = WebSocketConfig {
            max_message_size: Some(4 * limits::MESSAGE_OUT_OF_BOARD),
            max_frame_size: Some(4 * limits::MESSAGE_OUT_OF_BOARD),
            ..WebSocketConfig::default()
        };
        let opening = timeout(
            GIVE_UP,
            client_async_with_config(request, stream, Some(config)),
        );
        let (socket, _) = opening
            .await
            .map_err(|_| Trouble::NoAnswer)?
            .map_err(refused)?;
        Ok((socket, begun.elapsed()))
    }
}

/// Says what a refused upgrade means.
fn refused(error: tungstenite::Error) -> Trouble {
    match error {
        tungstenite::Error::Http(response) => {
            let words = response
                .body()
                .as_ref()
                .map(|body| String::from_utf8_lossy(body).trim().to_owned());
            Trouble::Refused {
                status: response.status().as_u16(),
                words: words.unwrap_or_default(),
            }
        }
        error => Trouble::Lost(error.to_string()),
    }
}
