//! The lifecycle of one board: it boots, serves, restarts, loses power and is
//! powered on again.

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use board::{Identity, Plan, PlanError};
use embassy_futures::select::{select, select3};
use protocol::{Epoch, ResetReason};
use server::{ServerSettings, Shared};
use tokio::{
    task::{JoinHandle, spawn_local, unconstrained},
    time::sleep,
};

use crate::{
    announce::Announcer,
    clock::HostClock,
    flash::{Flash, Slot},
    memory::Memory,
    network::Network,
    options::Listening,
    pausable::PauseHandle,
    simulation::Simulation,
    socket::Acceptor,
};

type Running = Rc<Shared<Simulation, HostClock>>;

/// A board, running or stopped.
pub(crate) struct BoardLifecycle {
    plan: Plan,
    memory: RefCell<Memory>,
    flash: Rc<RefCell<Flash>>,
    seed: u64,
    samples_per_second: Option<f64>,
    settings: ServerSettings,
    address: Cell<SocketAddr>,
    running: RefCell<Option<Running>>,
    task: RefCell<Option<JoinHandle<()>>>,
    pause: PauseHandle,
    announcer: Option<Rc<Announcer>>,
}

/// How long a board waits for its port when it restarts: earlier connections
/// may still occupy it.
const PORT_PATIENCE: Duration = Duration::from_secs(5);

/// The pause between attempts to listen.
const PORT_RETRY: Duration = Duration::from_millis(20);

impl BoardLifecycle {
    pub(crate) fn new(
        plan: Plan,
        memory: Memory,
        flash: Flash,
        (seed, samples_per_second): (u64, Option<f64>),
        address: SocketAddr,
        announcer: Option<Rc<Announcer>>,
        settings: ServerSettings,
    ) -> Self {
        Self {
            plan,
            memory: RefCell::new(memory),
            flash: Rc::new(RefCell::new(flash)),
            seed,
            samples_per_second,
            settings,
            address: Cell::new(address),
            running: RefCell::new(None),
            task: RefCell::new(None),
            pause: PauseHandle::default(),
            announcer,
        }
    }

    /// The board's identity, and where it listens or last listened.
    pub(crate) fn listening(&self) -> Listening {
        let identity = match &*self.running.borrow() {
            Some(running) => running.identity(),
            None => {
                let planned = &self.plan.identity;
                let name = self
                    .memory
                    .borrow()
                    .name()
                    .unwrap_or_else(|| planned.name.clone());
                Identity {
                    name,
                    ..planned.clone()
                }
            }
        };
        Listening {
            id: identity.id,
            name: identity.name,
            address: self.address.get(),
        }
    }

    /// The board while it is running.
    pub(crate) fn running(&self) -> Option<Running> {
        self.running.borrow().clone()
    }

    /// Powers the board on; it listens on `acceptor`. Has to be called within
    /// the boards' runtime.
    ///
    /// # Errors
    /// If the board cannot be built.
    pub(crate) fn start(self: &Rc<Self>, acceptor: Acceptor) -> Result<(), StartFailure> {
        self.address
            .set(acceptor.address().map_err(StartFailure::Listen)?);
        let shared = self
            .boot(ResetReason::PowerOn)
            .map_err(StartFailure::Plan)?;
        // A board with many clients exceeds tokio's budget for a task; the
        // server itself gives each client its turn.
        let task = spawn_local(unconstrained(Rc::clone(self).live(acceptor, shared)));
        self.task.replace(Some(task));
        Ok(())
    }

    /// Whether a setting for the outbound connection is saved.
    pub(crate) fn has_outbound(&self) -> bool {
        self.memory.borrow().has_outbound()
    }

    /// Cuts the power: all sockets are closed when this returns, without
    /// notice.
    pub(crate) async fn stop(&self) {
        let task = self.task.take();
        if let Some(task) = task {
            task.abort();
            // It was aborted or had ended.
            let _ = task.await;
        }
        self.running.take();
        self.pause.resume();
    }

    /// Makes the board hang: its sockets stay open, but nothing is read or
    /// answered.
    pub(crate) fn hold(&self) {
        self.pause.pause();
    }

    /// Lets the board continue.
    pub(crate) fn release(&self) {
        self.pause.resume();
    }

    fn boot(&self, reason: ResetReason) -> Result<Running, PlanError> {
        let mut plan = self.plan.clone();
        let (version, crashed) = self.boot_image();
        plan.identity.version = version;
        let reason = if crashed { ResetReason::Panic } else { reason };
        let simulation = Simulation::new(self.seed, &plan, self.samples_per_second);
        let simulation = simulation
            .with_update_slot(Slot(Rc::clone(&self.flash)))
            .reset_by(reason);
        let retained = self.memory.borrow().retained();
        // Not from the seed: another process with the same seed is another run
        // of the board.
        let epoch = Epoch(fastrand::u32(..));
        let shared = Rc::new(Shared::new(
            plan,
            &retained,
            epoch,
            simulation,
            HostClock::start(),
        )?);
        self.running.replace(Some(Rc::clone(&shared)));
        Ok(shared)
    }

    /// Boots an image; returns the version that runs and whether there was a
    /// crash: an image that does not come up crashes at once, and that reset
    /// rolls back to the previous one.
    fn boot_image(&self) -> (String, bool) {
        let mut flash = self.flash.borrow_mut();
        let mut image = flash.boot();
        let crashed = image.as_ref().is_none_or(|image| !image.comes_up);
        if crashed {
            image = flash.boot();
        }
        let version = image.map(|image| image.version);
        (
            version.unwrap_or_else(|| self.plan.identity.version.clone()),
            crashed,
        )
    }

    async fn live(self: Rc<Self>, mut acceptor: Acceptor, mut shared: Running) {
        loop {
            let serving = server::serve(&acceptor, &*shared, &self.settings);
            let keeping = shared.keep(async |unsaved| {
                let saved = self.memory.borrow_mut().save(unsaved);
                saved.inspect_err(|error| {
                    eprintln!("{}: cannot save its state: {error}", self.listening().name);
                })
            });
            let calling = server::run_outbound(&Network, &*shared);
            select(
                self.pause.wrap(select3(serving, keeping, calling)),
                self.announce(&shared),
            )
            .await;
            drop(acceptor);
            self.running.take();
            acceptor = match listen_again(self.address.get()).await {
                Ok(acceptor) => acceptor,
                Err(error) => {
                    eprintln!(
                        "{}: cannot listen on {} again: {error}",
                        self.listening().name,
                        self.address.get()
                    );
                    return;
                }
            };
            shared = match self.boot(ResetReason::Software) {
                Ok(shared) => shared,
                Err(error) => {
                    eprintln!("{}: cannot restart: {error}", self.listening().name);
                    return;
                }
            };
        }
    }

    /// Announces the board, and again whenever its announcement changes,
    /// forever.
    async fn announce(&self, shared: &Running) {
        loop {
            let announcement = shared.announcement();
            if let Some(announcer) = &self.announcer
                && let Err(error) = announcer.announce(&announcement, self.address.get()).await
            {
                eprintln!(
                    "{}: cannot be announced: {error}",
                    announcement.friendly_name
                );
            }
            shared.announcement_changed(&announcement).await;
        }
    }
}

/// Listens on the address of a board that restarts.
pub(crate) async fn listen_again(address: SocketAddr) -> io::Result<Acceptor> {
    let begun = Instant::now();
    loop {
        match Acceptor::bind(address) {
            Err(error)
                if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < PORT_PATIENCE =>
            {
                sleep(PORT_RETRY).await;
            }
            done => return done,
        }
    }
}

/// Why a board does not start.
pub(crate) enum StartFailure {
    Plan(PlanError),
    Listen(io::Error),
}
