//! Runs a bridge: the fleet, two connections to the broker, and the loop
//! between them. What is published is decided by [`Face`], who is active by
//! [`Claim`].

mod active;
mod execution;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use fleet::{BoardKey, BoardView, Fleet, Outcome, Settings, StartError, Watch};
use mqtt::{BrokerAddress, Client, ClientSettings, Event, Will};
use net::client::Trust;
use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Handle},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::sleep_until,
};
use zeroize::Zeroizing;

use active::Active;
use execution::Sender;

use crate::{
    Context, Notice, Shard,
    claim::{Claim, Step},
    metrics::{
        self, Counters,
        server::{ListenError, Server},
    },
    target,
};

/// The keep-alive interval of the connection with the claim: the broker
/// withdraws it after one and a half of it.
const CLAIM_KEEP_ALIVE: Duration = Duration::from_secs(8);

/// How long the broker may take to deliver this bridge's own message.
const ECHO: Duration = Duration::from_secs(5);

/// The most messages from the broker that wait for this bridge.
const MOST_MESSAGES: usize = 4096;

/// What a bridge does.
pub struct Options {
    /// The broker.
    pub broker: BrokerAddress,
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// The trusted certificates.
    pub trust: Trust,
    /// The names in topics.
    pub names: Context,
    /// Which boards.
    pub shard: Shard,
    /// Whether boards are announced to Home Assistant.
    pub home_assistant: bool,
    /// Where Prometheus reads metrics, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// How boards are found.
    pub fleet: Settings,
    /// `HOST:PORT` of boards that are added.
    pub boards: Vec<String>,
}

/// Why a bridge could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The fleet could not start.
    #[error(transparent)]
    Fleet(#[from] StartError),
    /// The runtime could not start.
    #[error("the bridge could not be started: {0}")]
    Runtime(#[from] io::Error),
    /// Metrics cannot be offered.
    #[error(transparent)]
    Metrics(#[from] ListenError),
}

/// Runs a bridge until the process is told to end (Ctrl+C, SIGTERM). `say`
/// receives what the person who runs it should know.
///
/// # Errors
/// If it cannot start. A broker that is away is not an error.
pub fn run(options: Options, say: impl FnMut(&Notice)) -> Result<(), RunError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (inputs, received) = unbounded_channel();
    let inputs = Inputs {
        sender: inputs,
        messages: Arc::default(),
    };
    let fleet = Fleet::start(options.fleet.clone())?;
    for board in &options.boards {
        if let Err(error) = fleet.add_address(board) {
            log::warn!("{error}");
        }
    }
    let woken = inputs.sender.clone();
    let watch = fleet.watch(move || {
        let _ = woken.send(Input::Fleet);
    });
    let ran = runtime.block_on(async {
        let mut bridge = Bridge::new(options, fleet, watch, inputs, say);
        bridge.offer_metrics().await?;
        bridge.run(received).await;
        bridge.close().await;
        Ok(())
    });
    // A name that is being resolved must not hold the program up.
    runtime.shutdown_background();
    ran
}

/// The boards, as far as this bridge knows them.
#[derive(Default)]
struct Site {
    boards: BTreeMap<BoardKey, Arc<BoardView>>,
    counters: Counters,
}

/// What arrives at the loop.
enum Input {
    /// Boards changed.
    Fleet,
    /// Of the connection that stays.
    Main(Event),
    /// Of the connection of an active bridge, by its number.
    Active(u64, Event),
    /// The outcome of a command.
    Outcome(Sender, Outcome),
}

#[derive(Clone)]
struct Inputs {
    sender: UnboundedSender<Input>,
    /// Messages that wait.
    messages: Arc<AtomicUsize>,
}

impl Inputs {
    /// Passes an event on, unless too many messages wait.
    fn pass(&self, event: Event, wrap: impl FnOnce(Event) -> Input) {
        if matches!(event, Event::Message { .. }) {
            if self.messages.load(Ordering::Relaxed) >= MOST_MESSAGES {
                log::warn!("a message was dropped: {MOST_MESSAGES} others wait");
                return;
            }
            self.messages.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.sender.send(wrap(event));
    }
}

struct Bridge<S> {
    options: Options,
    fleet: Fleet,
    watch: Watch,
    inputs: Inputs,
    say: S,
    site: Arc<Mutex<Site>>,
    claim: Claim,
    main: Option<Client>,
    active: Option<Active>,
    connections: u64,
    commands: usize,
    /// Until when the broker should have delivered this bridge's own message.
    echo_until: Option<Instant>,
    /// What was said last, which is not repeated.
    said: Option<Notice>,
}

impl<S: FnMut(&Notice)> Bridge<S> {
    fn new(options: Options, fleet: Fleet, watch: Watch, inputs: Inputs, say: S) -> Self {
        let claim = Claim::new(&options.names.bridge, fastrand::u64(..));
        let mut bridge = Self {
            options,
            fleet,
            watch,
            inputs,
            say,
            site: Arc::default(),
            claim,
            main: None,
            active: None,
            connections: 0,
            commands: 0,
            echo_until: None,
            said: None,
        };
        bridge.main = Some(bridge.start_main());
        bridge
    }

    fn names(&self) -> &Context {
        &self.options.names
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        locked(&self.site)
    }

    async fn offer_metrics(&mut self) -> Result<(), RunError> {
        let Some(address) = self.options.metrics else {
            return Ok(());
        };
        let (site, names) = (Arc::clone(&self.site), self.options.names.clone());
        let shard = self.options.shard;
        let server = Server::bind(address, move || {
            let site = locked(&site);
            let ours = |view: &&BoardView| view.id.as_deref().is_some_and(|id| shard.contains(id));
            let views = site.boards.values().map(|view| &**view).filter(ours);
            metrics::render(views, &site.counters, &names)
        })
        .await?;
        let address = server.address()?;
        self.say(Notice::Metrics { address });
        tokio::spawn(server.run());
        Ok(())
    }

    fn settings(&self, suffix: &str, will: Will, keep_alive: Duration) -> ClientSettings {
        let names = self.names();
        ClientSettings {
            broker: self.options.broker.clone(),
            password: self.options.password.clone(),
            client_id: format!("switchboard-{}-{}{suffix}", names.site, names.bridge),
            will: Some(will),
            keep_alive,
            trust: self.options.trust.clone(),
        }
    }

    fn start_main(&self) -> Client {
        let names = self.names();
        let will = Will {
            topic: names.bridge_topic(),
            payload: self.status(false),
            retained: true,
        };
        let settings = self.settings("", will, mqtt::KEEP_ALIVE);
        let inputs = self.inputs.clone();
        let client = Client::start(settings, &Handle::current(), move |event| {
            inputs.pass(event, Input::Main);
        });
        client.subscribe(&format!("{}/$bridge/+", names.site_topic()));
        client.subscribe(&names.claim_topic(self.options.shard));
        client.state(names.bridge_topic(), self.status(true));
        client
    }

    /// What is published of this bridge.
    fn status(&self, online: bool) -> Vec<u8> {
        let mut status = json!({
            "state": if online { "online" } else { "offline" },
            "version": self.names().version,
            "shard": self.options.shard.to_string(),
            "instance": self.claim.instance(),
        });
        if let Some(fields) = status.as_object_mut().filter(|_| online) {
            fields.insert("active".to_owned(), json!(self.claim.is_active()));
        }
        status.to_string().into_bytes()
    }

    fn say(&mut self, notice: Notice) {
        if self.said.as_ref() != Some(&notice) {
            (self.say)(&notice);
            self.said = Some(notice);
        }
    }

    async fn run(&mut self, mut received: UnboundedReceiver<Input>) {
        let mut end = std::pin::pin!(end());
        loop {
            let announced = self.active.as_ref().and_then(Active::deadline);
            let deadline = [self.claim.deadline(), self.echo_until, announced]
                .into_iter()
                .flatten()
                .min();
            tokio::select! {
                biased;
                () = &mut end => return,
                input = received.recv() => match input {
                    Some(input) => self.input(input),
                    None => return,
                },
                () = until(deadline) => {}
            }
            let now = Instant::now();
            if self.echo_until.is_some_and(|until| now >= until) {
                self.echo_until = None;
                self.say(Notice::NotDelivered {
                    topic: self.names().bridge_topic(),
                    filter: format!("{}/#", self.names().site_topic()),
                });
            }
            if announced.is_some_and(|at| now >= at)
                && let Some(active) = &mut self.active
            {
                let site = locked(&self.site);
                let views = site.boards.values().map(|view| &**view);
                active.passed(now, &self.options.names, views);
            }
            self.claim.passed(now);
            for step in self.claim.steps() {
                self.step(step).await;
            }
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Fleet => self.drain(),
            Input::Main(event) => self.main_event(event),
            Input::Active(number, event) => {
                if matches!(event, Event::Message { .. }) {
                    self.inputs.messages.fetch_sub(1, Ordering::Relaxed);
                }
                if self
                    .active
                    .as_ref()
                    .is_some_and(|active| active.number == number)
                {
                    self.active_event(event);
                }
            }
            Input::Outcome(sender, outcome) => {
                self.commands = self.commands.saturating_sub(1);
                self.answer(&sender, &outcome);
            }
        }
    }

    fn drain(&mut self) {
        let changes = self.watch.drain();
        let mut site = locked(&self.site);
        let Site { boards, counters } = &mut *site;
        if changes.missed > 0 {
            log::warn!("{} log entries were missed", changes.missed);
            counters.missed(changes.missed);
        }
        for key in changes.forgotten {
            boards.remove(&key);
            counters.forget(key);
            if let Some(active) = &mut self.active {
                active.forgotten(key);
            }
        }
        for view in changes.boards {
            counters.board(&view);
            if let Some(active) = &mut self.active {
                active.board(&view);
            }
            boards.insert(view.key, view);
        }
        for entry in &changes.log {
            counters.log(entry);
            if let (Some(active), Some(view)) = (&self.active, boards.get(&entry.board)) {
                active.event(view, &entry.what);
            }
        }
    }

    fn main_event(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Connected => {
                self.say(Notice::Connected {
                    broker: self.options.broker.clone(),
                });
                self.echo_until = Some(now + ECHO);
            }
            Event::Disconnected(problem) => {
                self.echo_until = None;
                self.claim.disconnected();
                self.say(Notice::Waiting {
                    broker: self.options.broker.clone(),
                    problem,
                });
            }
            Event::Subscribed { filter } => {
                if filter == self.names().claim_topic(self.options.shard) {
                    self.claim.subscribed(now);
                }
            }
            Event::Message { topic, payload, .. } => {
                self.inputs.messages.fetch_sub(1, Ordering::Relaxed);
                if topic == self.names().claim_topic(self.options.shard) {
                    self.claim.message(&payload, now);
                } else {
                    self.bridge_message(&topic, &payload);
                }
            }
            other => self.trouble(other),
        }
    }

    /// What another bridge, or this one, published of itself.
    fn bridge_message(&mut self, topic: &str, payload: &[u8]) {
        let status: Value = serde_json::from_slice(payload).unwrap_or_default();
        let text = |field: &str| {
            status
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let online = text("state") == "online";
        if topic == self.names().bridge_topic() {
            if text("instance") == self.claim.instance() {
                self.echo_until = None;
                if !online {
                    // The will of an earlier connection of this bridge.
                    self.publish_status();
                }
            } else if online {
                let name = self.names().bridge.clone();
                self.say(Notice::SameName { name });
            }
            return;
        }
        let theirs = text("shard");
        let count = theirs.parse::<Shard>().map(Shard::count);
        if online && count.is_ok_and(|count| count != self.options.shard.count()) {
            let bridge = topic.rsplit('/').next().unwrap_or_default();
            self.say(Notice::OtherCount {
                bridge: text::plain(bridge),
                theirs: text::plain(theirs),
                shard: self.options.shard,
            });
        }
    }

    fn publish_status(&self) {
        if let Some(main) = &self.main {
            main.state(self.names().bridge_topic(), self.status(true));
        }
    }

    /// Events of both connections that someone should know of.
    fn trouble(&mut self, event: Event) {
        match event {
            Event::Refused { filter } => self.say(Notice::SubscriptionRefused { filter }),
            Event::TooLarge { topic, size } => {
                let topic = topic.map_or_else(|| "a topic".to_owned(), |topic| text::plain(&topic));
                self.say(Notice::Message(format!(
                    "A message of {} on {topic} was ignored: at most {} are accepted.",
                    text::bytes(as_f64(size)),
                    text::bytes(as_f64(mqtt::LIMIT)),
                )));
            }
            Event::Unpublishable { topic, reason } => self.say(Notice::Message(format!(
                "Nothing was published on {}: {reason}.",
                text::plain(&topic)
            ))),
            Event::Dropped(count) => self.say(Notice::Dropped(count)),
            _ => {}
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Claim => self.open(),
            Step::Activate => self.activate(),
            Step::Repeat => self.repeat(),
            Step::StandBy { holder } => self.say(Notice::StandingBy {
                holder: text::plain(&holder),
                shard: self.options.shard,
            }),
            Step::Yield { holder } => {
                if let Some(active) = self.active.take() {
                    active.client.close_without_will().await;
                }
                self.publish_status();
                self.say(Notice::StandingBy {
                    holder: text::plain(&holder),
                    shard: self.options.shard,
                });
            }
            Step::Stop => {
                // Dropped: this bridge does not wait for a broker that is away.
                self.active = None;
                self.publish_status();
            }
        }
    }

    /// Opens the connection with the will, and claims on it.
    fn open(&mut self) {
        self.connections += 1;
        let number = self.connections;
        let topic = self.names().claim_topic(self.options.shard);
        let will = Will {
            topic: topic.clone(),
            payload: Vec::new(),
            retained: true,
        };
        let settings = self.settings("-active", will, CLAIM_KEEP_ALIVE);
        let inputs = self.inputs.clone();
        let client = Client::start(settings, &Handle::current(), move |event| {
            inputs.pass(event, |event| Input::Active(number, event));
        });
        client.subscribe(&topic);
        client.state(topic, self.claim.payload());
        self.active = Some(Active::new(number, client, self.options.shard));
    }

    fn repeat(&self) {
        if let Some(active) = &self.active {
            let topic = self.names().claim_topic(self.options.shard);
            active.client.state(topic, self.claim.payload());
        }
    }

    /// Publishes every board, and takes commands.
    fn activate(&mut self) {
        let Some(active) = &mut self.active else {
            return;
        };
        let site = locked(&self.site);
        active.begin(
            &self.options.names,
            self.options.home_assistant,
            site.boards.values().map(|view| &**view),
        );
        drop(site);
        self.publish_status();
        self.say(Notice::Active {
            shard: self.options.shard,
            site: self.names().site_topic(),
        });
    }

    fn active_event(&mut self, event: Event) {
        match event {
            Event::Disconnected(problem) => {
                self.claim.lost(Instant::now());
                if self.main.as_ref().is_some_and(Client::is_connected) {
                    self.say(Notice::Waiting {
                        broker: self.options.broker.clone(),
                        problem,
                    });
                }
            }
            Event::Message {
                topic,
                payload,
                retained,
            } => self.message(&topic, &payload, retained),
            other => self.trouble(other),
        }
    }

    fn message(&mut self, topic: &str, payload: &[u8], retained: bool) {
        if topic == self.names().claim_topic(self.options.shard) {
            // The order of messages on one connection: a claim of another
            // bridge is seen before the commands that this one must not carry
            // out.
            self.claim.message(payload, Instant::now());
            return;
        }
        if let Some(board) = self.availability_of(topic) {
            if let Some(active) = self.active.as_ref().filter(|_| retained) {
                active.earlier(&board, payload);
            }
            return;
        }
        let active = self.active.as_mut();
        if active.is_some_and(|active| active.home_assistant(topic, payload, retained)) {
            return;
        }
        let Some(target) = target(self.names(), topic) else {
            return;
        };
        if !self.options.shard.contains(target.board()) || payload.is_empty() {
            return;
        }
        if retained {
            self.say(Notice::Message(format!(
                "A retained command on {} was ignored: commands must not be retained.",
                text::plain(topic)
            )));
            return;
        }
        if self.claim.is_active() {
            self.command(target, payload);
        }
    }

    fn availability_of(&self, topic: &str) -> Option<String> {
        let rest = topic.strip_prefix(&self.names().site_topic())?;
        let board = rest.strip_prefix('/')?.strip_suffix("/$availability")?;
        Some(protocol::board_id(board).ok()?.to_owned())
    }

    /// Leaves the broker; another bridge takes over.
    async fn close(self) {
        if let Some(active) = self.active {
            active.client.close().await;
        }
        if let Some(main) = self.main {
            main.close().await;
        }
    }
}

fn locked(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn as_f64(bytes: usize) -> f64 {
    bytes as f64
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits until the process is told to end.
async fn end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
