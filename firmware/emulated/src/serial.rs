//! The serial port as a board's: Improv between the lines of the console. The
//! machine is on a cable, so its Wi-Fi is the pretended one of `provisioning`;
//! what is given to it is kept in the flash like a chip's. Decides nothing:
//! `provisioning` does.

use alloc::{collections::VecDeque, vec::Vec};
use core::{net::SocketAddr, time::Duration};

use embassy_futures::select::{Either, select};
use embassy_net::Stack;
use embassy_time::{Instant, Timer};
use provisioning::{
    About, Action, Attempt, Input, Provisioning,
    pretended::{JOINED_AFTER, Outcome, REFUSED_AFTER, SCANNED_AFTER, join, scan},
};
use storage::Wifi;

use crate::{Board, PORT, SharedStorage, console, say_error};

/// What the pretended radio is going to report.
enum Coming {
    Connected { attempt: Attempt, joined: bool },
    Scanned,
}

/// Talks at the port, for ever.
pub(crate) async fn run(
    board: &'static Board,
    stack: Stack<'static>,
    storage: &'static SharedStorage,
) -> ! {
    let mut desk = Desk {
        board,
        stack,
        storage,
        machine: Provisioning::new(),
        console: console::Lines::default(),
        coming: Vec::new(),
    };
    if let Ok(Some(_)) = storage.lock().await.wifi().await {
        // A board that was given a network joins it at boot.
        stack.wait_config_up().await;
        let input = Input::Network(desk.address());
        desk.handle(input).await;
    }
    loop {
        let mut bytes = [0; 64];
        let next = desk
            .coming
            .iter()
            .map(|(at, _)| *at)
            .chain(desk.machine.next_deadline())
            .min();
        let due = async {
            match next {
                Some(at) => {
                    Timer::at(Instant::from_micros(
                        u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
                    ))
                    .await
                }
                None => core::future::pending().await,
            }
        };
        match select(console::read(&mut bytes), due).await {
            Either::First(read) => {
                desk.handle(Input::Bytes(bytes.get(..read).unwrap_or_default()))
                    .await
            }
            Either::Second(()) => desk.catch_up().await,
        }
    }
}

struct Desk {
    board: &'static Board,
    stack: Stack<'static>,
    storage: &'static SharedStorage,
    machine: Provisioning,
    console: console::Lines,
    coming: Vec<(Duration, Coming)>,
}

impl Desk {
    /// Does what is due.
    async fn catch_up(&mut self) {
        while let Some(due) = self.coming.iter().position(|(at, _)| *at <= now()) {
            match self.coming.remove(due).1 {
                Coming::Connected { attempt, joined } => {
                    let address = if joined { self.address() } else { None };
                    self.handle(Input::Connected { attempt, address }).await;
                }
                Coming::Scanned => self.handle(Input::Scanned(Some(scan()))).await,
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
                self.coming
                    .retain(|(_, coming)| matches!(coming, Coming::Scanned));
                match join(&credentials) {
                    Outcome::Joined => self.later(
                        JOINED_AFTER,
                        Coming::Connected {
                            attempt,
                            joined: true,
                        },
                    ),
                    Outcome::Refused => self.later(
                        REFUSED_AFTER,
                        Coming::Connected {
                            attempt,
                            joined: false,
                        },
                    ),
                    Outcome::Nothing => {}
                }
            }
            // The cable stays in.
            Action::Abandon => {}
            Action::Store(credentials) => {
                let wifi = Wifi::new(credentials.ssid(), credentials.password().reveal()).ok()?;
                let kept = self.storage.lock().await.set_wifi(Some(&wifi)).await;
                if let Err(error) = &kept {
                    say_error(&alloc::format!("{error}"));
                }
                return Some(Input::Stored(kept.is_ok()));
            }
            Action::Scan => self.later(SCANNED_AFTER, Coming::Scanned),
            Action::Rename(name) => return Some(Input::Renamed(self.board.rename(&name).is_ok())),
        }
        None
    }

    fn later(&mut self, after: Duration, coming: Coming) {
        self.coming.push((now() + after, coming));
    }

    /// Where the board is served, on its cable.
    fn address(&self) -> Option<SocketAddr> {
        self.stack
            .config_v4()
            .map(|config| SocketAddr::from((config.address.address(), PORT)))
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

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}
