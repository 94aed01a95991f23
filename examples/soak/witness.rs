//! A bare subscriber of every board. It counts what each controller did there:
//! each change of a switch and each press, by the run of the board and the
//! number that the board gave to the controller. What it does not see it does
//! not count. And it follows the state by pushes alone, which must never have a
//! gap.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use protocol::{ComponentKey, Epoch, FromBoard, Source};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tokio_tungstenite::{client_async, tungstenite::Message};

/// The pause between attempts.
const AGAIN: Duration = Duration::from_millis(300);

/// How long a connection may take; a board that hangs does not answer.
const TIMEOUT: Duration = Duration::from_secs(10);

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

/// A controller, as a board knows it in one of its runs.
pub(crate) type Controller = (Epoch, u32);

/// How often each controller did something to each component.
pub(crate) type Deeds = HashMap<Controller, HashMap<ComponentKey, u32>>;

/// What was seen of a board.
#[derive(Default)]
struct Seen {
    deeds: Deeds,
    /// `None` while it is not connected.
    followed: Option<Followed>,
    problems: Vec<String>,
}

/// The state of a board by its snapshot and pushes.
struct Followed {
    epoch: Value,
    seq: Value,
    states: serde_json::Map<String, Value>,
}

impl Followed {
    /// From the result of `Device.Subscribe`.
    fn of(snapshot: &Value) -> Self {
        let components = snapshot.as_object().into_iter().flatten();
        Self {
            epoch: snapshot["epoch"].clone(),
            seq: snapshot["seq"].clone(),
            states: components
                .filter(|(key, _)| key.contains(':'))
                .map(|(key, state)| (key.clone(), state.clone()))
                .collect(),
        }
    }

    /// Applies a push; the error is a gap.
    fn apply(&mut self, push: &Value) -> Result<(), String> {
        if push["epoch"] != self.epoch || push["prev"] != self.seq {
            return Err(format!(
                "a push follows {} in run {}, after {} in run {}",
                push["prev"], push["epoch"], self.seq, self.epoch
            ));
        }
        self.seq = push["seq"].clone();
        for (key, change) in push.as_object().into_iter().flatten() {
            if let Value::Object(change) = change {
                let state = self.states.entry(key.clone()).or_insert_with(|| json!({}));
                if let Value::Object(state) = state {
                    state.extend(change.clone());
                }
            }
        }
        Ok(())
    }
}

/// Observes all boards.
pub(crate) struct Witness {
    places: HashMap<String, watch::Sender<SocketAddr>>,
    seen: HashMap<String, Arc<Mutex<Seen>>>,
}

impl Witness {
    /// Starts observing.
    ///
    /// # Errors
    /// If a thread or its runtime cannot be created.
    pub(crate) fn start(boards: &[(String, SocketAddr)]) -> io::Result<Self> {
        let mut witness = Self {
            places: HashMap::new(),
            seen: HashMap::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut looking = Vec::new();
        for (id, address) in boards {
            let (place, places) = watch::channel(*address);
            let seen = Arc::new(Mutex::new(Seen::default()));
            looking.push((places, Arc::clone(&seen)));
            witness.places.insert(id.clone(), place);
            witness.seen.insert(id.clone(), seen);
        }
        thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let tasks: Vec<_> = looking
                        .into_iter()
                        .map(|(places, seen)| {
                            tokio::spawn(async move { look(places, &seen).await })
                        })
                        .collect();
                    for task in tasks {
                        // It ends when the witness is dropped.
                        let _ = task.await;
                    }
                });
            })?;
        Ok(witness)
    }

    /// A board has another address now.
    pub(crate) fn moved(&self, id: &str, address: SocketAddr) {
        if let Some(place) = self.places.get(id) {
            place.send_replace(address);
        }
    }

    /// The counts of a board since the last time.
    pub(crate) fn take(&self, id: &str) -> Deeds {
        let take = |seen: &mut Seen| std::mem::take(&mut seen.deeds);
        self.with(id, take).unwrap_or_default()
    }

    /// The gaps since the last time.
    pub(crate) fn problems(&self, id: &str) -> Vec<String> {
        let take = |seen: &mut Seen| std::mem::take(&mut seen.problems);
        self.with(id, take).unwrap_or_default()
    }

    /// Compares a board's status with the state that was followed.
    ///
    /// # Errors
    /// It is not connected, or a difference.
    pub(crate) fn compare(&self, id: &str, status: &Value) -> Result<(), String> {
        let differs = |seen: &mut Seen| {
            let Some(followed) = &seen.followed else {
                return Err("a witness is not connected".to_owned());
            };
            for (key, state) in &followed.states {
                if status[key] != *state {
                    return Err(format!(
                        "{key} was pushed as {state}, and is {}",
                        status[key]
                    ));
                }
            }
            Ok(())
        };
        self.with(id, differs)
            .unwrap_or_else(|| Err("no witness knows it".to_owned()))
    }

    fn with<T>(&self, id: &str, act: impl FnOnce(&mut Seen) -> T) -> Option<T> {
        let seen = self.seen.get(id)?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut seen))
    }
}

async fn look(mut places: watch::Receiver<SocketAddr>, seen: &Mutex<Seen>) {
    loop {
        let address = *places.borrow_and_update();
        tokio::select! {
            // However it ended, it is tried again.
            _ = listen(address, seen) => {}
            moved = places.changed() => if moved.is_err() { return },
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).followed = None;
        tokio::time::sleep(AGAIN).await;
        if places.has_changed().is_err() {
            return;
        }
    }
}

async fn listen(address: SocketAddr, seen: &Mutex<Seen>) -> Option<()> {
    let stream = timeout(TIMEOUT, TcpStream::connect(address))
        .await
        .ok()?
        .ok()?;
    let request = format!("ws://{address}/rpc");
    let (mut socket, _) = timeout(TIMEOUT, client_async(request, stream))
        .await
        .ok()?
        .ok()?;
    socket.send(Message::text(SUBSCRIBE)).await.ok()?;
    loop {
        if let Message::Text(text) = socket.next().await?.ok()? {
            count(&text, seen);
            follow(&text, seen);
        }
    }
}

fn count(text: &str, seen: &Mutex<Seen>) {
    let (epoch, source, components) = match FromBoard::parse(text) {
        Ok(FromBoard::Status(status)) => {
            let changed = status
                .components
                .into_iter()
                .filter(|(_, change)| change.on().is_some());
            (
                status.epoch,
                status.source,
                changed.map(|(key, _)| key).collect::<Vec<_>>(),
            )
        }
        Ok(FromBoard::Event(event)) => (
            event.epoch,
            event.source,
            event
                .events
                .into_iter()
                .map(|event| event.component)
                .collect(),
        ),
        _ => return,
    };
    let Some(Source::Client(number)) = source else {
        return;
    };
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let deeds = seen.deeds.entry((epoch, number)).or_default();
    for component in components {
        *deeds.entry(component).or_default() += 1;
    }
}

fn follow(text: &str, seen: &Mutex<Seen>) {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if message["result"].is_object() {
        seen.followed = Some(Followed::of(&message["result"]));
    } else if message["method"] == "NotifyStatus"
        && let Some(followed) = &mut seen.followed
        && let Err(problem) = followed.apply(&message["params"])
    {
        seen.problems.push(problem);
        seen.followed = None;
    }
}
