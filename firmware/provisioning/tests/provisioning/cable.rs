//! The client's end of the cable.

use std::{net::SocketAddr, time::Duration};

use protocol::improv::{
    Command, Credentials, ErrorState, FromDevice, Item, Network, Password, Reader, RpcResult, State,
};
use switchboard_provisioning::{About, Action, Attempt, Input, Provisioning};

/// A board, its actions, and what the client received.
pub(crate) struct Cable {
    pub(crate) board: Provisioning,
    reader: Reader,
    pub(crate) now: Duration,
    pub(crate) about: About,
}

/// The immediate reaction.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub(crate) said: Vec<FromDevice>,
    pub(crate) done: Vec<Action>,
}

impl Cable {
    pub(crate) fn new() -> Self {
        let about = About {
            version: "0.1.0".into(),
            chip: "ESP32-C3".into(),
            name: "Desk lamp".into(),
            hostname: "switchboard-c0ffee".into(),
        };
        Self {
            board: Provisioning::new(),
            reader: Reader::default(),
            now: Duration::from_secs(1),
            about,
        }
    }

    pub(crate) fn sends(&mut self, command: &Command) -> Heard {
        self.writes(&command.to_packet().unwrap().encode())
    }

    pub(crate) fn writes(&mut self, bytes: &[u8]) -> Heard {
        self.happens(Input::Bytes(bytes))
    }

    pub(crate) fn happens(&mut self, input: Input<'_>) -> Heard {
        let actions = self.board.handle(self.now, input, &self.about);
        self.hear(actions)
    }

    /// Advances the time to the board's next deadline.
    pub(crate) fn waits(&mut self) -> (Duration, Heard) {
        let deadline = self.board.next_deadline().expect("something is awaited");
        let waited = deadline - self.now;
        assert_eq!(
            self.board
                .run_until(deadline - Duration::from_millis(1), &self.about),
            [],
            "too early"
        );
        self.now = deadline;
        let actions = self.board.run_until(deadline, &self.about);
        (waited, self.hear(actions))
    }

    pub(crate) fn connects(&mut self, ssid: &str, password: &str) -> Attempt {
        let heard = self.sends(&Command::SendWifiSettings(credentials(ssid, password)));
        assert_eq!(heard.said, [fine(), FromDevice::State(State::Provisioning)]);
        let [
            Action::Connect {
                attempt,
                credentials: asked,
            },
        ] = heard.done.as_slice()
        else {
            panic!("{heard:?}")
        };
        assert_eq!(*asked, credentials(ssid, password));
        *attempt
    }

    /// Connects the board and stores the credentials.
    pub(crate) fn gets_in(&mut self, ssid: &str, password: &str, address: SocketAddr) -> Heard {
        let attempt = self.connects(ssid, password);
        let heard = self.happens(Input::Connected {
            attempt,
            address: Some(address),
        });
        assert_eq!(
            heard,
            Heard {
                said: vec![],
                done: vec![Action::Store(credentials(ssid, password))]
            }
        );
        self.happens(Input::Stored(true))
    }

    fn hear(&mut self, actions: Vec<Action>) -> Heard {
        let mut heard = Heard::default();
        for action in actions {
            let Action::Send(bytes) = action else {
                heard.done.push(action);
                continue;
            };
            for item in self.reader.receive(&bytes) {
                let Item::Packet(packet) = item else {
                    panic!("not a packet: {item:?}")
                };
                heard.said.push(FromDevice::from_packet(&packet).unwrap());
            }
        }
        heard
    }
}

pub(crate) fn credentials(ssid: &str, password: &str) -> Credentials {
    Credentials::new(ssid, Password::new(password)).unwrap()
}

pub(crate) fn fine() -> FromDevice {
    error(ErrorState::None)
}

pub(crate) fn error(error: ErrorState) -> FromDevice {
    FromDevice::Error(error)
}

pub(crate) fn state(state: State) -> FromDevice {
    FromDevice::State(state)
}

pub(crate) fn result(command: u8, strings: &[&str]) -> FromDevice {
    FromDevice::Result(RpcResult {
        command,
        strings: strings.iter().map(|string| (*string).into()).collect(),
    })
}

pub(crate) fn network(ssid: &str, rssi: i8, locked: bool) -> Network {
    Network {
        ssid: ssid.into(),
        rssi,
        locked,
    }
}

pub(crate) fn address() -> SocketAddr {
    "192.168.1.17:80".parse().unwrap()
}
