//! The serial port: Improv, which gives the board a network, and the commands
//! of the serial console. `provisioning` decides what is answered; this reads,
//! writes, and drives the radio.

use alloc::vec::Vec;

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, with_timeout};
use embedded::{
    serial_console::SerialConsole,
    time::{now, sleep_until},
};
use embedded_io_async::{Read, Write};
use log::{error, info};
use provisioning::{About, Action, Attempt, Input, Provisioning};
use storage::Wifi;

use crate::{
    Board, SavedState,
    pins::{self, SerialPart},
    wifi::{WifiEvent, WifiHandle},
};

/// The time for a write: a port that is not read drops responses.
const WRITE: Duration = Duration::from_millis(500);

/// Serves the port, forever. `stored` is the network that was saved.
#[embassy_executor::task]
pub(crate) async fn run(
    part: SerialPart,
    board: &'static Board,
    wifi: &'static WifiHandle,
    saved: &'static SavedState,
    stored: Option<Wifi>,
) {
    let (mut input, output) = match pins::open_serial(part) {
        Ok(port) => port,
        Err(error) => return error!("cannot open the serial port: {error}"),
    };
    let mut port = Port {
        output,
        board,
        wifi,
        saved,
        stored,
        attempt: None,
        console: SerialConsole::default(),
    };
    let mut machine = Provisioning::new();
    loop {
        let mut bytes = [0; 64];
        let due = sleep_until(machine.next_deadline());
        let about = about(board);
        let actions = match select3(input.read(&mut bytes), wifi.event(), due).await {
            Either3::First(Ok(read)) => machine.handle(now(), Input::Bytes(&bytes[..read]), &about),
            Either3::First(Err(_)) => continue,
            Either3::Second(event) => machine.handle(now(), port.input(event), &about),
            Either3::Third(()) => machine.run_until(now(), &about),
        };
        port.carry_out(actions, &mut machine).await;
    }
}

struct Port<W> {
    output: W,
    board: &'static Board,
    wifi: &'static WifiHandle,
    saved: &'static SavedState,
    stored: Option<Wifi>,
    attempt: Option<Attempt>,
    console: SerialConsole,
}

impl<W: Write> Port<W> {
    /// An event of the radio, as the outcome of the current attempt if there is
    /// one.
    fn input(&mut self, event: WifiEvent) -> Input<'static> {
        match (event, self.attempt) {
            (WifiEvent::Scanned(found), _) => Input::Scanned(found),
            (WifiEvent::Address(address), Some(attempt)) => {
                self.attempt = None;
                Input::Connected {
                    attempt,
                    address: Some(address),
                }
            }
            (WifiEvent::Refused, Some(attempt)) => {
                self.attempt = None;
                Input::Connected {
                    attempt,
                    address: None,
                }
            }
            (WifiEvent::Address(address), None) => Input::Network(Some(address)),
            (WifiEvent::NoAddress | WifiEvent::Refused, _) => Input::Network(None),
        }
    }

    /// Carries out actions, and those that follow from their outcome.
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
            // Log lines are printed whole, so this starts a new line.
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
                self.wifi.join(Some(wifi));
                None
            }
            Action::Abandon => {
                self.attempt = None;
                self.wifi.join(self.stored.clone());
                None
            }
            Action::Store(credentials) => {
                let wifi = Wifi::new(credentials.ssid(), credentials.password().reveal()).ok()?;
                let stored = self.saved.save_wifi(&wifi).await;
                if stored {
                    info!("saved the network {wifi}");
                    self.stored = Some(wifi);
                }
                Some(Input::Stored(stored))
            }
            Action::Scan => {
                self.wifi.scan();
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
