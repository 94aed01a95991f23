//! Followers of a board: one that is told, and one that asks. Each writes down
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

use super::{Trouble, conversation::Conversation, notes::Notes, record::Way, route::Route};
use net::client::Traffic;

/// An answer over HTTP is waited for so long.
const ANSWER: Duration = protocol::limits::COMMAND_TIMEOUT;
/// The largest answer that is read, in bytes.
const LARGEST: usize = 4 * protocol::limits::MESSAGE_OUT_OF_BOARD;

/// Follows a board until it cannot.
pub(super) async fn follow(way: Way, route: &Route, notes: &Notes) -> Trouble {
    match way {
        Way::Push => push(route, notes).await.err().unwrap_or(Trouble::NoAnswer),
        Way::Poll { every, keep_alive } => poll(every, keep_alive, route, notes).await,
    }
}

async fn push(route: &Route, notes: &Notes) -> Result<(), Trouble> {
    let (socket, took) = route.open(notes.traffic()).await?;
    notes.connected(took);
    let mut board = Conversation::new(socket);
    notes.asked();
    let snapshot = board.subscribe().await?;
    notes.told(snapshot.seq, false);
    loop {
        let status = board.pushed().await?;
        notes.told(
            status.seq,
            status
                .components
                .keys()
                .any(|component| notes.follows(component)),
        );
    }
}

async fn poll(every: Duration, keep_alive: bool, route: &Route, notes: &Notes) -> Trouble {
    let mut asking = interval(every);
    asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = None;
    let mut before: Option<BTreeMap<ComponentKey, State>> = None;
    loop {
        asking.tick().await;
        notes.asked();
        let asked = async {
            let was_kept = kept.is_some();
            match ask(&mut kept, keep_alive, route, notes).await {
                // Either side may close an idle connection at any time (RFC
                // 9112, 9.5); a question may be asked again.
                Err(Trouble::Lost(_)) if was_kept => ask(&mut kept, keep_alive, route, notes).await,
                answered => answered,
            }
        };
        match timeout(ANSWER, asked)
            .await
            .unwrap_or(Err(Trouble::NoAnswer))
        {
            Ok(mut snapshot) => {
                snapshot
                    .components
                    .retain(|component, _| notes.follows(component));
                let changed = before
                    .as_ref()
                    .is_some_and(|before| *before != snapshot.components);
                notes.told(snapshot.seq, changed);
                before = Some(snapshot.components);
            }
            // That nobody speaks plainly here does not change.
            Err(trouble @ Trouble::Locked) => return trouble,
            Err(trouble) => {
                kept = None;
                notes.failed(&trouble);
            }
        }
    }
}

type Connection = SendRequest<Full<Bytes>>;

async fn ask(
    kept: &mut Option<Connection>,
    keep_alive: bool,
    route: &Route,
    notes: &Notes,
) -> Result<Snapshot, Trouble> {
    let lost = |error: hyper::Error| Trouble::Lost(error.to_string());
    let mut connection = match kept.take().filter(|connection| !connection.is_closed()) {
        Some(connection) => connection,
        None => connect(route, notes, notes.traffic()).await?,
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
        .map_err(|error| Trouble::Strange(error.to_string()))?;
    let response = connection.send_request(request).await.map_err(lost)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body
        .map_err(|error| Trouble::Lost(error.to_string()))?
        .to_bytes();
    let text = String::from_utf8_lossy(&body);
    if status == StatusCode::FORBIDDEN {
        return Err(Trouble::Locked);
    }
    if status != StatusCode::OK {
        return Err(Trouble::Refused {
            status: status.as_u16(),
            words: text.trim().to_owned(),
        });
    }
    let Ok(FromBoard::Response(response)) = FromBoard::parse(&text) else {
        return Err(Trouble::Strange(format!(
            "POST {RPC_PATH} was answered with what is no answer"
        )));
    };
    let result = response.outcome.map_err(|error| Trouble::Answered {
        method: method::DEVICE_GET_STATUS.to_owned(),
        words: error.message,
    })?;
    if keep_alive {
        *kept = Some(connection);
    }
    serde_json::from_value(result).map_err(|error| Trouble::Strange(error.to_string()))
}

async fn connect(
    route: &Route,
    notes: &Notes,
    traffic: Arc<Traffic>,
) -> Result<Connection, Trouble> {
    let begun = Instant::now();
    let (stream, _) = route.connect(traffic).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Trouble::Lost(error.to_string()))?;
    // It ends with what it was for.
    tokio::task::spawn_local(connection);
    notes.connected(begun.elapsed());
    Ok(sender)
}
