//! A lamp that a fleet is connected to.

use std::{
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use engine::Transport;
use fleet::Outcome as CommandOutcome;
use protocol::{ComponentKey, Kind, State};

use super::{Commander, Pace};
use crate::{
    Outcome,
    figures::median_and_p99,
    rows::linked::{Linked, TIMEOUT},
};

/// Commands it as a window does: from another thread than the fleet's.
pub(super) struct Lamp(Arc<Linked>);

impl Lamp {
    pub(super) fn connect(address: &str, transport: Transport) -> Outcome<Self> {
        Ok(Self(Arc::new(Linked::connect(
            address,
            &light(),
            transport,
        )?)))
    }

    /// Commands the same lamp from the reply to the previous command, without
    /// another thread.
    pub(super) fn chained(&self) -> Chained<'_> {
        Chained(self)
    }
}

impl Commander for &Lamp {
    fn round(&self, pace: Pace, commands: u32) -> Outcome<(f64, f64)> {
        let mut times = Vec::new();
        for number in 0..commands {
            pace.wait();
            times.push(self.0.set(&light(), change(number))?);
        }
        Ok(median_and_p99(times).ok_or("no commands")?)
    }
}

pub(super) struct Chained<'a>(&'a Lamp);

impl Commander for Chained<'_> {
    /// Without gaps, whatever the pace: a reply must not block.
    fn round(&self, _: Pace, commands: u32) -> Outcome<(f64, f64)> {
        let (done, times) = channel();
        give(&self.0.0, commands, Vec::new(), done);
        let times = times
            .recv_timeout(TIMEOUT)
            .map_err(|_| "a command was not confirmed")?;
        Ok(median_and_p99(times).ok_or("no commands")?)
    }
}

/// Sends this many commands, each from the reply to the previous one. The
/// sender is dropped silently if one is not confirmed.
fn give(lamp: &Arc<Linked>, left: u32, mut times: Vec<Duration>, done: Sender<Vec<Duration>>) {
    if left == 0 {
        // The receiver waits for it.
        let _ = done.send(times);
        return;
    }
    let begun = Instant::now();
    let again = Arc::clone(lamp);
    let tell = move |outcome: CommandOutcome| {
        times.push(begun.elapsed());
        if let CommandOutcome::Done { .. } = outcome {
            give(&again, left - 1, times, done);
        }
    };
    lamp.fleet
        .set(lamp.board, &light(), change(left), Some(Box::new(tell)));
}

fn light() -> ComponentKey {
    ComponentKey::new(Kind::Light, 0)
}

/// A different value each time.
fn change(number: u32) -> State {
    State::new()
        .with("on", true)
        .with("ct_k", 3000)
        .with("brightness", number % 100)
}
