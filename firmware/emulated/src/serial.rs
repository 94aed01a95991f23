//! The serial port: Improv and the commands of the console. The machine has
//! wired Ethernet, so its Wi-Fi is the simulated one of `provisioning`; the
//! credentials are stored in the flash as on a chip. `provisioning` decides
//! what is answered.

use alloc::{collections::VecDeque, vec::Vec};
use core::{net::SocketAddr, time::Duration};

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embedded::time::{now, sleep_until};
use provisioning::{
    About, Action, Attempt, Input, Provisioning,
    pretended::{JOINED_AFTER, Outcome, REFUSED_AFTER, SCANNED_AFTER, join, scan},
};
use storage::Wifi;

use crate::{Board, SERVICE, SavedState, console};

/// A pending report of the simulated radio.
enum RadioEvent {
    Connected { attempt: Attempt, joined: bool },
    Scanned,
}

/// Serves the port forever. `has_network` says whether a network is stored.
pub(crate) async fn run(
    board: &'static Board,
    stack: Stack<'static>,
    saved: &'static SavedState,
    has_network: bool,
) {
    let mut port = Port {
        board,
        stack,
        saved,
        machine: Provisioning::new(),
        console: console::CommandLines::default(),
        pending: Vec::new(),
    };
    if has_network {
        // A board with a stored network joins it at boot.
        stack.wait_config_up().await;
        let input = Input::Network(port.address());
        port.handle(input).await;
    }
    loop {
        let mut bytes = [0; 64];
        let next = port
            .pending
            .iter()
            .map(|(at, _)| *at)
            .chain(port.machine.next_deadline())
            .min();
        let due = sleep_until(next);
        match select(console::read(&mut bytes), due).await {
            Either::First(read) => {
                port.handle(Input::Bytes(bytes.get(..read).unwrap_or_default()))
                    .await;
            }
            Either::Second(()) => port.catch_up().await,
        }
    }
}

struct Port {
    board: &'static Board,
    stack: Stack<'static>,
    saved: &'static SavedState,
    machine: Provisioning,
    console: console::CommandLines,
    pending: Vec<(Duration, RadioEvent)>,
}

impl Port {
    /// Handles what is due.
    async fn catch_up(&mut self) {
        while let Some(due) = self.pending.iter().position(|(at, _)| *at <= now()) {
            match self.pending.remove(due).1 {
                RadioEvent::Connected { attempt, joined } => {
                    let address = if joined { self.address() } else { None };
                    self.handle(Input::Connected { attempt, address }).await;
                }
                RadioEvent::Scanned => self.handle(Input::Scanned(Some(scan()))).await,
            }
        }
        let actions = self.machine.run_until(now(), &about(self.board));
        self.carry_out(actions).await;
    }

    async fn handle(&mut self, input: Input<'_>) {
        let actions = self.machine.handle(now(), input, &about(self.board));
        self.carry_out(actions).await;
    }

    async fn carry_out(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            if let Some(input) = self.act(action).await {
                actions.extend(self.machine.handle(now(), input, &about(self.board)));
            }
        }
    }

    async fn act(&mut self, action: Action) -> Option<Input<'static>> {
        match action {
            Action::Send(packet) => console::send(&packet),
            Action::Text(text) => self.console.read(&text, self.board),
            Action::Connect {
                attempt,
                credentials,
            } => {
                self.pending
                    .retain(|(_, pending)| matches!(pending, RadioEvent::Scanned));
                match join(&credentials) {
                    Outcome::Joined => self.later(
                        JOINED_AFTER,
                        RadioEvent::Connected {
                            attempt,
                            joined: true,
                        },
                    ),
                    Outcome::Refused => self.later(
                        REFUSED_AFTER,
                        RadioEvent::Connected {
                            attempt,
                            joined: false,
                        },
                    ),
                    Outcome::Nothing => {}
                }
            }
            // The wired connection stays.
            Action::Abandon => {}
            Action::Store(credentials) => {
                let wifi = Wifi::new(credentials.ssid(), credentials.password().reveal()).ok()?;
                return Some(Input::Stored(self.saved.save_wifi(&wifi).await));
            }
            Action::Scan => self.later(SCANNED_AFTER, RadioEvent::Scanned),
            Action::Rename(name) => return Some(Input::Renamed(self.board.rename(&name).is_ok())),
        }
        None
    }

    fn later(&mut self, after: Duration, pending: RadioEvent) {
        self.pending.push((now() + after, pending));
    }

    /// The board's address on the wired network.
    fn address(&self) -> Option<SocketAddr> {
        self.stack
            .config_v4()
            .map(|config| SocketAddr::from((config.address.address(), SERVICE.port)))
    }
}

fn about(board: &Board) -> About {
    let identity = board.identity();
    About {
        version: identity.version,
        chip: identity.platform,
        name: identity.name,
        hostname: identity.id,
    }
}
