//! A client without a fleet and without state: one `POST /rpc` on a connection
//! of its own.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

/// The timeout of a response.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Calls a method.
///
/// # Errors
/// If there is no response: whether the request was carried out is unknown,
/// unless no connection was made.
pub(crate) fn call(address: SocketAddr, method: &str, params: &Value) -> Result<Value, CallError> {
    let mut stream =
        TcpStream::connect_timeout(&address, TIMEOUT).map_err(CallError::NotConnected)?;
    exchange(&mut stream, address, method, params).map_err(CallError::NoAnswer)
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nothing was sent.
    #[error("not connected: {0}")]
    NotConnected(io::Error),
    /// Something was sent.
    #[error("no answer: {0}")]
    NoAnswer(io::Error),
}

fn exchange(
    stream: &mut TcpStream,
    address: SocketAddr,
    method: &str,
    params: &Value,
) -> io::Result<Value> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let length = body.len();
    let head = format!(
        "POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: \
             close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut answer = String::new();
    // The longest message of a board, and a head.
    stream.take(16 * 1024).read_to_string(&mut answer)?;
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body)
        .unwrap_or_default();
    serde_json::from_str(body).map_err(io::Error::from)
}
