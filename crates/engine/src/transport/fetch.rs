//! Reads a path of a board's web server, for families whose names are only
//! there. Bounded in time and size.

use std::time::Duration;

use address::{Address, Candidates};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use net::client::{Reached, reach};
use tokio::time::timeout;

/// The most that is read: a WLED's effects take 4 KiB, its presets 60 KiB.
const LONGEST: usize = 256 * 1_024;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(5);

/// The body of the answer to `GET path`, from `address`, `host:port`.
///
/// # Errors
/// The reason for its absence, for people.
pub(crate) async fn fetch(address: &str, path: &str) -> Result<String, String> {
    match timeout(WITHIN, get(address, path)).await {
        Ok(body) => body,
        Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
    }
}

async fn get(address: &str, path: &str) -> Result<String, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let address: Address = address.parse().map_err(|error| text(&error))?;
    let authority = address.authority();
    let reached = reach(&Candidates::given(address), &[]).await;
    let Reached { stream, .. } = reached.map_err(|error| text(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| text(&error))?;
    let request = Request::get(path)
        .header("Host", authority)
        .header("Connection", "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| text(&error))?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| text(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("it answers HTTP {}", response.status()));
        }
        let body = Limited::new(response.into_body(), LONGEST)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        String::from_utf8(body.to_bytes().to_vec()).map_err(|error| text(&error))
    };
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    async fn answered(with: &'static str) -> Result<String, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = async {
            let (mut client, _) = listener.accept().await.expect("a client");
            let mut request = [0; 1_024];
            let count = client.read(&mut request).await.expect("a request");
            assert!(request[..count].starts_with(b"GET /json/eff HTTP/1.1"));
            client.write_all(with.as_bytes()).await.expect("written");
        };
        tokio::join!(fetch(&address, "/json/eff"), server).0
    }

    #[tokio::test]
    async fn a_body_is_read_whether_it_has_a_length_or_chunks() {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        assert_eq!(answered(length).await, Ok("[]".to_owned()));
        let chunks =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n";
        assert_eq!(answered(chunks).await, Ok("[]".to_owned()));
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_with_its_status() {
        let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        let error = answered(busy).await.expect_err("it is busy");
        assert!(error.contains("503"), "{error}");
    }
}
