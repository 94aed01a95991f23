//! A broker on the loopback interface, and a subscriber to everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs, io,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

use crate::{Outcome, process::Program, sockets};

/// How long the broker may take to listen.
const LISTENING: Duration = Duration::from_secs(10);

/// Mosquitto, until it is dropped.
pub(super) struct Broker {
    pub(super) process: Program,
    pub(super) port: u16,
    folder: PathBuf,
}

impl Broker {
    /// Starts it; `None` if it is not installed.
    pub(super) fn start() -> Outcome<Option<Self>> {
        // Not a port that is in use now.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("switchboard-bench-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let file = folder.join("mosquitto.conf");
        fs::write(
            &file,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n\
                 log_type none\nmax_queued_messages 0\nset_tcp_nodelay true\n"
            ),
        )?;
        let installed = ["mosquitto", "/usr/sbin/mosquitto"]
            .into_iter()
            .find_map(|program| {
                Program::start(program, &[OsStr::new("-c"), file.as_os_str()]).ok()
            });
        let Some(process) = installed else {
            eprintln!("without MQTT: mosquitto is not installed");
            return Ok(None);
        };
        let end = Instant::now() + LISTENING;
        while let Err(problem) = TcpStream::connect(("127.0.0.1", port)) {
            if Instant::now() > end {
                return Err(format!("mosquitto does not listen: {problem}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(Self {
            process,
            port,
            folder,
        }))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What was published below a prefix.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Published {
    /// States of components.
    pub(super) states: u64,
    /// Bytes of their topics and payloads.
    pub(super) bytes: u64,
}

/// What is counted of a prefix.
#[derive(Debug, Default)]
struct Counted {
    published: Published,
    boards: BTreeSet<String>,
}

/// A message on a watched topic.
pub(super) struct Arrival {
    pub(super) at: Instant,
    pub(super) prefix: String,
    pub(super) payload: Vec<u8>,
}

/// Counts the states of components, by prefix.
pub(super) struct Subscriber {
    published: Arc<Mutex<BTreeMap<String, Counted>>>,
    /// From then on the broker may end.
    ended: Arc<AtomicBool>,
    pub(super) arrivals: Receiver<Arrival>,
}

impl Subscriber {
    /// Subscribes to everything; messages about `component` are passed on.
    pub(super) fn start(port: u16, component: &'static str) -> Outcome<Self> {
        let published = Arc::new(Mutex::new(BTreeMap::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let (pass, arrivals) = channel();
        let (ready, subscribed) = channel();
        let (counted, ends) = (Arc::clone(&published), Arc::clone(&ended));
        thread::Builder::new()
            .name("subscriber".to_owned())
            .spawn(move || {
                let done = sockets::run(count(port, component, &counted, &pass, &ready));
                if let Err(problem) = done
                    && !ends.load(Ordering::Relaxed)
                {
                    eprintln!("the subscriber: {problem}");
                }
            })?;
        subscribed
            .recv_timeout(LISTENING)
            .map_err(|_| io::Error::other("the subscriber is not connected"))?;
        Ok(Self {
            published,
            ended,
            arrivals,
        })
    }

    /// What was published below a prefix until now.
    pub(super) fn of(&self, prefix: &str) -> Published {
        lock(&self.published)
            .get(prefix)
            .map(|of| of.published)
            .unwrap_or_default()
    }

    /// How many boards were published below a prefix until now.
    pub(super) fn boards(&self, prefix: &str) -> usize {
        lock(&self.published)
            .get(prefix)
            .map_or(0, |of| of.boards.len())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn lock(published: &Mutex<BTreeMap<String, Counted>>) -> MutexGuard<'_, BTreeMap<String, Counted>> {
    published.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn count(
    port: u16,
    component: &str,
    published: &Mutex<BTreeMap<String, Counted>>,
    pass: &Sender<Arrival>,
    ready: &Sender<()>,
) -> Outcome<()> {
    let mut options = MqttOptions::new("subscriber", "127.0.0.1", port);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("#", QoS::AtMostOnce).await?;
    loop {
        match events.poll().await? {
            Event::Incoming(Packet::SubAck(_)) => ready.send(())?,
            Event::Incoming(Packet::Publish(message)) => {
                let at = Instant::now();
                let levels: Vec<&str> = message.topic.split('/').collect();
                let [prefix, _, board, last] = levels[..] else {
                    continue;
                };
                if !last.contains(':') || message.payload.is_empty() {
                    continue;
                }
                if last == component {
                    pass.send(Arrival {
                        at,
                        prefix: prefix.to_owned(),
                        payload: message.payload.to_vec(),
                    })?;
                }
                let mut published = lock(published);
                let of = published.entry(prefix.to_owned()).or_default();
                of.published.states += 1;
                of.published.bytes += (message.topic.len() + message.payload.len()) as u64;
                if !of.boards.contains(board) {
                    of.boards.insert(board.to_owned());
                }
            }
            _ => {}
        }
    }
}
