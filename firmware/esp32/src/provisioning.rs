//! The serial port: Improv, by which a board without a network is given one.
//! What it answers and when it gives up is decided in `provisioning`; this
//! reads, writes, and asks the radio and the flash.

use alloc::vec::Vec;
use core::time::Duration;

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration as Span, Instant, Timer, with_timeout};
use embedded::serial_console::SerialConsole;
use embedded_io_async::{Read, Write};
use log::{error, info};
use provisioning::{About, Action, Attempt, Input, Provisioning};
use storage::Wifi;

use crate::{
    Board,
    keeper::Keeper,
    pins::{self, SerialPart},
    wifi::{Air, News},
};

/// Where nobody reads the port, an answer is given up.
const WRITE: Span = Span::from_millis(500);

/// Talks, for ever. `stored` is the network that was kept.
#[embassy_executor::task]
pub(crate) async fn talk(
    part: SerialPart,
    board: &'static Board,
    air: &'static Air,
    keeper: &'static Keeper,
    stored: Option<Wifi>,
) {
    let (mut input, output) = match pins::open_serial(part) {
        Ok(port) => port,
        Err(error) => return error!("the serial port cannot be opened: {error:?}"),
    };
    let mut teller = Teller {
        output,
        board,
        air,
        keeper,
        stored,
        attempt: None,
        console: SerialConsole::default(),
    };
    let mut machine = Provisioning::new();
    loop {
        let mut bytes = [0; 64];
        let due = async {
            match machine.next_deadline() {
                Some(at) => {
                    Timer::at(Instant::from_micros(
                        u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
                    ))
                    .await
                }
                None => core::future::pending().await,
            }
        };
        let about = about(board);
        let actions = match select3(input.read(&mut bytes), air.news(), due).await {
            Either3::First(Ok(read)) => machine.handle(now(), Input::Bytes(&bytes[..read]), &about),
            Either3::First(Err(_)) => continue,
            Either3::Second(news) => machine.handle(now(), teller.input(news), &about),
            Either3::Third(()) => machine.run_until(now(), &about),
        };
        teller.carry_out(actions, &mut machine).await;
    }
}

struct Teller<W> {
    output: W,
    board: &'static Board,
    air: &'static Air,
    keeper: &'static Keeper,
    stored: Option<Wifi>,
    attempt: Option<Attempt>,
    console: SerialConsole,
}

impl<W: Write> Teller<W> {
    /// What the radio tells, as an answer to the attempt where there is one.
    fn input(&mut self, news: News) -> Input<'static> {
        match (news, self.attempt) {
            (News::Scanned(found), _) => Input::Scanned(found),
            (News::Address(address), Some(attempt)) => {
                self.attempt = None;
                Input::Connected {
                    attempt,
                    address: Some(address),
                }
            }
            (News::Refused, Some(attempt)) => {
                self.attempt = None;
                Input::Connected {
                    attempt,
                    address: None,
                }
            }
            (News::Address(address), None) => Input::Network(Some(address)),
            (News::NoAddress | News::Refused, _) => Input::Network(None),
        }
    }

    /// Does what is to be done, and what follows from that.
    async fn carry_out(&mut self, mut actions: Vec<Action>, machine: &mut Provisioning) {
        while !actions.is_empty() {
            let mut next = Vec::new();
            for action in actions {
                let Some(input) = self.act(action).await else {
                    continue;
                };
                next.extend(machine.handle(now(), input, &about(self.board)));
            }
            actions = next;
        }
    }

    async fn act(&mut self, action: Action) -> Option<Input<'static>> {
        match action {
            // Lines are printed whole, so this is the start of one.
            Action::Send(packet) => {
                let _ = with_timeout(WRITE, self.output.write_all(&packet)).await;
                None
            }
            Action::Text(text) => {
                if let Some(printed) = self.console.read(&text, self.board) {
                    let _ = with_timeout(WRITE, self.output.write_all(printed.as_bytes())).await;
                }
                None
            }
            Action::Connect {
                attempt,
                credentials,
            } => {
                let Ok(wifi) = Wifi::new(credentials.ssid(), credentials.password().reveal())
                else {
                    return Some(Input::Connected {
                        attempt,
                        address: None,
                    });
                };
                self.attempt = Some(attempt);
                self.air.join(Some(wifi));
                None
            }
            Action::Abandon => {
                self.attempt = None;
                self.air.join(self.stored.clone());
                None
            }
            Action::Store(credentials) => {
                let wifi = Wifi::new(credentials.ssid(), credentials.password().reveal()).ok()?;
                let kept = self.keeper.keep_wifi(&wifi).await;
                if kept {
                    info!("keeps {wifi:?}");
                    self.stored = Some(wifi);
                }
                Some(Input::Stored(kept))
            }
            Action::Scan => {
                self.air.scan();
                None
            }
            Action::Rename(name) => Some(Input::Renamed(self.board.rename(&name).is_ok())),
        }
    }
}

fn about(board: &Board) -> About {
    let identity = board.identity();
    About {
        version: identity.version,
        chip: pins::CHIP.into(),
        name: identity.name,
        hostname: identity.id,
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}
