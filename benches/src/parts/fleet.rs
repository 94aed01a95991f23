//! The app's core without a window. It is drained as the window drains it: when
//! it is woken, at most 60 times per second.

use std::{
    collections::BTreeSet,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use ::fleet::{BoardKey, Fleet, LinkState, LogEvent, Settings, Transport, Watch};

use super::{Shared, addresses, answer_with};
use crate::{Outcome, counts::Counts};

/// A frame of a 60 Hz screen.
const FRAME: Duration = Duration::from_micros(16_667);

/// Prints a line when all boards are connected, and then the counts for each
/// line on standard input.
pub(super) fn run(transport: Transport) -> Outcome<()> {
    let addresses = addresses()?;
    let wanted = addresses.len();
    let fleet = Fleet::start(Settings {
        discovery: None,
        addresses,
        transport,
        ..Settings::default()
    })?;
    let (wake, woken) = channel();
    let mut watch = fleet.watch(move || {
        // At the end there is no receiver any more.
        let _ = wake.send(());
    });
    let counts = Shared::default();
    answer_with(counts.clone());
    let mut connected = BTreeSet::new();
    let mut ready = false;
    loop {
        match woken.recv_timeout(Duration::from_secs(60)) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("the fleet has ended".into()),
        }
        take(&mut watch, &mut connected, &mut counts.lock());
        if !ready && connected.len() >= wanted {
            ready = true;
            println!("connected");
        }
        thread::sleep(FRAME);
    }
}

fn take(watch: &mut Watch, connected: &mut BTreeSet<BoardKey>, counts: &mut Counts) {
    let changes = watch.drain();
    for board in changes.boards {
        match board.link {
            LinkState::Connected => connected.insert(board.key),
            _ => connected.remove(&board.key),
        };
    }
    counts.lost += changes.missed;
    for entry in changes.log {
        match &entry.what {
            LogEvent::Changed { .. } => counts.values += 1,
            LogEvent::Resync(_) => counts.resyncs += 1,
            _ => {}
        }
    }
}
