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

use protocol::{ComponentKey, Kind, State};
use switchboard::fleet::Outcome as CommandOutcome;

use super::{Drag, SLIDERS, TICK, onlooker::Onlooker, value};
use crate::{
    Outcome,
    rows::linked::{Linked, PATIENCE},
};

/// A mixing desk, as the fleet has it, and where else it can be asked.
pub(super) struct Desk {
    linked: Linked,
    board: String,
}

/// What came of one value, and when.
type Told = (u16, u32, CommandOutcome, Instant);

impl Desk {
    /// Connects over `to_board`; `board` is where it is without what lies between.
    pub(super) fn connect(board: &str, to_board: &str) -> Outcome<Self> {
        let linked = Linked::connect(to_board, &fader(0))?;
        Ok(Self { linked, board: board.to_owned() })
    }

    /// Drags all faders, and sees that each value was taken or superseded by a newer one, and that the board has the last of each.
    pub(super) fn drag(&self, ticks: u32) -> Outcome<Drag> {
        let view = self.linked.fleet.board(self.linked.board).ok_or("the board is gone")?;
        let onlooker = Onlooker::start(self.board.clone(), view.client.ok_or("a client without a number")?);
        let open = Arc::new(AtomicUsize::new(0));
        let (tell, told) = channel();
        let (mut most, mut last) = (0, Instant::now());
        let begun = Instant::now();
        for tick in 0..ticks {
            thread::sleep((begun + TICK * tick).saturating_duration_since(Instant::now()));
            most = most.max(open.load(Ordering::Relaxed));
            last = Instant::now();
            for slider in 0..SLIDERS {
                self.give(slider, tick, &open, &tell);
            }
        }
        let (mut sent, mut newest) = (0, last);
        for _ in 0..ticks * u32::from(SLIDERS) {
            let (slider, tick, outcome, at) = told.recv_timeout(PATIENCE).map_err(|_| "a value has no outcome")?;
            match outcome {
                CommandOutcome::Done { .. } => sent += 1,
                CommandOutcome::Superseded if tick + 1 < ticks => {}
                other => return Err(format!("value {tick} of fader {slider}: {other:?}").into()),
            }
            if tick + 1 == ticks {
                newest = newest.max(at);
            }
        }
        let (queued, status) = onlooker.end()?;
        for slider in 0..SLIDERS {
            let (has, given) = (&status[fader(slider).to_string()]["value"], value(slider, ticks.saturating_sub(1)));
            if ticks > 0 && *has != given {
                return Err(format!("the last value of fader {slider} was {given}, the board has {has}").into());
            }
        }
        Ok(Drag { newest: newest - last, open: most, queued, sent, lasted: newest - begun })
    }

    fn give(&self, slider: u16, tick: u32, open: &Arc<AtomicUsize>, tell: &Sender<Told>) {
        open.fetch_add(1, Ordering::Relaxed);
        let (open, tell) = (Arc::clone(open), tell.clone());
        let reply = move |outcome| {
            open.fetch_sub(1, Ordering::Relaxed);
            // It is waited for, unless something else went wrong.
            let _ = tell.send((slider, tick, outcome, Instant::now()));
        };
        let change = State::new().with("value", value(slider, tick));
        self.linked.fleet.set(self.linked.board, &fader(slider), change, Some(Box::new(reply)));
    }

    /// One fader at the same pace, each value after the one before was confirmed.
    pub(super) fn single(&self, values: u32) -> Outcome<Vec<Duration>> {
        let mut times = Vec::new();
        for tick in 0..values {
            thread::sleep(TICK);
            times.push(self.linked.set(&fader(0), State::new().with("value", value(0, tick + 1)))?);
        }
        Ok(times)
    }
}

fn fader(slider: u16) -> ComponentKey {
    ComponentKey::new(Kind::Number, slider)
}
