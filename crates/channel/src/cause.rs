//! Why a channel ended or was not opened: read from what the libraries report,
//! and put into words. Knows no socket.

use std::{fmt, io, time::Duration};

use tokio_tungstenite::tungstenite::{self, error::ProtocolError, error::SubProtocolError, http};

use net::client::DialError;

/// Who closed a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This program.
    Us,
    /// The other side.
    Peer,
}

/// Why a channel ended, or was not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// In order, with a close frame (RFC 6455, 5.5.1); of the other side's
    /// frame the code, where it had one, and the reason.
    Closed {
        /// Who began.
        by: By,
        /// RFC 6455, 7.4.
        code: Option<u16>,
        /// In words of the other side.
        reason: String,
    },
    /// The connection went away without a close frame; what the system says.
    Lost(String),
    /// The name is not known, or nobody listens.
    Unreachable(String),
    /// Nobody answered in time.
    NoAnswer(String),
    /// No TLS, or a certificate that is not trusted.
    Tls(String),
    /// The certificates of one's own cannot be read.
    Certificates(String),
    /// The server answers in HTTP and does not make it a WebSocket.
    Refused {
        /// The status (RFC 9110, 15).
        status: u16,
        /// What it says, or its beginning.
        said: String,
    },
    /// None of the offered subprotocols was chosen, or another one.
    Subprotocol(String),
    /// It does not speak WebSocket, or not as it should.
    NotAWebSocket(String),
    /// A message was larger than is taken.
    TooLarge {
        /// What is taken, in bytes.
        limit: usize,
    },
    /// Nothing was heard for this long although it was pinged, or nothing was
    /// taken.
    Silent(Duration),
}

impl Cause {
    /// One word for programs.
    pub fn word(&self) -> &'static str {
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

    /// It was closed in order, by whoever.
    pub fn is_in_order(&self) -> bool {
        matches!(
            self,
            Self::Closed { by: By::Us, .. }
                | Self::Closed {
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
            DialError::NoName { .. } | DialError::Tls { .. } => Self::Tls(words),
        }
    }

    /// What the WebSocket library reports, `limit` being the largest message.
    pub(super) fn of_socket(error: &tungstenite::Error, limit: usize) -> Self {
        use tungstenite::Error;
        match error {
            Error::Http(response) => Self::Refused {
                status: response.status().as_u16(),
                said: response.body().as_deref().map(said).unwrap_or_default(),
            },
            Error::Capacity(tungstenite::error::CapacityError::MessageTooLong { .. }) => {
                Self::TooLarge { limit }
            }
            Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => {
                Self::Subprotocol(
                    match error {
                        SubProtocolError::NoSubProtocol => {
                            "the server chose none of the subprotocols \
                         that were offered"
                        }
                        SubProtocolError::InvalidSubProtocol => {
                            "the server chose a subprotocol that \
                         was not offered"
                        }
                        SubProtocolError::ServerSentSubProtocolNoneRequested => {
                            "the server chose a subprotocol, and none was offered"
                        }
                    }
                    .to_owned(),
                )
            }
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
            )
            | Error::ConnectionClosed
            | Error::AlreadyClosed => Self::Lost(
                "the connection ended without a close \
                 frame"
                    .to_owned(),
            ),
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                Self::Lost("the connection was reset".to_owned())
            }
            Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Lost("the connection ended without a close frame".to_owned())
            }
            Error::Io(error) => Self::Lost(error.to_string()),
            Error::Utf8 => Self::NotAWebSocket("a text message is not UTF-8".to_owned()),
            Error::Protocol(ProtocolError::HttparseError(_)) => Self::NotAWebSocket(
                "what answers is no HTTP; a server with TLS is reached with wss:// in place of \
                     ws://"
                    .to_owned(),
            ),
            Error::Protocol(ProtocolError::SecWebSocketAcceptKeyMismatch) => Self::NotAWebSocket(
                "its answer to the handshake has the wrong \
                     Sec-WebSocket-Accept"
                    .to_owned(),
            ),
            other => Self::NotAWebSocket(other.to_string()),
        }
    }
}

/// The beginning of what a server says, on one line.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(300).collect()
}

/// What a refusal of the handshake means, as far as its status says.
fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => "it answers as a web server; the path may be none of a WebSocket",
        300..=399 => "it is elsewhere; redirects are not followed",
        400 => "it does not accept the request, perhaps the subprotocol",
        401 | 407 => "it wants to know who asks: give a header, for example Authorization",
        403 => "it does not allow it, perhaps because of the Origin",
        404 | 410 => "there is nothing at this path",
        405 => "this path takes no WebSocket",
        421 => "it does not answer for this Host",
        426 => "it speaks another version of WebSocket or HTTP",
        429 => "it was asked too often",
        503 => "it has no room at the moment",
        500..=599 => "it failed itself",
        _ => "it does not make it a WebSocket",
    }
}

/// What a close code means (RFC 6455, 7.4.1, and IANA's list of close codes).
pub fn close_code(code: u16) -> &'static str {
    match code {
        1000 => "normal",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "not UTF-8",
        1008 => "policy",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "restarting",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "of a library or framework",
        4000..=4999 => "of the application",
        _ => "not defined",
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { by, code, reason } => {
                formatter.write_str(match by {
                    By::Us => "closed by this program",
                    By::Peer => "closed by the server",
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
            Self::Refused { status, said } => {
                let name = http::StatusCode::from_u16(*status)
                    .ok()
                    .and_then(|status| status.canonical_reason());
                write!(
                    formatter,
                    "the server refused with {status} {}: {}",
                    name.unwrap_or_default(),
                    meaning(*status)
                )?;
                if !said.is_empty() {
                    write!(formatter, ". It says: {said}")?;
                }
                Ok(())
            }
            Self::NotAWebSocket(why) => {
                write!(formatter, "it does not speak WebSocket as it should: {why}")
            }
            Self::TooLarge { limit } => write!(
                formatter,
                "a message was larger than the {limit} bytes that are taken"
            ),
            Self::Silent(time) => {
                write!(formatter, "nothing was heard for {} s", time.as_secs_f32())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_its_status_what_that_means_and_what_the_server_said() {
        let cause = Cause::Refused {
            status: 404,
            said: "no such thing".to_owned(),
        };
        assert_eq!(
            cause.to_string(),
            "the server refused with 404 Not Found: there is nothing at this path. It says: no \
                 such thing"
        );
    }

    #[test]
    fn a_close_says_who_began_the_code_and_the_reason() {
        let cause = Cause::Closed {
            by: By::Peer,
            code: Some(1012),
            reason: "back soon".to_owned(),
        };
        assert_eq!(
            cause.to_string(),
            "closed by the server: 1012 restarting (back soon)"
        );
        assert!(!cause.is_in_order());
        assert!(
            Cause::Closed {
                by: By::Us,
                code: Some(1012),
                reason: String::new()
            }
            .is_in_order()
        );
    }
}
