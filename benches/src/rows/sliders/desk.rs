//! Ours: ten faders of a virtual mixing desk, dragged through the fleet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use engine::Transport;
use fleet::Outcome as CommandOutcome;
use protocol::{ComponentKey, Kind, State};

use super::{Drag, SLIDERS, TICK, inspector::Inspector, value};
use crate::{
    Outcome,
    rows::linked::{Linked, TIMEOUT},
};

/// A mixing desk that a fleet is connected to, and the address at which it can
/// be asked directly.
pub(super) struct Desk {
    linked: Linked,
    board: String,
}

/// The outcome of one value, and when it was known.
type ValueOutcome = (u16, u32, CommandOutcome, Instant);

/// The outcomes of a drag's values.
struct Answers {
    ticks: u32,
    /// Values that were sent to the board and confirmed.
    sent: u32,
    received: u32,
    /// When the last of the newest values was confirmed.
    newest: Option<Instant>,
}

impl Answers {
    fn take(&mut self, (slider, tick, outcome, at): ValueOutcome) -> Outcome<()> {
        let is_newest = tick + 1 == self.ticks;
        match outcome {
            CommandOutcome::Done { .. } => self.sent += 1,
            CommandOutcome::Superseded if !is_newest => {}
            other => return Err(format!("value {tick} of fader {slider}: {other:?}").into()),
        }
        self.received += 1;
        if is_newest {
            self.newest = self.newest.max(Some(at));
        }
        Ok(())
    }
}

impl Desk {
    /// Connects through `to_board`; `board` is its direct address.
    pub(super) fn connect(board: &str, to_board: &str) -> Outcome<Self> {
        let linked = Linked::connect(to_board, &fader(0), Transport::default())?;
        Ok(Self {
            linked,
            board: board.to_owned(),
        })
    }

    /// Drags all faders, and verifies that each value was done or superseded by
    /// a newer one, and that the board has the last value of each.
    pub(super) fn drag(&self, ticks: u32) -> Outcome<Drag> {
        let view = self
            .linked
            .fleet
            .board(self.linked.board)
            .ok_or("the board is gone")?;
        let inspector = Inspector::start(
            self.board.clone(),
            view.client.ok_or("a client without a number")?,
        );
        let open = Arc::new(AtomicUsize::new(0));
        let (tell, told) = channel();
        let mut answers = Answers {
            ticks,
            sent: 0,
            received: 0,
            newest: None,
        };
        let (mut unanswered, mut last) = (Vec::new(), Instant::now());
        let begun = Instant::now();
        for tick in 0..ticks {
            thread::sleep((begun + TICK * tick).saturating_duration_since(Instant::now()));
            unanswered.push(open.load(Ordering::Relaxed));
            last = Instant::now();
            for slider in 0..SLIDERS {
                self.give(slider, tick, &open, &tell);
            }
            told.try_iter().try_for_each(|one| answers.take(one))?;
        }
        // Polls for the last outcomes: waiting for each would take the
        // processor from the code that is measured.
        while answers.received < ticks * u32::from(SLIDERS) {
            if last.elapsed() > TIMEOUT {
                return Err("a value has no outcome".into());
            }
            thread::sleep(TICK);
            told.try_iter().try_for_each(|one| answers.take(one))?;
        }
        let newest = answers.newest.unwrap_or(last);
        let (queued, status) = inspector.end()?;
        for slider in 0..SLIDERS {
            let (has, given) = (
                &status[fader(slider).to_string()]["value"],
                value(slider, ticks.saturating_sub(1)),
            );
            if ticks > 0 && *has != given {
                return Err(format!(
                    "the last value of fader {slider} was {given}, the board has {has}"
                )
                .into());
            }
        }
        Ok(Drag {
            newest: newest - last,
            unanswered,
            queued,
            sent: answers.sent,
            lasted: newest - begun,
        })
    }

    fn give(&self, slider: u16, tick: u32, open: &Arc<AtomicUsize>, tell: &Sender<ValueOutcome>) {
        open.fetch_add(1, Ordering::Relaxed);
        let (open, tell) = (Arc::clone(open), tell.clone());
        let reply = move |outcome| {
            open.fetch_sub(1, Ordering::Relaxed);
            // The receiver waits for it, unless something else failed.
            let _ = tell.send((slider, tick, outcome, Instant::now()));
        };
        let change = State::new().with("value", value(slider, tick));
        self.linked.fleet.set(
            self.linked.board,
            &fader(slider),
            change,
            Some(Box::new(reply)),
        );
    }

    /// Moves one fader at the same pace, each value after the previous one was
    /// confirmed.
    pub(super) fn single(&self, values: u32) -> Outcome<Vec<Duration>> {
        let mut times = Vec::new();
        for tick in 0..values {
            thread::sleep(TICK);
            times.push(
                self.linked
                    .set(&fader(0), State::new().with("value", value(0, tick + 1)))?,
            );
        }
        Ok(times)
    }
}

fn fader(slider: u16) -> ComponentKey {
    ComponentKey::new(Kind::Number, slider)
}
