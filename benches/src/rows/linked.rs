//! A board in another process that a fleet is connected to.

use std::{
    sync::mpsc::{Receiver, channel, sync_channel},
    time::{Duration, Instant},
};

use engine::{Settings, Transport};
use fleet::{BoardKey, Fleet, LinkState, Outcome as CommandOutcome, Watch};
use protocol::{ComponentKey, State};

use crate::Outcome;

/// How long connecting, or confirming a command, may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Waits until the board of a fleet is connected and this component is known.
/// `woken` receives a message when there is something to drain.
pub(super) fn connected<T>(
    watch: &mut Watch,
    woken: &Receiver<T>,
    component: &ComponentKey,
) -> Outcome<BoardKey> {
    let end = Instant::now() + TIMEOUT;
    loop {
        for board in watch.drain().boards {
            let there = board
                .components
                .iter()
                .any(|known| known.descriptor.key == *component);
            if board.link == LinkState::Connected && there {
                return Ok(board.key);
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        woken
            .recv_timeout(left)
            .map_err(|_| "the board is not connected")?;
    }
}

/// A fleet of one board.
pub(super) struct Linked {
    pub(super) fleet: Fleet,
    pub(super) board: BoardKey,
}

impl Linked {
    /// Connects, and waits until this component is known.
    pub(super) fn connect(
        address: &str,
        component: &ComponentKey,
        transport: Transport,
    ) -> Outcome<Self> {
        let addresses = vec![address.to_owned()];
        let fleet = engine::start(Settings {
            discovery: None,
            addresses,
            transport,
            ..Settings::default()
        })?;
        let (wake, woken) = channel();
        let mut watch = fleet.watch(move |_| {
            // There is no receiver once the board is connected.
            let _ = wake.send(());
        });
        let board = connected(&mut watch, &woken, component)?;
        Ok(Self { fleet, board })
    }

    /// How long a change takes, from the method call until the fleet reports it
    /// as confirmed.
    pub(super) fn set(&self, component: &ComponentKey, change: State) -> Outcome<Duration> {
        let (reply, replied) = sync_channel(1);
        let begun = Instant::now();
        let tell = move |outcome: CommandOutcome| {
            // The receiver waits for it.
            let _ = reply.send((begun.elapsed(), outcome));
        };
        self.fleet
            .set(self.board, component, change, Some(Box::new(tell)));
        let (took, outcome) = replied
            .recv_timeout(TIMEOUT)
            .map_err(|_| "a command was not answered")?;
        match outcome {
            CommandOutcome::Done { .. } => Ok(took),
            other => Err(format!("a command was not confirmed: {other:?}").into()),
        }
    }
}
