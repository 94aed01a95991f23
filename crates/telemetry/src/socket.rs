//! The connection to `/telemetry`. Reconnects as links do; does not interpret
//! what it receives.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{Response, TELEMETRY_PATH, limits};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        http::StatusCode,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::{client::Shared, update::TelemetryState};
use address::{AddressError, Candidates};
use backoff::{Backoff, GOOD_AFTER};
use net::client::{Reached, reach};
use sanitize::bounds;

/// A stream that is silent for this long is dead: the board sends about 20
/// frames per second.
const SILENCE: Duration = limits::STALE_AFTER;

/// The longest message that is accepted; a frame has at most 1,400 bytes.
const MAX_MESSAGE: usize = limits::MESSAGE_OUT_OF_BOARD;

/// How many bytes are read at a time: the samples of some milliseconds.
const READ_BUFFER: usize = 8 << 10;

/// Why a connection ended or failed.
enum End {
    /// Another attempt may succeed.
    Lost(String),
    /// The board refused.
    Refused(String),
}

/// Keeps the connection open until the future is dropped or the board refuses.
pub(super) async fn keep_connected(address: &str, shared: &Shared) {
    let mut backoff = Backoff::new(getrandom::u64().unwrap_or_default());
    loop {
        shared.change(|_, state| *state = TelemetryState::Connecting);
        let why = match timeout(limits::CONNECT_TIMEOUT, open(address)).await {
            Err(_) => "no answer within 10 s".to_owned(),
            Ok(Err(End::Refused(why))) => {
                return shared.change(|_, state| *state = TelemetryState::Refused { why });
            }
            Ok(Err(End::Lost(why))) => why,
            Ok(Ok(socket)) => {
                let opened = Instant::now();
                shared.change(|inbox, state| {
                    inbox.connected();
                    *state = TelemetryState::Open;
                });
                let why = read(socket, shared).await;
                if opened.elapsed() >= GOOD_AFTER {
                    backoff.reset();
                }
                why
            }
        };
        let why = bounds::text(why);
        shared.change(|_, state| *state = TelemetryState::Waiting { why });
        sleep(backoff.next_wait()).await;
    }
}

async fn open(address: &str) -> Result<WebSocketStream<TcpStream>, End> {
    let given = address
        .parse()
        .map(Candidates::given)
        .map_err(|error: AddressError| End::Refused(error.to_string()))?;
    let Reached { stream, address } = reach(&given, &[])
        .await
        .map_err(|error| End::Lost(error.to_string()))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .read_buffer_size(READ_BUFFER);
    match client_async_with_config(
        format!("ws://{}{TELEMETRY_PATH}", address.authority()),
        stream,
        Some(config),
    )
    .await
    {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            let message = refusal_message(response.body().as_deref().unwrap_or_default());
            let status = response.status();
            let why = bounds::text(message.unwrap_or_else(|| format!("HTTP {status}")));
            Err(match status {
                // All connections are in use, or the board restarts.
                StatusCode::SERVICE_UNAVAILABLE => End::Lost(why),
                _ => End::Refused(why),
            })
        }
        Err(error) => Err(End::Lost(error.to_string())),
    }
}

/// The message in a refusal: a JSON-RPC error or plain text.
fn refusal_message(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    match protocol::FromBoard::parse(text) {
        Ok(protocol::FromBoard::Response(Response {
            outcome: Err(error),
            ..
        })) => Some(error.message),
        _ if text.is_empty() || text.starts_with('{') => None,
        _ => Some(text.to_owned()),
    }
}

/// Reads until the connection ends; returns why.
async fn read(mut socket: WebSocketStream<TcpStream>, shared: &Shared) -> String {
    loop {
        let message = match timeout(SILENCE, socket.next()).await {
            Err(_) => return format!("nothing was received for {} s", SILENCE.as_secs()),
            Ok(None) => return "the connection was closed".to_owned(),
            Ok(Some(Err(error))) => return error.to_string(),
            Ok(Some(Ok(message))) => message,
        };
        match message {
            Message::Binary(bytes) => shared.change(|inbox, _| {
                // Malformed frames are counted.
                let _ = inbox.frame(&bytes);
            }),
            Message::Text(text) => {
                let mut problem = None;
                shared.change(|inbox, _| problem = inbox.describe(&text).err());
                if let Some(problem) = problem {
                    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                    return problem;
                }
            }
            Message::Close(frame) => {
                // The library has queued the answering close frame.
                let _ = timeout(Duration::from_secs(1), socket.flush()).await;
                return frame.map_or_else(|| "the board closed the connection".to_owned(), closed);
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

fn closed(CloseFrame { code, reason }: CloseFrame) -> String {
    match &*reason {
        "" => format!("the board closed the connection ({})", u16::from(code)),
        reason => format!(
            "the board closed the connection ({}: {reason})",
            u16::from(code)
        ),
    }
}
