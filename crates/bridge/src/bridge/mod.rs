//! Runs a bridge: the fleet, two connections to the broker, and the loop
//! between them. What is published is decided by [`Face`], who is active by
//! [`Claim`].

mod active;
mod activity;
mod execution;
mod presence;
mod site;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use engine::{Settings, StartError};
use fleet::BrokerAddress;
use fleet::{Fleet, LogEvent, Outcome, Watch};
use mqtt::{Client, ClientSettings, Event, Will};
use net::client::Trust;
use tokio::{
    runtime::Builder,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::sleep_until,
};
use zeroize::Zeroizing;

use active::Active;
use execution::Sender;
use site::Site;

use crate::{
    Context, Notice, Shard,
    claim::Claim,
    metrics::{
        self,
        server::{ListenError, Server},
    },
    replies::Replies,
};

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
    /// Whether boards are announced to Home Assistant.
    pub home_assistant: bool,
    /// Where Prometheus reads metrics, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// The part of the boards of a site that it publishes.
    pub shard: Shard,
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

/// Runs a bridge with a fleet of its own until the process is told to end
/// (Ctrl+C, SIGTERM). `say` receives what the person who runs it should know.
///
/// # Errors
/// If it cannot start. A broker that is away is not an error.
pub fn run(options: Options, fleet: Settings, say: impl FnMut(&Notice)) -> Result<(), RunError> {
    let fleet = engine::start(Settings {
        keep_past: false,
        shard: options.shard,
        ..fleet
    })?;
    run_over(options, Arc::new(fleet), say)
}

/// Runs a bridge over a fleet that others use too, as [`run`] does. The fleet
/// must have the boards of the bridge's shard, and no others.
///
/// # Errors
/// As [`run`].
pub fn run_over(
    options: Options,
    fleet: Arc<Fleet>,
    say: impl FnMut(&Notice),
) -> Result<(), RunError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (inputs, received) = unbounded_channel();
    let inputs = Inputs {
        sender: inputs,
        messages: Arc::default(),
    };
    let woken = inputs.sender.clone();
    let watch = fleet.watch(move |_| {
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

/// What arrives at the loop.
enum Input {
    /// Boards changed.
    Fleet,
    /// From the main connection.
    Main(Event),
    /// From the connection of an active bridge, with its number.
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
    fleet: Arc<Fleet>,
    watch: Watch,
    inputs: Inputs,
    say: S,
    site: Arc<Mutex<Site>>,
    claim: Claim,
    main: Option<Client>,
    active: Option<Active>,
    connections: u64,
    commands: usize,
    replies: Replies,
    /// Events of boards that were not published while the broker was away.
    missed: u64,
    /// Until when the broker should have delivered this bridge's own message.
    echo_until: Option<Instant>,
    /// Whether the broker delivered it in this run.
    echoed: bool,
    /// What was said last, which is not repeated.
    said: Option<Notice>,
}

impl<S: FnMut(&Notice)> Bridge<S> {
    fn new(options: Options, fleet: Arc<Fleet>, watch: Watch, inputs: Inputs, say: S) -> Self {
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
            replies: Replies::default(),
            missed: 0,
            echo_until: None,
            echoed: false,
            said: None,
        };
        bridge.main = Some(bridge.start_main());
        bridge
    }

    fn names(&self) -> &Context {
        &self.options.names
    }

    fn shard(&self) -> Shard {
        self.options.shard
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        locked(&self.site)
    }

    async fn offer_metrics(&mut self) -> Result<(), RunError> {
        let Some(address) = self.options.metrics else {
            return Ok(());
        };
        let (site, names) = (Arc::clone(&self.site), self.options.names.clone());
        let server = Server::bind(address, move || {
            let (views, counters) = {
                let site = locked(&site);
                let views: Vec<_> = site.boards.values().cloned().collect();
                (views, site.counters.clone())
            };
            // The bridge goes on meanwhile.
            metrics::render(views.iter().map(|view| &**view), &counters, &names)
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
            let deadline = [
                self.claim.deadline(),
                self.echo_until,
                announced,
                self.replies.deadline(),
            ]
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
                self.not_delivered();
            }
            if announced.is_some_and(|at| now >= at)
                && let Some(active) = &mut self.active
            {
                let site = locked(&self.site);
                active.passed(now, &self.options.names, site.boards());
            }
            self.replies.expire(now);
            let dropped = self.replies.dropped();
            if dropped > 0 {
                self.say(Notice::Dropped(dropped));
            }
            self.claim.passed(now);
            for step in self.claim.steps() {
                self.step(step).await;
            }
        }
    }

    fn input(&mut self, input: Input) {
        if let Input::Main(Event::Message { .. }) | Input::Active(_, Event::Message { .. }) = &input
        {
            self.inputs.messages.fetch_sub(1, Ordering::Relaxed);
        }
        match input {
            Input::Fleet => self.drain(),
            Input::Main(event) => self.main_event(event),
            Input::Active(number, event) => {
                if self
                    .active
                    .as_ref()
                    .is_some_and(|active| active.number == number)
                {
                    self.active_event(event);
                } else {
                    // The end of a connection that was closed.
                    self.reply_event(&event);
                }
            }
            Input::Outcome(sender, outcome) => {
                self.commands = self.commands.saturating_sub(1);
                // The state that the reply speaks of comes first.
                self.drain();
                self.answer(&sender, &outcome);
            }
        }
    }

    fn drain(&mut self) {
        let changes = self.watch.drain();
        let shard = self.shard();
        let mut site = locked(&self.site);
        if changes.missed > 0 {
            log::warn!("{} log entries were missed", changes.missed);
            site.counters.missed(changes.missed);
        }
        let forget = |site: &mut Site, active: &mut Option<Active>, key| {
            if site.remove(key)
                && let Some(active) = active
            {
                active.forgotten(key);
            }
        };
        for key in changes.forgotten {
            forget(&mut site, &mut self.active, key);
        }
        for view in changes.boards {
            // A board that was added by its address may be one of another
            // shard.
            if !view.id.as_deref().is_some_and(|id| shard.contains(id)) {
                forget(&mut site, &mut self.active, view.key);
                continue;
            }
            if !site.insert(&view) {
                continue;
            }
            site.counters.board(&view);
            if let Some(active) = &mut self.active {
                active.board(&view);
            }
        }
        for entry in &changes.log {
            let Site {
                boards, counters, ..
            } = &mut *site;
            let Some(view) = boards.get(&entry.board) else {
                continue;
            };
            counters.log(entry);
            match self.active.as_ref().filter(|active| active.publishes()) {
                Some(active) => active.event(view, &entry.what),
                None if self.claim.was_active() => {
                    self.missed += u64::from(matches!(entry.what, LogEvent::Event { .. }));
                }
                None => {}
            }
        }
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
