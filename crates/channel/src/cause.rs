//! Why a connection ended or could not be opened: maps the errors of the
//! libraries to causes, and causes to messages. Owns no socket.

use std::{fmt, io, time::Duration};

use tokio_tungstenite::tungstenite::{self, error::ProtocolError, error::SubProtocolError, http};

use net::client::DialError;

/// Which side closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// This program.
    Us,
    /// The other side.
    Peer,
}

/// Why a connection ended or could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndCause {
    /// Closed with a close frame (RFC 6455, 5.5.1). Code and reason are from
    /// the other side's frame.
    Closed {
        /// Which side began.
        by: ClosedBy,
        /// The close code (RFC 6455, 7.4), if the frame had one.
        code: Option<u16>,
        /// The reason that the other side gave.
        reason: String,
    },
    /// The connection was lost without a close frame; the system's message.
    Lost(String),
    /// The host name is unknown, or nothing listens at the port.
    Unreachable(String),
    /// There was no answer in time.
    NoAnswer(String),
    /// The server does not speak TLS, or its certificate is not trusted.
    Tls(String),
    /// The file with certificates to trust cannot be read.
    Certificates(String),
    /// The server answered with HTTP and did not open a WebSocket.
    Refused {
        /// The status (RFC 9110, 15).
        status: u16,
        /// The beginning of the response body; of a long JSON-RPC error, only
        /// the message.
        body: String,
    },
    /// The server chose no offered subprotocol.
    Subprotocol(String),
    /// The server violates the WebSocket protocol.
    NotAWebSocket(String),
    /// A message was larger than the limit.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Nothing was received for this long after a ping, or a send timed out.
    Silent(Duration),
}

impl EndCause {
    /// The name of the cause in recordings.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Lost(_) => "lost",
            Self::Unreachable(_) => "unreachable",
            Self::NoAnswer(_) => "no_answer",
            Self::Tls(_) => "tls",
            Self::Certificates(_) => "certificates",
            Self::Refused { .. } => "refused",
            Self::Subprotocol(_) => "subprotocol",
            Self::NotAWebSocket(_) => "not_a_websocket",
            Self::TooLarge { .. } => "too_large",
            Self::Silent(_) => "silent",
        }
    }

    /// Whether the connection was closed normally.
    pub fn is_normal(&self) -> bool {
        matches!(
            self,
            Self::Closed {
                by: ClosedBy::Us,
                ..
            } | Self::Closed {
                code: None | Some(1000 | 1001),
                ..
            }
        )
    }

    pub(super) fn of_dial(error: &DialError) -> Self {
        let words = error.to_string();
        match error {
            DialError::Unreachable { .. } => Self::Unreachable(words),
            DialError::NoAnswer { .. } => Self::NoAnswer(words),
            DialError::Tls { .. } => Self::Tls(words),
        }
    }

    /// Maps an error of the WebSocket library; `limit` is the largest message.
    pub(super) fn of_socket(error: &tungstenite::Error, limit: usize) -> Self {
        use tungstenite::Error;
        match error {
            Error::Http(response) => Self::Refused {
                status: response.status().as_u16(),
                body: response.body().as_deref().map(excerpt).unwrap_or_default(),
            },
            Error::Capacity(tungstenite::error::CapacityError::MessageTooLong { .. }) => {
                Self::TooLarge { limit }
            }
            Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => {
                Self::Subprotocol(
                    match error {
                        SubProtocolError::NoSubProtocol => {
                            "the server chose none of the offered subprotocols"
                        }
                        SubProtocolError::InvalidSubProtocol => {
                            "the server chose a subprotocol that was not offered"
                        }
                        SubProtocolError::ServerSentSubProtocolNoneRequested => {
                            "the server chose a subprotocol, but none was offered"
                        }
                    }
                    .to_owned(),
                )
            }
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
            )
            | Error::ConnectionClosed
            | Error::AlreadyClosed => {
                Self::Lost("the connection ended without a close frame".to_owned())
            }
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                Self::Lost("the connection was reset".to_owned())
            }
            Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Lost("the connection ended without a close frame".to_owned())
            }
            Error::Io(error) => Self::Lost(error.to_string()),
            Error::Utf8(_) => Self::NotAWebSocket("a text message is not UTF-8".to_owned()),
            Error::Protocol(ProtocolError::HttparseError(_)) => Self::NotAWebSocket(
                "the answer is not HTTP; use wss:// instead of ws:// for a server with TLS"
                    .to_owned(),
            ),
            Error::Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch) => Self::NotAWebSocket(
                "Sec-WebSocket-Accept is wrong in the answer to the handshake".to_owned(),
            ),
            other => Self::NotAWebSocket(other.to_string()),
        }
    }
}

/// The most characters of a response body, or of the message within, that are
/// kept.
const KEPT: usize = 300;

/// The beginning of a response body, on one line. Of a JSON-RPC error, the
/// message is kept, wherever it is.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = |text: &str| text.chars().take(KEPT).collect::<String>();
    match error_message(&words) {
        Some(message) if words.chars().count() > KEPT => {
            serde_json::json!({ "error": { "message": start(&message) } }).to_string()
        }
        _ => start(&words),
    }
}

/// The message of a JSON-RPC error (JSON-RPC 2.0, 5.1), as boards refuse a
/// connection: it says more than the status.
fn error_message(body: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(body).ok()?;
    let message = answer.get("error")?.get("message")?.as_str()?;
    (!message.is_empty()).then(|| message.to_owned())
}

/// What the status of a refused handshake usually means.
fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => "this is a web page, not a WebSocket; check the path",
        300..=399 => "the address has moved; redirects are not followed",
        400 => "the server rejected the request, perhaps because of the subprotocol",
        401 | 407 => "the server requires authentication; add a header, for example Authorization",
        403 => "the server does not allow this connection, perhaps because of the Origin header",
        404 | 410 => "nothing exists at this path",
        405 => "this path does not accept WebSockets",
        421 => "the server does not serve this host name",
        426 => "the server requires another version of WebSocket or HTTP",
        429 => "too many requests",
        503 => "the server has no capacity at the moment",
        500..=599 => "the server failed",
        _ => "the server did not open a WebSocket",
    }
}

/// What a close code means (RFC 6455, 7.4.1, and IANA's list of close codes).
pub fn close_code(code: u16) -> &'static str {
    match code {
        1000 => "normal",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "missing extension",
        1011 => "internal error",
        1012 => "restarting",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "defined by a library or framework",
        4000..=4999 => "defined by the application",
        _ => "undefined",
    }
}

impl fmt::Display for EndCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { by, code, reason } => {
                formatter.write_str(match by {
                    ClosedBy::Us => "closed by this program",
                    ClosedBy::Peer => "closed by the server",
                })?;
                if let Some(code) = code {
                    write!(formatter, ": {code} {}", close_code(*code))?;
                }
                if !reason.is_empty() {
                    write!(formatter, " ({reason})")?;
                }
                Ok(())
            }
            Self::Lost(why) => formatter.write_str(why),
            Self::Unreachable(why)
            | Self::NoAnswer(why)
            | Self::Tls(why)
            | Self::Certificates(why)
            | Self::Subprotocol(why) => formatter.write_str(why),
            Self::Refused { status, body } => {
                if let Some(message) = error_message(body) {
                    return write!(formatter, "{message} (HTTP {status})");
                }
                let name = http::StatusCode::from_u16(*status)
                    .ok()
                    .and_then(|status| status.canonical_reason());
                write!(
                    formatter,
                    "HTTP {status} {}: {}",
                    name.unwrap_or_default(),
                    meaning(*status)
                )?;
                if !body.is_empty() {
                    write!(formatter, ". Its message: {body}")?;
                }
                Ok(())
            }
            Self::NotAWebSocket(why) => {
                write!(
                    formatter,
                    "the server does not speak WebSocket correctly: {why}"
                )
            }
            Self::TooLarge { limit } => write!(
                formatter,
                "a message was larger than the limit of {limit} bytes"
            ),
            Self::Silent(time) => {
                write!(
                    formatter,
                    "nothing was received for {} s",
                    time.as_secs_f32()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_gives_the_status_its_meaning_and_the_servers_message() {
        let cause = EndCause::Refused {
            status: 404,
            body: "no such thing".to_owned(),
        };
        assert_eq!(
            cause.to_string(),
            "HTTP 404 Not Found: nothing exists at this path. Its message: no such thing"
        );
    }

    #[test]
    fn a_board_that_is_full_says_so_itself() {
        let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"the board is full: 4 of 4 clients; one must disconnect first","data":{"reason":"all_places_taken"}}}"#;
        let cause = EndCause::Refused {
            status: 503,
            body: body.to_owned(),
        };
        assert_eq!(
            cause.to_string(),
            "the board is full: 4 of 4 clients; one must disconnect first (HTTP 503)"
        );
    }

    #[test]
    fn the_message_of_a_long_refusal_is_kept() {
        let refused = |message: &str| {
            let data = "x".repeat(500);
            let error = serde_json::json!({"data": data, "message": message});
            let body = serde_json::json!({"error": error, "jsonrpc": "2.0"});
            let body = excerpt(body.to_string().as_bytes());
            EndCause::Refused { status: 503, body }.to_string()
        };
        assert_eq!(refused("the board is full"), "the board is full (HTTP 503)");
        let long = refused(&"ä".repeat(5_000));
        assert_eq!(long, format!("{} (HTTP 503)", "ä".repeat(KEPT)));
        assert_eq!(excerpt("<p>\n no".repeat(200).as_bytes()).len(), KEPT);
    }

    #[test]
    fn a_close_gives_its_side_its_code_and_its_reason() {
        let cause = EndCause::Closed {
            by: ClosedBy::Peer,
            code: Some(1012),
            reason: "back soon".to_owned(),
        };
        assert_eq!(
            cause.to_string(),
            "closed by the server: 1012 restarting (back soon)"
        );
        assert!(!cause.is_normal());
        assert!(
            EndCause::Closed {
                by: ClosedBy::Us,
                code: Some(1012),
                reason: String::new()
            }
            .is_normal()
        );
    }
}
