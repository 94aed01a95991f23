//! A quiet phase: all faults are ended, nothing is in flight, and the fleet's
//! state, the board's and the model's are compared.

use std::{
    error::Error,
    thread,
    time::{Duration, Instant},
};

use fleet::{BoardView, LinkState};
use protocol::{Kind, State};
use serde_json::{Value, json};

use crate::{
    board::{Board, Trouble, state_of},
    boards::Bench,
    director::Director,
    model::alike,
    rpc,
    witness::Witness,
};

/// The longest wait of the backoff (60 s), a connection (10 s), and time for a
/// loaded machine.
const CONNECTED_WITHIN: Duration = Duration::from_secs(90);

/// A command is given up 5 s after the click, also one that waits behind
/// another; a restart that was late takes longer.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

impl Director {
    /// Ends all faults and compares.
    pub(crate) fn quiet(&mut self, when: &str) -> Result<(), Box<dyn Error>> {
        self.mend(|trouble| *trouble != Trouble::None)?;
        let begun = Instant::now();
        while self.busy() && begun.elapsed() < SETTLED_WITHIN {
            self.listen_until(Instant::now() + Duration::from_millis(50));
        }
        if self.busy() {
            self.figures.mismatch(&format!(
                "{when}: commands have no outcome after {SETTLED_WITHIN:?}"
            ));
        }
        // Commands in the sockets of boards that hung are done now, if ever.
        self.listen_until(begun + Duration::from_secs(1));
        let connected = |board: &Board, fleet: &fleet::Fleet| {
            fleet
                .board(board.key)
                .is_some_and(|view| view.link == LinkState::Connected)
        };
        while begun.elapsed() < CONNECTED_WITHIN
            && !self
                .boards
                .iter()
                .all(|board| connected(board, &self.fleet))
        {
            self.listen_until(Instant::now() + Duration::from_millis(50));
        }
        self.figures.mended.push(begun.elapsed());
        let mended = begun.elapsed().as_secs_f64();
        for at in 0..self.boards.len() {
            self.compare(at);
        }
        println!(
            "{when}  recovered in {mended:>4.1} s, {:>6} commands, {:>7} pushes, {} mismatches, {}",
            self.figures.commands.values().sum::<u64>(),
            self.figures.pushes,
            self.figures.mismatches,
            self.meter.say(&self.bench.processes())?
        );
        if let (Some(memory), Bench::Programs(programs)) = (&mut self.meter.memory, &self.bench)
            && self.figures.mended.len() > 1
        {
            memory.sample(&programs.processes())?;
        }
        Ok(())
    }

    /// Compares the fleet's state, the board's and the model's.
    fn compare(&mut self, at: usize) {
        let deadline = Instant::now() + SETTLED_WITHIN;
        loop {
            let Some(board) = self.boards.get(at) else {
                return;
            };
            let outcome = look_at(board, &self.fleet, &self.witnesses);
            match outcome {
                Ok(status) => return self.settle(at, &status),
                Err(problem) if Instant::now() > deadline => {
                    let problem = format!("{} at {}: {problem}", board.id, board.address);
                    return self.figures.mismatch(&problem);
                }
                // A late restart, or a push in flight.
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Fleet and board agree: is the state possible, and was nothing done more
    /// often than requested?
    fn settle(&mut self, at: usize, status: &Value) {
        let now = Instant::now();
        let Some(board) = self.boards.get_mut(at) else {
            return;
        };
        for (key, component) in &mut board.components {
            let Some(state) = state_of(status, key) else {
                self.figures
                    .mismatch(&format!("{} no longer has {key}", board.id));
                continue;
            };
            self.figures.compared += 1;
            let allowed = component.allowed();
            if component.vague {
                self.figures.vague += 1;
            } else if !allowed.iter().any(|allowed| alike(allowed, &state)) {
                let allowed: Vec<_> = allowed
                    .iter()
                    .map(|state| json!(state).to_string())
                    .collect();
                let problem = format!(
                    "{} {key} is {}; may be {}",
                    board.id,
                    json!(state),
                    allowed.join(" or ")
                );
                self.figures.mismatch(&problem);
            }
            component.is(now, state);
        }
        let sent = std::mem::take(&mut board.sent);
        for witness in &self.witnesses {
            for problem in witness.problems(&board.id) {
                self.figures.mismatch(&format!("{}: {problem}", board.id));
            }
        }
        let deeds = self
            .witnesses
            .first()
            .map(|witness| witness.take(&board.id));
        for (controller @ (epoch, number), deeds) in deeds.into_iter().flatten() {
            // Number 0 stands for `POST`.
            for (key, times) in deeds.into_iter().filter(|_| number != 0) {
                if !matches!(key.kind, Kind::Switch | Kind::Button)
                    || board.interlocked.contains(&key)
                {
                    continue;
                }
                let at_most = sent
                    .get(&controller)
                    .and_then(|deeds| deeds.get(&key))
                    .copied()
                    .unwrap_or_default();
                self.figures.witnessed += u64::from(times);
                if times > at_most {
                    let who = format!("controller {number} in run {epoch}");
                    let problem = format!(
                        "{} {key}: {who} did {times} times what was requested {at_most}",
                        board.id
                    );
                    self.figures.mismatch(&problem);
                }
            }
        }
    }

    /// Prints everything, and returns the number of mismatches.
    pub(crate) fn summary(&mut self, took: Duration) -> Result<u64, Box<dyn Error>> {
        let figures = &self.figures;
        let seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let rate = |count: u64| count as f64 / seconds;
        let commands: u64 = figures.commands.values().sum();
        println!(
            "\nafter {seconds:.0} s, with {} quiet phases",
            figures.mended.len()
        );
        println!(
            "  commands      {commands:>8}  {:>7.1} per second",
            rate(commands)
        );
        figures
            .commands
            .iter()
            .for_each(|(who, count)| println!("    {count:>10}  {who}"));
        println!("  outcomes");
        figures
            .outcomes
            .iter()
            .for_each(|(what, count)| println!("    {count:>10}  {what}"));
        println!(
            "  faults        {:>8}",
            figures.faults.values().sum::<u64>()
        );
        figures
            .faults
            .iter()
            .for_each(|(what, count)| println!("    {count:>10}  {what}"));
        println!(
            "  pushes        {:>8}  {:>7.1} per second",
            figures.pushes,
            rate(figures.pushes)
        );
        println!(
            "  compared      {:>8}  components; {} of them with too many possible states",
            figures.compared, figures.vague
        );
        println!(
            "  witnessed     {:>8}  toggles, sets and presses by the fleet",
            figures.witnessed
        );
        let longest = figures.mended.iter().max().copied().unwrap_or_default();
        println!(
            "  recovered in  {:>8.1}  s at most: every board connected again",
            longest.as_secs_f64()
        );
        self.meter.table(&self.bench.processes())?;
        if let Some(memory) = &self.meter.memory {
            for problem in memory.judge() {
                self.figures.mismatch(&problem);
            }
        }
        let figures = &self.figures;
        println!("mismatches: {}", figures.mismatches);
        Ok(figures.mismatches)
    }
}

/// The board's state, if the fleet and every witness show the same.
fn look_at(board: &Board, fleet: &fleet::Fleet, witnesses: &[Witness]) -> Result<Value, String> {
    let view = || {
        fleet
            .board(board.key)
            .ok_or_else(|| "the fleet does not know it".to_owned())
    };
    let before = view()?;
    let status = rpc::call(board.address, "Device.GetStatus", &json!({}))
        .map_err(|error| error.to_string())?;
    let after = view()?;
    if after.link != LinkState::Connected {
        return Err(format!("is {:?}", after.link));
    }
    if *after.address != *board.address.to_string() {
        return Err(format!("the link goes to {}", after.address));
    }
    for witness in witnesses {
        witness.compare(&board.id, &status["result"])?;
    }
    // A sensor may change between the request and the response: the state
    // before or after is accepted.
    match differs(&before, &status).and(differs(&after, &status)) {
        None => Ok(status),
        Some(difference) => Err(difference),
    }
}

/// The difference between the fleet's state and the board's.
fn differs(view: &BoardView, status: &Value) -> Option<String> {
    view.components.iter().find_map(|component| {
        let key = &component.descriptor.key;
        if key.kind == Kind::Button {
            return None;
        }
        let said = status["result"][key.to_string()]
            .as_object()
            .map(|state| State::from(state.clone()))
            .unwrap_or_default();
        let shown = component.shown();
        (!alike(&shown, &said))
            .then(|| format!("{key} is shown as {}, and is {}", json!(shown), json!(said)))
    })
}
