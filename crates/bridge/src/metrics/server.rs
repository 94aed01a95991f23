//! Answers scrapes: HTTP/1.1, `GET /metrics`, nothing else. Bounded: a few
//! connections at once, each for one request and a limited time, and the text
//! is made at most once per second.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use super::CONTENT_TYPE;

/// The most connections at once. Prometheus uses one; a further one is closed
/// without an answer.
const CONNECTIONS: usize = 8;

/// How long a connection may take, from opening to the last byte.
const LONGEST: Duration = Duration::from_secs(30);

/// How long a text is answered before it is made again.
const FRESH: Duration = Duration::from_secs(1);

/// The largest head of a request, in bytes: hyper's minimum.
const HEAD: usize = 8_192;

/// Pause after a connection that could not be accepted, for example because no
/// descriptor is free.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Metrics cannot be offered at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for Prometheus at {address}: {source}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// Why; the system's message.
    pub source: io::Error,
}

/// Where scrapes are answered.
pub struct Server {
    listener: TcpListener,
    cache: Arc<Cache>,
}

/// The text of the last scrape.
struct Cache {
    render: Box<dyn Fn() -> String + Send + Sync>,
    last: Mutex<Option<(Instant, Bytes)>>,
}

impl Server {
    /// Listens. `render` makes the text, on a thread for tasks that take long.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        render: impl Fn() -> String + Send + Sync + 'static,
    ) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ListenError { address, source })?;
        if !address.ip().is_loopback() {
            log::warn!(
                "metrics at {address}: anyone on the network can read the names and values of \
                 all boards"
            );
        }
        let cache = Arc::new(Cache {
            render: Box::new(render),
            last: Mutex::default(),
        });
        Ok(Self { listener, cache })
    }

    /// The address, with the port that the system chose.
    ///
    /// # Errors
    /// The system does not tell it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers scrapes until it is dropped.
    pub async fn run(self) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    log::warn!("a scrape could not be accepted: {error}");
                    tokio::time::sleep(AFTER_ERROR).await;
                    continue;
                }
            };
            let Ok(slot) = Arc::clone(&free).try_acquire_owned() else {
                log::debug!("a scrape was refused: {CONNECTIONS} others are in progress");
                continue;
            };
            let cache = Arc::clone(&self.cache);
            tokio::spawn(async move {
                let _ = tokio::time::timeout(LONGEST, serve(stream, cache)).await;
                drop(slot);
            });
        }
    }
}

async fn serve(stream: TcpStream, cache: Arc<Cache>) {
    let service = service_fn(move |request| {
        let cache = Arc::clone(&cache);
        async move { Ok::<_, Infallible>(respond(&request, cache).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        log::debug!("a scrape ended early: {error}");
    }
}

async fn respond(request: &Request<Incoming>, cache: Arc<Cache>) -> Response<Full<Bytes>> {
    let plain = |status, text: &'static str| {
        let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = status;
        let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "The metrics are at /metrics.\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n");
        let allowed = header::HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    }
    // Rendering thousands of boards takes longer than other tasks may wait.
    let rendering = tokio::task::spawn_blocking(move || cache.text(Instant::now()));
    let Ok(text) = rendering.await else {
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Could not generate the metrics.\n",
        );
    };
    let mut response = Response::new(Full::new(text));
    let kind = header::HeaderValue::from_static(CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

impl Cache {
    fn text(&self, now: Instant) -> Bytes {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, text)) if now.saturating_duration_since(*at) < FRESH => text.clone(),
            _ => {
                let text = Bytes::from((self.render)());
                *last = Some((now, text.clone()));
                text
            }
        }
    }
}
