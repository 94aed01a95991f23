//! A bare subscriber of every board that counts what each controller did there:
//! each change of a switch and each press, by the run of the board and the
//! number that the board gave to the controller. What it does not see it does
//! not count.

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

/// Observes all boards.
pub(crate) struct Witness {
    places: HashMap<String, watch::Sender<SocketAddr>>,
    seen: HashMap<String, Arc<Mutex<Deeds>>>,
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
            let seen = Arc::new(Mutex::new(Deeds::new()));
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
        let seen = self
            .seen
            .get(id)
            .map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner));
        seen.map(|mut seen| std::mem::take(&mut *seen))
            .unwrap_or_default()
    }
}

async fn look(mut places: watch::Receiver<SocketAddr>, seen: &Mutex<Deeds>) {
    loop {
        let address = *places.borrow_and_update();
        tokio::select! {
            // However it ended, it is tried again.
            _ = listen(address, seen) => {}
            moved = places.changed() => if moved.is_err() { return },
        }
        tokio::time::sleep(AGAIN).await;
        if places.has_changed().is_err() {
            return;
        }
    }
}

async fn listen(address: SocketAddr, seen: &Mutex<Deeds>) -> Option<()> {
    let stream = timeout(TIMEOUT, TcpStream::connect(address))
        .await
        .ok()?
        .ok()?;
    let request = format!("ws://{address}/rpc");
    let (mut socket, _) = timeout(TIMEOUT, client_async(request, stream))
        .await
        .ok()?
        .ok()?;
    socket
        .send(Message::Text(SUBSCRIBE.to_owned()))
        .await
        .ok()?;
    loop {
        if let Message::Text(text) = socket.next().await?.ok()? {
            count(&text, seen);
        }
    }
}

fn count(text: &str, seen: &Mutex<Deeds>) {
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
    let deeds = seen.entry((epoch, number)).or_default();
    for component in components {
        *deeds.entry(component).or_default() += 1;
    }
}
