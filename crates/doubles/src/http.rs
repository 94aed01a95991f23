//! The HTTP/1.1 of a small device: requests with a length, answers in one
//! piece, and the upgrade to a WebSocket.

use std::{io, str};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest head of a request, in bytes.
const HEAD: usize = 16 * 1024;
/// The longest body of a request, in bytes.
const BODY: usize = 64 * 1024;
/// The most header fields.
const FIELDS: usize = 64;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    /// After the question mark; empty without one.
    pub(crate) query: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// The path with its query, as it was sent.
    pub(crate) fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// A header field, by its name in lowercase.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The accept key of the response if this asks for a WebSocket (RFC 6455,
    /// section 4.2).
    pub(crate) fn accept_key(&self) -> Option<String> {
        let upgrade = self.header("upgrade")?;
        upgrade
            .eq_ignore_ascii_case("websocket")
            .then(|| self.header("sec-websocket-key"))
            .flatten()
            .map(|key| derive_accept_key(key.as_bytes()))
    }

    fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub(crate) fn text(status: u16, content_type: &'static str, body: &str) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    fn to_bytes(&self, keep: bool) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len(),
            if keep { "keep-alive" } else { "close" },
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.push_str(&self.body);
        head.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// A client's connection, with what was read and not yet used.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) unread: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Fails only if the connection is closed already.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// The next request; `None` if the client has closed the connection.
    pub(crate) async fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some((request, used)) = parse(&self.unread)? {
                self.unread.drain(..used);
                return Ok(Some(request));
            }
            if self.unread.len() > HEAD + BODY {
                return Err(invalid("the request is too long"));
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Answers a request; `false` if the connection ends with it.
    pub(crate) async fn respond(
        &mut self,
        request: &Request,
        response: &Response,
    ) -> io::Result<bool> {
        let keep = !request.closes();
        self.stream.write_all(&response.to_bytes(keep)).await?;
        Ok(keep)
    }

    /// Switches to a WebSocket, with this subprotocol.
    pub(crate) async fn upgrade(
        &mut self,
        accept: &str,
        subprotocol: Option<&str>,
    ) -> io::Result<()> {
        let subprotocol = subprotocol
            .map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{subprotocol}\r\n"
        );
        self.stream.write_all(head.as_bytes()).await
    }
}

/// The request at the start of these bytes, and its length.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let status = head.parse(bytes).map_err(|e| invalid(&e.to_string()))?;
    let httparse::Status::Complete(start) = status else {
        return if bytes.len() > HEAD {
            Err(invalid("the head of the request is too long"))
        } else {
            Ok(None)
        };
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|field| {
            let value = String::from_utf8_lossy(field.value).into_owned();
            (field.name.to_ascii_lowercase(), value)
        })
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(Ok(0), |(_, value)| value.trim().parse::<usize>())
        .map_err(|_| invalid("the length of the request is not a number"))?;
    if length > BODY {
        return Err(invalid("the body of the request is too long"));
    }
    let Some(body) = bytes.get(start..start + length) else {
        return Ok(None);
    };
    let target = head.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method: head.method.unwrap_or("GET").to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: str::from_utf8(body)
            .map_err(|_| invalid("the body of the request is not UTF-8"))?
            .to_owned(),
    };
    Ok(Some((request, start + length)))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

/// The fields of a query, decoded (RFC 3986, section 2.1).
pub(crate) fn query_fields(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_complete_only_with_its_body() {
        let bytes = b"POST /rpc?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET";
        for end in 0..bytes.len() - 3 {
            assert!(parse(&bytes[..end]).unwrap().is_none(), "cut at {end}");
        }
        let (request, used) = parse(bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len() - 3);
        assert_eq!(
            (request.path.as_str(), request.query.as_str()),
            ("/rpc", "a=1")
        );
        assert_eq!(request.target(), "/rpc?a=1");
        assert_eq!(request.body, "body");
    }

    #[test]
    fn escapes_in_a_query_are_decoded() {
        assert_eq!(
            query_fields("id=0&name=a%20b+c&odd=%zz&flag"),
            [("id", "0"), ("name", "a b c"), ("odd", "%zz"), ("flag", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
