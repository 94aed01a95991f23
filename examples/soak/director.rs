//! Sends commands and reports their outcomes to the model. Faults are made in
//! `faults`, and comparing is done in `quiet`.

use std::{
    collections::HashMap,
    error::Error,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use engine::{Interfaces, Lookout, Settings};
use fastrand::Rng;
use fleet::{BoardView, Changes, Fleet, LinkState, LogEvent, Outcome, Reply, Watch};
use protocol::{ComponentKey, Kind, Object, State};
use serde_json::{Value, json};

use crate::{
    board::{Board, Trouble, button, connection, light},
    boards::Bench,
    figures::{Figures, Meter},
    model::{Effect, Fate},
    rpc::{self, CallError},
    witness::{Controller, Witness},
};

/// How many requests of the second controller are in flight at the same time.
const SECOND: usize = 4;

/// How long finding and connecting all boards may take at the start.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The outcome of a command, and whose it was.
struct Told {
    board: usize,
    component: ComponentKey,
    number: u64,
    what: What,
}

enum What {
    /// Of the fleet, with what the witness may see of it, and the connection
    /// over which it was sent.
    Fleet {
        outcome: Outcome,
        deed: ComponentKey,
        given_over: Option<Controller>,
    },
    /// Of the second controller.
    Second(Fate),
    /// Of the fleet, and must be refused.
    Impossible(Outcome),
}

/// A request for the second controller.
struct Call {
    board: usize,
    component: ComponentKey,
    number: u64,
    address: SocketAddr,
    method: &'static str,
    params: Value,
}

pub(crate) struct Director {
    pub(crate) fleet: Fleet,
    watch: Watch,
    pub(crate) bench: Bench,
    pub(crate) boards: Vec<Board>,
    /// The first one counts for the model; all follow the state.
    pub(crate) witnesses: Vec<Witness>,
    pub(crate) figures: Figures,
    pub(crate) meter: Meter,
    pub(crate) chance: Rng,
    numbers: u64,
    tell: Sender<Told>,
    told: Receiver<Told>,
    second: Sender<Call>,
    looked: Instant,
}

impl Director {
    /// Starts the boards and the fleet, and waits until all are connected.
    pub(crate) fn start(
        program: Option<&str>,
        boards: usize,
        seed: u64,
        service: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let bench = Bench::start(program, boards, seed, service)?;
        let lookout = Lookout::only(service, Interfaces::Loopback);
        let settings = Settings {
            discovery: Some(lookout),
            ..Settings::default()
        };
        let fleet = engine::start(settings)?;
        let mut watch = fleet.watch(|_| {});
        let views = all_connected(&mut watch, boards)?;
        let mut list = Vec::new();
        let listening = bench.list();
        for (id, address) in &listening {
            let view = views
                .get(id.as_str())
                .ok_or_else(|| format!("{id} was not found"))?;
            let status = rpc::call(*address, "Device.GetStatus", &json!({}))?;
            list.push(Board::new(
                id.clone(),
                *address,
                view,
                &status,
                program.is_some(),
            ));
        }
        // With the fleet, a program has as many controllers as it has slots.
        let witnesses = if program.is_some() { 3 } else { 1 };
        let witnesses = (0..witnesses)
            .map(|_| Witness::start(&listening))
            .collect::<Result<_, _>>()?;
        let (tell, told) = mpsc::channel();
        let second = second_controller(&tell)?;
        let meter = Meter::new(program.is_some());
        Ok(Self {
            fleet,
            watch,
            bench,
            boards: list,
            witnesses,
            figures: Figures::default(),
            meter,
            chance: Rng::with_seed(seed),
            numbers: 0,
            tell,
            told,
            second,
            looked: Instant::now(),
        })
    }

    /// A random length for the next storm, up to this.
    pub(crate) fn storm_length(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(0.3 + 0.7 * self.chance.f64())
    }

    /// Sends commands, and makes faults if wanted, for this long.
    pub(crate) fn storm(
        &mut self,
        length: Duration,
        rate: f64,
        faults: bool,
    ) -> Result<(), Box<dyn Error>> {
        let end = Instant::now() + length;
        let between = |chance: &mut Rng, rate: f64| {
            Duration::from_secs_f64(-(1.0 - chance.f64()).ln() / rate)
        };
        // One fault per second for each hundred boards; programs are few.
        let boards_per_fault = if self.bench.are_programs() {
            50.0
        } else {
            100.0
        };
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let fault_rate = self.boards.len() as f64 / boards_per_fault;
        let mut next_command = Instant::now();
        let mut next_fault = Instant::now() + between(&mut self.chance, fault_rate);
        while Instant::now() < end {
            self.listen_until(next_command.min(next_fault).min(end));
            let now = Instant::now();
            if now >= next_command {
                self.command()?;
                next_command += between(&mut self.chance, rate);
            }
            if now >= next_fault {
                if faults {
                    self.fault(now, end)?;
                }
                next_fault += between(&mut self.chance, fault_rate);
            }
            self.mend(|trouble| match *trouble {
                Trouble::None => false,
                Trouble::NoPower { until, .. } | Trouble::Hangs { until, .. } => until <= now,
            })?;
            if now.duration_since(self.looked) > Duration::from_secs(1) {
                self.looked = now;
                self.look();
            }
        }
        Ok(())
    }

    /// Processes events until then.
    pub(crate) fn listen_until(&mut self, end: Instant) {
        while let Ok(told) = self
            .told
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.hear(&told);
        }
        let Changes { log, missed, .. } = self.watch.drain();
        self.figures.pushes += missed;
        for entry in log {
            if matches!(
                entry.what,
                LogEvent::Changed { .. } | LogEvent::Event { .. }
            ) {
                self.figures.pushes += 1;
            }
        }
    }

    fn hear(&mut self, told: &Told) {
        let now = Instant::now();
        let Some(board) = self.boards.get_mut(told.board) else {
            return;
        };
        let (fate, word) = match &told.what {
            What::Second(fate) => (*fate, "answered to the second controller"),
            What::Fleet {
                outcome,
                deed,
                given_over,
            } => {
                // It was sent over the connection of that time, or over the
                // current one.
                let connection = self
                    .fleet
                    .board(board.key)
                    .and_then(|view| connection(&view));
                if connection != *given_over {
                    board.note(connection, deed);
                }
                match outcome {
                    Outcome::Done { .. } => (Fate::Done, "done"),
                    Outcome::Refused(error) if error.data.reason == "rebooting" => {
                        (Fate::NotDone, "refused")
                    }
                    Outcome::Refused(error) => {
                        self.figures.mismatch(&format!(
                            "{} {}: refused: {error}",
                            board.id, told.component
                        ));
                        (Fate::NotDone, "refused")
                    }
                    Outcome::Unconfirmed => (Fate::Maybe, "unconfirmed"),
                    Outcome::LinkLost => (Fate::Maybe, "link lost"),
                    Outcome::NotConnected => (Fate::NotDone, "not connected"),
                    Outcome::Superseded => (Fate::Merged, "superseded by a newer one"),
                }
            }
            What::Impossible(outcome) => {
                if matches!(outcome, Outcome::Done { .. }) {
                    self.figures.mismatch(&format!(
                        "{} {}: done, but must be refused",
                        board.id, told.component
                    ));
                }
                (Fate::NotDone, "impossible, and not done")
            }
        };
        Figures::one(&mut self.figures.outcomes, word);
        if let Some(component) = board.components.get_mut(&told.component) {
            component.ended(now, told.number, fate);
        }
    }

    /// Whether a command has no outcome yet.
    pub(crate) fn busy(&self) -> bool {
        self.boards
            .iter()
            .any(|board| board.components.values().any(|component| component.busy()))
    }

    fn command(&mut self) -> Result<(), Box<dyn Error>> {
        let board = self.chance.usize(..self.boards.len());
        let Some(there) = self.boards.get(board) else {
            return Ok(());
        };
        let keys: Vec<_> = there.components.keys().cloned().collect();
        if keys.is_empty() {
            // A weather station: nothing to command.
            return Ok(());
        }
        let key = keys[self.chance.usize(..keys.len())].clone();
        if there
            .components
            .get(&key)
            .is_none_or(|component| component.busy())
        {
            return Ok(());
        }
        let press = key == light() && there.button && self.chance.bool();
        // Few boards get as many commands as many.
        let seldom = if self.bench.are_programs() { 120 } else { 12 };
        match self.chance.u8(..20) {
            0..=2 => self.by_hand(board, &key, press),
            3..=5 => self.by_the_second(board, &key, press),
            6 => self.impossible(board, &key),
            7 if self.chance.u8(..seldom) == 0 => self.reboot(board),
            _ => self.by_the_fleet(board, &key, press),
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn by_the_fleet(
        &mut self,
        at: usize,
        key: &ComponentKey,
        press: bool,
    ) -> Result<(), Box<dyn Error>> {
        // Switches with even numbers are only toggled by the fleet, so that the
        // witness can count.
        let toggle = key.kind == Kind::Switch && key.id.is_multiple_of(2);
        let times = if press || toggle {
            1
        } else {
            [1, 1, 1, 2, 4][self.chance.usize(..5)]
        };
        for _ in 0..times {
            let number = self.number();
            let deed = if press { button() } else { key.clone() };
            let effect = if press || toggle {
                Effect::Flip
            } else {
                Effect::Set(self.change(key))
            };
            let Some(board) = self.boards.get_mut(at) else {
                return Ok(());
            };
            let given_over = self
                .fleet
                .board(board.key)
                .and_then(|view| connection(&view));
            board.note(given_over, &deed);
            let done = deed.clone();
            let what = move |outcome| What::Fleet {
                outcome,
                deed: done,
                given_over,
            };
            let reply = reply(&self.tell, at, key, number, what);
            if let Some(component) = board.components.get_mut(key) {
                component.give(number, effect.clone());
            }
            match effect {
                Effect::Flip if press => self.fleet.press(board.key, &deed, reply),
                Effect::Flip => self.fleet.toggle(board.key, key, reply),
                Effect::Set(change) => self.fleet.set(board.key, key, change, reply),
                // Only by `reboot`.
                Effect::Return(_) => {}
            }
            Figures::one(
                &mut self.figures.commands,
                if press {
                    "presses by the fleet"
                } else {
                    "by the fleet"
                },
            );
        }
        Ok(())
    }

    fn by_the_second(
        &mut self,
        at: usize,
        key: &ComponentKey,
        press: bool,
    ) -> Result<(), Box<dyn Error>> {
        let toggle = key.kind == Kind::Switch && self.chance.bool();
        let change = self.change(key);
        let (method, mut params, effect) = match (&key.kind, press, toggle) {
            (_, true, _) => ("Button.Press", Object::new(), Effect::Flip),
            (_, _, true) => ("Switch.Toggle", Object::new(), Effect::Flip),
            (Kind::Switch, ..) => ("Switch.Set", change.0.clone().into(), Effect::Set(change)),
            (Kind::Light, ..) => ("Light.Set", change.0.clone().into(), Effect::Set(change)),
            (Kind::Number, ..) => ("Number.Set", change.0.clone().into(), Effect::Set(change)),
            (Kind::Select, ..) => ("Select.Set", change.0.clone().into(), Effect::Set(change)),
            _ => ("Text.Set", change.0.clone().into(), Effect::Set(change)),
        };
        params.insert("id".to_owned(), json!(key.id));
        let number = self.number();
        let Some(board) = self.boards.get_mut(at) else {
            return Ok(());
        };
        if let Some(component) = board.components.get_mut(key) {
            component.give(number, effect);
        }
        Figures::one(&mut self.figures.commands, "by the second controller");
        let (component, params) = (key.clone(), Value::Object(params));
        Ok(self.second.send(Call {
            board: at,
            component,
            number,
            address: board.address,
            method,
            params,
        })?)
    }

    fn by_hand(
        &mut self,
        at: usize,
        key: &ComponentKey,
        press: bool,
    ) -> Result<(), Box<dyn Error>> {
        let change = self.change(key);
        let number = self.number();
        let Some(board) = self.boards.get_mut(at) else {
            return Ok(());
        };
        let (done, effect) = if press {
            (self.bench.press(&board.id, &button())?, Effect::Flip)
        } else {
            (
                self.bench.set(&board.id, key, &change)?,
                Effect::Set(change),
            )
        };
        if let Some(component) = board.components.get_mut(key) {
            component.give(number, effect);
            component.ended(
                Instant::now(),
                number,
                done.as_ref().copied().unwrap_or(Fate::NotDone),
            );
        }
        if let Err(problem) = done
            && !matches!(board.trouble, Trouble::NoPower { .. })
            && !problem.contains("is stopped")
        {
            self.figures.mismatch(&format!(
                "{} {key}: refused at the board: {problem}",
                board.id
            ));
        }
        Figures::one(&mut self.figures.commands, "at the board");
        Ok(())
    }

    /// Something that every board must refuse.
    fn impossible(&mut self, at: usize, key: &ComponentKey) -> Result<(), Box<dyn Error>> {
        let change = match key.kind {
            Kind::Light | Kind::Switch => State::new().with("on", "perhaps"),
            Kind::Number => State::new().with("value", 1e9),
            Kind::Select => State::new().with("value", "no such option"),
            _ => State::new().with("value", "x".repeat(300)),
        };
        let number = self.number();
        let reply = reply(&self.tell, at, key, number, What::Impossible);
        let Some(board) = self.boards.get_mut(at) else {
            return Ok(());
        };
        if let Some(component) = board.components.get_mut(key) {
            component.give(number, Effect::Set(State::new()));
        }
        self.fleet.set(board.key, key, change, reply);
        Figures::one(&mut self.figures.commands, "impossible ones by the fleet");
        Ok(())
    }

    fn reboot(&mut self, at: usize) -> Result<(), Box<dyn Error>> {
        let Some(board) = self.boards.get_mut(at) else {
            return Ok(());
        };
        board.restarts();
        self.fleet
            .call(board.key, "Device.Reboot", Object::new(), None);
        Figures::one(&mut self.figures.commands, "restarts by the fleet");
        Ok(())
    }

    /// A valid change for a component of this kind.
    fn change(&mut self, key: &ComponentKey) -> State {
        let chance = &mut self.chance;
        let state = State::new();
        match key.kind {
            Kind::Switch => state.with("on", chance.bool()),
            // The indicator has no other field.
            Kind::Light if key.id > 0 => state.with("on", chance.bool()),
            Kind::Light => match chance.u8(..5) {
                0 => state.with("on", chance.bool()),
                1 => state.with("brightness", chance.u8(..=100)),
                2 => state.with("rgb", vec![chance.u8(..), chance.u8(..), chance.u8(..)]),
                3 => state.with("ct_k", chance.u16(2200..=6500)),
                _ => state
                    .with("effect", ["none", "candle", "rainbow"][chance.usize(..3)])
                    .with("on", chance.bool()),
            },
            Kind::Number => state.with("value", 5 * chance.u8(..=20)),
            Kind::Select => state.with("value", ["auto", "day", "night"][chance.usize(..3)]),
            _ => {
                self.numbers += 1;
                state.with("value", format!("written {}", self.numbers))
            }
        }
    }
}

/// Reports the outcome of a command of the fleet.
fn reply(
    tell: &Sender<Told>,
    board: usize,
    component: &ComponentKey,
    number: u64,
    what: impl FnOnce(Outcome) -> What + Send + 'static,
) -> Reply {
    let (tell, component) = (tell.clone(), component.clone());
    Some(Box::new(move |outcome| {
        // At the end there is no receiver.
        let _ = tell.send(Told {
            board,
            component,
            number,
            what: what(outcome),
        });
    }))
}

fn all_connected(
    watch: &mut Watch,
    boards: usize,
) -> Result<HashMap<Arc<str>, Arc<BoardView>>, String> {
    let mut views = HashMap::new();
    let deadline = Instant::now() + TIMEOUT;
    while Instant::now() < deadline {
        for board in watch.drain().boards {
            if let (Some(id), LinkState::Connected) = (board.id.clone(), &board.link) {
                views.insert(id, board);
            }
        }
        if views.len() >= boards {
            return Ok(views);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(format!(
        "only {} of {boards} boards are connected after {TIMEOUT:?}",
        views.len()
    ))
}

/// Threads that send requests by `POST`, and the channel to them.
fn second_controller(tell: &Sender<Told>) -> Result<Sender<Call>, Box<dyn Error>> {
    let (calls, waiting) = mpsc::channel::<Call>();
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..SECOND {
        let (waiting, tell) = (Arc::clone(&waiting), tell.clone());
        thread::Builder::new()
            .name("second".to_owned())
            .spawn(move || {
                loop {
                    let call = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok(Call {
                        board,
                        component,
                        number,
                        address,
                        method,
                        params,
                    }) = call
                    else {
                        return;
                    };
                    let fate = match rpc::call(address, method, &params) {
                        Ok(answer) if answer.get("result").is_some() => Fate::Done,
                        Ok(_) | Err(CallError::NotConnected(_)) => Fate::NotDone,
                        Err(CallError::NoAnswer(_)) => Fate::Maybe,
                    };
                    if tell
                        .send(Told {
                            board,
                            component,
                            number,
                            what: What::Second(fate),
                        })
                        .is_err()
                    {
                        return;
                    }
                }
            })?;
    }
    Ok(calls)
}
