//! HTTP responses, and the messages of refusals. A response is built in one
//! buffer, except a body that is sent from flash.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use protocol::{Code, RpcError, SUBPROTOCOL, limits};

use crate::origin::{Origin, listed};

/// A response with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code and its reason phrase.
    pub status: (u16, &'static str),
    /// Header fields beyond those that every response has. A response without
    /// `Cache-Control` is not stored.
    pub fields: &'static [(&'static str, &'static str)],
    /// The media type; empty if there is no body.
    pub content_type: &'static str,
    /// The body.
    pub body: Body,
}

/// What a response carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// Text that was written for this response.
    Text(String),
    /// Bytes that are part of the firmware. They are not copied.
    Flash(&'static [u8]),
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(text) => text.len(),
            Self::Flash(bytes) => bytes.len(),
        }
    }
}

/// Room for the status line and the fields that every response has.
const COMMON_FIELDS: usize = 192;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

impl Response {
    /// The response to a `POST`; `None` for a notification.
    pub fn answer(answer: Option<String>) -> Self {
        match answer {
            Some(body) => Self {
                status: (200, "OK"),
                fields: &[],
                content_type: JSON,
                body: Body::Text(body),
            },
            None => Self {
                status: (204, "No Content"),
                fields: &[],
                content_type: "",
                body: Body::None,
            },
        }
    }

    /// 503 with the board's error: all controller slots are taken.
    pub fn too_many_controllers(error: RpcError) -> Self {
        Self {
            status: (503, "Service Unavailable"),
            fields: &[],
            content_type: JSON,
            body: Body::Text(error_message(error)),
        }
    }

    /// 400: the client offers only other versions of the protocol.
    pub fn unsupported_version() -> Self {
        let message =
            format!("this board speaks {SUBPROTOCOL}; offer it, or no subprotocol at all");
        let error = RpcError::new(Code::UnsupportedVersion, "unsupported_version", message);
        Self {
            status: (400, "Bad Request"),
            fields: &[],
            content_type: JSON,
            body: Body::Text(error_message(error)),
        }
    }

    /// 403 with the board's error.
    pub fn forbidden(error: RpcError) -> Self {
        Self {
            status: (403, "Forbidden"),
            fields: &[],
            content_type: JSON,
            body: Body::Text(error_message(error)),
        }
    }

    /// 404 with the board's error.
    pub fn not_found(error: RpcError) -> Self {
        Self {
            status: (404, "Not Found"),
            fields: &[],
            content_type: JSON,
            body: Body::Text(error_message(error)),
        }
    }

    /// 403: the web page's origin may not control the board.
    pub fn origin_not_allowed(allowed: &[Origin]) -> Self {
        let message = match allowed {
            [] => {
                "no web page may drive this board; a program sends no Origin, or the address that \
                     it connects to"
                    .into()
            }
            allowed => format!(
                "web pages of {} may drive this board, and no \
                 others",
                listed(allowed)
            ),
        };
        Self::forbidden(RpcError::new(
            Code::Forbidden,
            "origin_not_allowed",
            message,
        ))
    }

    /// A refusal with a plain-text message.
    pub fn refusal(refusal: Refusal) -> Self {
        let (status, phrase, sentence) = refusal.words();
        let fields: &[_] = match refusal {
            // RFC 9110, section 15.5.16: tells the client that the content
            // coding is unsupported.
            Refusal::Compressed => &[("Accept-Encoding", "identity")],
            Refusal::MethodOfRpc => &[("Allow", "GET, POST")],
            Refusal::MethodOfPage => &[("Allow", "GET, HEAD")],
            Refusal::MethodOfSideChannel => &[("Allow", "GET")],
            Refusal::NoUpgrade | Refusal::UpgradeVersion => {
                &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
            }
            _ => &[],
        };
        let body = match refusal {
            Refusal::BodyTooLong => {
                format!("{sentence} At most {} bytes.\n", limits::MESSAGE_INTO_BOARD)
            }
            _ => format!("{sentence}\n"),
        };
        Self {
            status: (status, phrase),
            fields,
            content_type: TEXT,
            body: Body::Text(body),
        }
    }

    /// The bytes to send: two parts, the second one empty unless the body is in
    /// flash. `head_only` is for `HEAD`: the length is included, the body is
    /// not.
    pub fn to_bytes(&self, keep_alive: bool, head_only: bool) -> (Vec<u8>, &'static [u8]) {
        let (status, phrase) = self.status;
        let text = match &self.body {
            Body::Text(text) if !head_only => text.as_str(),
            _ => "",
        };
        // In one piece: a buffer that grows needs room for both copies.
        let mut head = String::with_capacity(COMMON_FIELDS + self.fields_size() + text.len());
        for part in ["HTTP/1.1 ", &status.to_string(), " ", phrase, "\r\n"] {
            head += part;
        }
        for (name, value) in self.fields {
            for part in [name, ": ", value, "\r\n"] {
                head += part;
            }
        }
        // RFC 9110, section 8.6: 204 has no Content-Length. That of 304 would
        // be the page's.
        if self.body != Body::None {
            head += &format!(
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                self.content_type,
                self.body.len()
            );
        }
        // RFC 9110, section 7.8: Upgrade must also be listed in Connection.
        let upgrade = self.has_field("Upgrade");
        head += match (keep_alive, upgrade) {
            (true, false) => "Connection: keep-alive\r\n",
            (true, true) => "Connection: keep-alive, upgrade\r\n",
            (false, false) => "Connection: close\r\n",
            (false, true) => "Connection: close, upgrade\r\n",
        };
        if !self.has_field("Cache-Control") {
            head += "Cache-Control: no-store\r\n";
        }
        head += "\r\n";
        head += text;
        let from_flash: &[u8] = match self.body {
            Body::Flash(body) if !head_only => body,
            _ => &[],
        };
        (head.into_bytes(), from_flash)
    }

    fn fields_size(&self) -> usize {
        let fields = self.fields.iter();
        fields
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum()
    }

    fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| *field == name)
    }
}

/// The response that makes a connection a WebSocket (RFC 6455, section 4.2.2).
pub fn switching_protocols(accept: &str, subprotocol: Option<&str>) -> Vec<u8> {
    let mut head = String::from(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    );
    head += &format!("Sec-WebSocket-Accept: {accept}\r\n");
    if let Some(subprotocol) = subprotocol {
        head += &format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
    }
    head += "\r\n";
    head.into_bytes()
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such path.
    NotFound,
    /// `/` accepts GET and HEAD.
    MethodOfPage,
    /// `/rpc` accepts GET and POST.
    MethodOfRpc,
    /// `/ws`, `/log` and `/telemetry` accept GET.
    MethodOfSideChannel,
    /// A request without an upgrade to a WebSocket path.
    NoUpgrade,
    /// An unsupported WebSocket version.
    UpgradeVersion,
    /// The opening handshake's key is invalid.
    UpgradeKey,
    /// The opening handshake has a body.
    UpgradeBody,
    /// A `Host` that is not the board's.
    OtherHost,
    /// A `POST` without `Content-Length`.
    LengthRequired,
    /// A body with a `Content-Encoding`.
    Compressed,
    /// A body over the limit.
    BodyTooLong,
    /// A head over the limit.
    HeadTooLong,
    /// Not an HTTP request.
    BadRequest,
    /// The request did not arrive in time.
    Timeout,
    /// All connections are in use.
    Full,
    /// The query has an invalid log level.
    Level,
    /// All slots for `/ws`, `/log` and `/telemetry` are taken.
    SideChannelsFull,
}

impl Refusal {
    fn words(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                404,
                "Not Found",
                "There is nothing here. A board has /, /rpc, /log and /ws.",
            ),
            Self::MethodOfPage => (405, "Method Not Allowed", "This page is read with GET."),
            Self::MethodOfRpc => (
                405,
                "Method Not Allowed",
                "Open /rpc as a WebSocket with GET, or POST one JSON-RPC request to it.",
            ),
            Self::MethodOfSideChannel => (
                405,
                "Method Not Allowed",
                "Open /ws, /log and /telemetry as a WebSocket with GET.",
            ),
            Self::Level => (400, "Bad Request", "level is error, warn, info or debug."),
            Self::NoUpgrade => (
                426,
                "Upgrade Required",
                "This is a WebSocket: ask for the upgrade to websocket.",
            ),
            Self::UpgradeVersion => (
                426,
                "Upgrade Required",
                "This board speaks version 13 of WebSocket (RFC 6455).",
            ),
            Self::UpgradeKey => (
                400,
                "Bad Request",
                "Sec-WebSocket-Key is 16 bytes in base64 (RFC 6455, section 4.1).",
            ),
            Self::UpgradeBody => (
                400,
                "Bad Request",
                "An opening handshake has no body (RFC 6455, section 4.1).",
            ),
            Self::Compressed => (
                415,
                "Unsupported Media Type",
                "Send the request as it is, without Content-Encoding.",
            ),
            Self::OtherHost => (
                421,
                "Misdirected Request",
                "A board is reached by its IP address, a name under .local, localhost or its id. \
                     Host names another.",
            ),
            Self::LengthRequired => (
                411,
                "Length Required",
                "Send Content-Length with the request.",
            ),
            Self::BodyTooLong => (
                413,
                "Content Too Large",
                "The request is longer than this board takes.",
            ),
            Self::HeadTooLong => (
                431,
                "Request Header Fields Too Large",
                "The head of the request is longer than this board takes.",
            ),
            Self::BadRequest => (
                400,
                "Bad Request",
                "This is not a request of HTTP/1.1 (RFC 9112).",
            ),
            Self::Timeout => (408, "Request Timeout", "The request did not come in time."),
            Self::Full => (
                503,
                "Service Unavailable",
                "All connections of this board are in use. Try again later.",
            ),
            Self::SideChannelsFull => (
                503,
                "Service Unavailable",
                "All side channels (/ws, /log and /telemetry) are in use. Try again later.",
            ),
        }
    }
}

/// A protocol error that belongs to no particular request.
pub(crate) fn error_message(error: RpcError) -> String {
    protocol::Response {
        id: None,
        outcome: Err(error),
    }
    .to_json()
}
