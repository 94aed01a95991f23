//! The life of one board: it boots, serves, reboots, loses its power and gets
//! it back.

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
    clock::DeskClock,
    flash::{Flash, Slot},
    held::Grip,
    memory::Memory,
    network::Network,
    options::Listening,
    simulation::Simulation,
    socket::Acceptor,
};

type Running = Rc<Shared<Simulation, DeskClock>>;

/// A board, whether it has power or not.
pub(crate) struct Life {
    plan: Plan,
    memory: RefCell<Memory>,
    flash: Rc<RefCell<Flash>>,
    seed: u64,
    samples_per_second: Option<f64>,
    settings: ServerSettings,
    address: Cell<SocketAddr>,
    running: RefCell<Option<Running>>,
    task: RefCell<Option<JoinHandle<()>>>,
    grip: Grip,
    announcer: Option<Rc<Announcer>>,
}

/// How long a board waits for its own port when it boots again: connections of
/// before may be in its way.
const PORT_PATIENCE: Duration = Duration::from_secs(5);

/// How often it tries.
const PORT_RETRY: Duration = Duration::from_millis(20);

impl Life {
    pub(crate) fn new(
        plan: Plan,
        memory: Memory,
        seed: u64,
        samples_per_second: Option<f64>,
        address: SocketAddr,
        announcer: Option<Rc<Announcer>>,
        settings: ServerSettings,
    ) -> Self {
        let flash = Flash::with(plan.identity.version.clone());
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
            grip: Grip::default(),
            announcer,
        }
    }

    /// What it is called, and where it listens or listened.
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

    /// The board while it has power.
    pub(crate) fn running(&self) -> Option<Running> {
        self.running.borrow().clone()
    }

    /// Gives it power; it listens where `acceptor` does. Only within the
    /// runtime of the boards.
    ///
    /// # Errors
    /// Where the board cannot be built.
    pub(crate) fn start(self: &Rc<Self>, acceptor: Acceptor) -> Result<(), StartFailure> {
        self.address
            .set(acceptor.address().map_err(StartFailure::Listen)?);
        let shared = self
            .boot(ResetReason::PowerOn)
            .map_err(StartFailure::Plan)?;
        // A board with many clients does more at once than tokio grants a task;
        // the server itself sees to it that each has its turn.
        let task = spawn_local(unconstrained(Rc::clone(self).live(acceptor, shared)));
        self.task.replace(Some(task));
        Ok(())
    }

    /// Whether it was told, and has kept, whom it calls.
    pub(crate) fn knows_whom_to_call(&self) -> bool {
        self.memory.borrow().knows_whom_to_call()
    }

    /// Takes its power: all sockets are closed when this is over, and nobody
    /// was told.
    pub(crate) async fn stop(&self) {
        let task = self.task.take();
        if let Some(task) = task {
            task.abort();
            // It was told to end, or had ended.
            let _ = task.await;
        }
        self.running.take();
        self.grip.release();
    }

    /// It hangs: its sockets stay open, nothing is read and nothing is
    /// answered.
    pub(crate) fn hold(&self) {
        self.grip.hold();
    }

    /// It goes on.
    pub(crate) fn release(&self) {
        self.grip.release();
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
        // Of the machine's own randomness: another process with this seed is
        // another run of the board.
        let epoch = Epoch(fastrand::u32(..));
        let shared = Rc::new(Shared::new(
            plan,
            &retained,
            epoch,
            simulation,
            DeskClock::start(),
        )?);
        self.running.replace(Some(Rc::clone(&shared)));
        Ok(shared)
    }

    /// Starts an image, and answers its version and whether there was a crash:
    /// an image that does not come up crashes at once, and with that reset the
    /// one before it comes back.
    fn boot_image(&self) -> (String, bool) {
        let mut flash = self.flash.borrow_mut();
        let crashed = !flash.boot().comes_up;
        if crashed {
            flash.boot();
        }
        (flash.running().version.clone(), crashed)
    }

    async fn live(self: Rc<Self>, mut acceptor: Acceptor, mut shared: Running) {
        loop {
            let serving = server::serve(&acceptor, &*shared, &self.settings);
            let keeping = shared.keep(async |unsaved| {
                let saved = self.memory.borrow_mut().save(unsaved);
                saved.inspect_err(|error| {
                    eprintln!("{} cannot keep its state: {error}", self.listening().name);
                })
            });
            let calling = server::run_outbound(&Network, &*shared);
            select(
                self.grip.on(select3(serving, keeping, calling)),
                self.announce(&shared),
            )
            .await;
            drop(acceptor);
            self.running.take();
            acceptor = match self.listen_again().await {
                Ok(acceptor) => acceptor,
                Err(error) => {
                    eprintln!(
                        "{} cannot listen on {} again: {error}",
                        self.listening().name,
                        self.address.get()
                    );
                    return;
                }
            };
            shared = match self.boot(ResetReason::Software) {
                Ok(shared) => shared,
                Err(error) => {
                    eprintln!("{} cannot boot again: {error}", self.listening().name);
                    return;
                }
            };
        }
    }

    async fn listen_again(&self) -> io::Result<Acceptor> {
        let begun = Instant::now();
        loop {
            match Acceptor::bind(self.address.get()) {
                Err(error)
                    if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < PORT_PATIENCE =>
                {
                    sleep(PORT_RETRY).await;
                }
                done => return done,
            }
        }
    }

    /// Announces the board, and again whenever its name changes, for ever.
    async fn announce(&self, shared: &Running) {
        loop {
            let announcement = shared.announcement();
            if let Some(announcer) = &self.announcer
                && let Err(error) = announcer.announce(&announcement, self.address.get()).await
            {
                eprintln!(
                    "{} cannot be announced: {error}",
                    announcement.friendly_name
                );
            }
            shared.announcement_changed(&announcement).await;
        }
    }
}

/// Why a board gets power and does not boot.
pub(crate) enum StartFailure {
    Plan(PlanError),
    Listen(io::Error),
}
