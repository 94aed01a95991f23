//! Followers of a board: one receives pushes, the others poll. Each records
//! what it learns until it is dropped.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use protocol::{ComponentKey, FromBoard, RPC_PATH, Snapshot, State, method};
use serde_json::json;
use tokio::time::{Duration, MissedTickBehavior, interval, timeout};

use super::{
    FollowError, measurements::FollowMode, recorder::Recorder, route::Route, rpc::RpcConnection,
};
use net::client::Traffic;

/// Timeout of a response over HTTP.
const TIMEOUT: Duration = protocol::limits::COMMAND_TIMEOUT;
/// Maximum size of a response, in bytes.
const MAX_RESPONSE: usize = 4 * protocol::limits::MESSAGE_OUT_OF_BOARD;

/// Follows a board until it fails.
pub(super) async fn follow(mode: FollowMode, route: &Route, recorder: &Recorder) -> FollowError {
    match mode {
        FollowMode::Push => push(route, recorder)
            .await
            .err()
            .unwrap_or(FollowError::Timeout),
        FollowMode::Poll { every, keep_alive } => poll(every, keep_alive, route, recorder).await,
    }
}

async fn push(route: &Route, recorder: &Recorder) -> Result<(), FollowError> {
    let (socket, took) = route.open(recorder.traffic()).await?;
    recorder.connected(took);
    let mut board = RpcConnection::new(socket);
    recorder.asked();
    let snapshot = board.subscribe().await?;
    recorder.told(snapshot.seq, false);
    loop {
        let status = board.pushed().await?;
        recorder.told(
            status.seq,
            status
                .components
                .keys()
                .any(|component| recorder.follows(component)),
        );
    }
}

async fn poll(
    every: Duration,
    keep_alive: bool,
    route: &Route,
    recorder: &Recorder,
) -> FollowError {
    let mut asking = interval(every);
    asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = None;
    let mut before: Option<BTreeMap<ComponentKey, State>> = None;
    loop {
        asking.tick().await;
        recorder.asked();
        let asked = async {
            let was_kept = kept.is_some();
            match ask(&mut kept, keep_alive, route, recorder).await {
                // Either side may close an idle connection at any time (RFC
                // 9112, 9.5), and a query is safe to repeat.
                Err(FollowError::Disconnected(_)) if was_kept => {
                    ask(&mut kept, keep_alive, route, recorder).await
                }
                answered => answered,
            }
        };
        match timeout(TIMEOUT, asked)
            .await
            .unwrap_or(Err(FollowError::Timeout))
        {
            Ok(mut snapshot) => {
                snapshot
                    .components
                    .retain(|component, _| recorder.follows(component));
                let changed = before
                    .as_ref()
                    .is_some_and(|before| *before != snapshot.components);
                recorder.told(snapshot.seq, changed);
                before = Some(snapshot.components);
            }
            // A locked board stays locked.
            Err(trouble @ FollowError::Locked) => return trouble,
            Err(trouble) => {
                kept = None;
                recorder.failed(&trouble);
            }
        }
    }
}

type Connection = SendRequest<Full<Bytes>>;

async fn ask(
    kept: &mut Option<Connection>,
    keep_alive: bool,
    route: &Route,
    recorder: &Recorder,
) -> Result<Snapshot, FollowError> {
    let lost = |error: hyper::Error| FollowError::Disconnected(error.to_string());
    let mut connection = match kept.take().filter(|connection| !connection.is_closed()) {
        Some(connection) => connection,
        None => connect(route, recorder, recorder.traffic()).await?,
    };
    connection.ready().await.map_err(lost)?;
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": method::DEVICE_GET_STATUS }).to_string();
    let mut request = Request::post(RPC_PATH)
        .header(header::HOST, route.authority())
        .header(header::CONTENT_TYPE, "application/json");
    if !keep_alive {
        request = request.header(header::CONNECTION, "close");
    }
    let request = request
        .body(Full::from(body))
        .map_err(|error| FollowError::Invalid(error.to_string()))?;
    let response = connection.send_request(request).await.map_err(lost)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESPONSE)
        .collect()
        .await;
    let body = body
        .map_err(|error| FollowError::Disconnected(error.to_string()))?
        .to_bytes();
    let text = String::from_utf8_lossy(&body);
    if status == StatusCode::FORBIDDEN {
        return Err(FollowError::Locked);
    }
    if status != StatusCode::OK {
        return Err(FollowError::Refused {
            status: status.as_u16(),
            words: text.trim().to_owned(),
        });
    }
    let Ok(FromBoard::Response(response)) = FromBoard::parse(&text) else {
        return Err(FollowError::Invalid(format!(
            "the response to POST {RPC_PATH} is not a JSON-RPC response"
        )));
    };
    let result = response.outcome.map_err(|error| FollowError::Rejected {
        method: method::DEVICE_GET_STATUS.to_owned(),
        words: error.message,
    })?;
    if keep_alive {
        *kept = Some(connection);
    }
    serde_json::from_value(result).map_err(|error| FollowError::Invalid(error.to_string()))
}

async fn connect(
    route: &Route,
    recorder: &Recorder,
    traffic: Arc<Traffic>,
) -> Result<Connection, FollowError> {
    let started = Instant::now();
    let (stream, _) = route.connect(traffic).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| FollowError::Disconnected(error.to_string()))?;
    // Ends with the connection.
    tokio::task::spawn_local(connection);
    recorder.connected(started.elapsed());
    Ok(sender)
}
