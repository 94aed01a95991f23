//! Handles each command, result and timeout.

use alloc::{string::String, vec::Vec};
use core::{net::SocketAddr, time::Duration};

use protocol::improv::{
    Command, CommandError, Credentials, DeviceInfo, ErrorState, Item, Network, NetworkState,
    Packet, PacketKind, RpcResult, State,
};

use crate::{
    About, Action, Attempt, CONNECT_TIMEOUT, FIRMWARE, Phase, Provisioning, SCAN_TIMEOUT, networks,
};

impl Provisioning {
    pub(crate) fn read(
        &mut self,
        now: Duration,
        item: Item,
        about: &About,
        actions: &mut Vec<Action>,
    ) {
        match item {
            Item::Text(text) => actions.push(Action::Text(text)),
            Item::Damaged => send(&ErrorState::InvalidPacket.to_packet(), actions),
            Item::Packet(packet) if packet.kind() == PacketKind::Command => {
                match Command::from_data(packet.data()) {
                    Ok(command) => {
                        send(&ErrorState::None.to_packet(), actions);
                        self.obey(now, command, about, actions);
                    }
                    Err(CommandError::Invalid) => {
                        send(&ErrorState::InvalidPacket.to_packet(), actions);
                    }
                    Err(CommandError::Unknown(_)) => {
                        send(&ErrorState::UnknownCommand.to_packet(), actions);
                    }
                }
            }
            // A response, echoed by the port, or a newer packet type, for which
            // Improv defines no error.
            Item::Packet(_) => {}
        }
    }

    fn obey(&mut self, now: Duration, command: Command, about: &About, actions: &mut Vec<Action>) {
        let number = command.number();
        match command {
            Command::SendWifiSettings(credentials) => self.connect(now, credentials, actions),
            Command::RequestState => {
                send(&self.state().to_packet(), actions);
                if let State::Provisioned = self.state() {
                    answer(number, self.urls(), actions);
                }
            }
            Command::RequestInfo => {
                let About {
                    version,
                    chip,
                    name,
                    ..
                } = about.clone();
                send_result(
                    &DeviceInfo {
                        firmware: FIRMWARE.into(),
                        version,
                        chip,
                        name,
                    }
                    .to_result(),
                    actions,
                );
            }
            Command::RequestNetworks => self.scan(now, actions),
            Command::GetHostname => answer(number, [about.hostname.clone()], actions),
            Command::SetHostname(name) if name == about.hostname => answer(number, [name], actions),
            Command::SetHostname(_) => send(&ErrorState::BadHostname.to_packet(), actions),
            Command::GetDeviceName => answer(number, [about.name.clone()], actions),
            Command::SetDeviceName(name) => actions.push(Action::Rename(name)),
            Command::RequestNetworkState => {
                let online = if self.address.is_some() {
                    NetworkState::ONLINE
                } else {
                    0
                };
                let state = NetworkState {
                    flags: online | NetworkState::WIFI,
                    urls: self.urls().into_iter().collect(),
                };
                send_result(&state.to_result(), actions);
            }
        }
    }

    /// The newest credentials replace earlier ones: an impatient client sends
    /// others while an attempt is running.
    fn connect(&mut self, now: Duration, credentials: Credentials, actions: &mut Vec<Action>) {
        self.attempts = self.attempts.wrapping_add(1);
        let attempt = Attempt(self.attempts);
        self.scanning_until = None;
        self.address = None;
        let until = now + CONNECT_TIMEOUT;
        self.phase = Phase::Connecting {
            attempt,
            credentials: credentials.clone(),
            until,
        };
        send(&State::Provisioning.to_packet(), actions);
        actions.push(Action::Connect {
            attempt,
            credentials,
        });
    }

    pub(crate) fn connected(
        &mut self,
        made: Attempt,
        address: Option<SocketAddr>,
        actions: &mut Vec<Action>,
    ) {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Connecting {
                attempt,
                credentials,
                until,
            } if attempt == made => match address {
                Some(address) => {
                    self.phase = Phase::Storing { address, until };
                    actions.push(Action::Store(credentials));
                }
                None => self.abandon(ErrorState::UnableToConnect, actions),
            },
            // The result of an abandoned attempt.
            other => self.phase = other,
        }
    }

    pub(crate) fn stored(&mut self, stored: bool, actions: &mut Vec<Action>) {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Storing { address, .. } if stored => {
                self.address = Some(address);
                send(&State::Provisioned.to_packet(), actions);
                answer(Command::SEND_WIFI_SETTINGS, self.urls(), actions);
            }
            // A board that forgets its network at the next reset is not
            // provisioned.
            Phase::Storing { .. } => self.abandon(ErrorState::OTHER, actions),
            other => self.phase = other,
        }
    }

    fn abandon(&mut self, error: ErrorState, actions: &mut Vec<Action>) {
        self.phase = Phase::Idle;
        send(&error.to_packet(), actions);
        send(&self.state().to_packet(), actions);
        actions.push(Action::Abandon);
    }

    pub(crate) fn network(&mut self, address: Option<SocketAddr>, actions: &mut Vec<Action>) {
        let before = self.state();
        self.address = address;
        if self.state() != before {
            send(&self.state().to_packet(), actions);
        }
    }

    fn scan(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match (&self.phase, self.scanning_until) {
            (Phase::Idle, None) => {
                self.scanning_until = Some(now + SCAN_TIMEOUT);
                actions.push(Action::Scan);
            }
            // The result of the first request also answers this one.
            (Phase::Idle, Some(_)) => {}
            // The radio cannot scan while it connects.
            _ => send(&ErrorState::OTHER.to_packet(), actions),
        }
    }

    pub(crate) fn scanned(&mut self, found: Option<Vec<Network>>, actions: &mut Vec<Action>) {
        if self.scanning_until.take().is_none() {
            return;
        }
        let Some(found) = found else {
            send(&ErrorState::OTHER.to_packet(), actions);
            return;
        };
        for network in networks::worth_naming(found) {
            send_result(&network.to_result(), actions);
        }
        answer(Command::REQUEST_NETWORKS, None, actions);
    }

    pub(crate) fn expire(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match &self.phase {
            Phase::Connecting { until, .. } if now >= *until => {
                self.abandon(ErrorState::UnableToConnect, actions);
            }
            Phase::Storing { until, .. } if now >= *until => {
                self.abandon(ErrorState::OTHER, actions);
            }
            _ => {}
        }
        if self.scanning_until.is_some_and(|until| now >= until) {
            self.scanned(None, actions);
        }
    }

    fn state(&self) -> State {
        match (&self.phase, self.address) {
            (Phase::Connecting { .. } | Phase::Storing { .. }, _) => State::Provisioning,
            (Phase::Idle, Some(_)) => State::Provisioned,
            (Phase::Idle, None) => State::Ready,
        }
    }

    fn urls(&self) -> Option<String> {
        self.address.map(url)
    }
}

pub(crate) fn renamed(renamed: bool, about: &About, actions: &mut Vec<Action>) {
    if renamed {
        answer(Command::DEVICE_NAME, [about.name.clone()], actions);
    } else {
        send(&ErrorState::OTHER.to_packet(), actions);
    }
}

/// The URL of the board's page, without the default port 80.
fn url(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.port() == 80 => alloc::format!("http://{}/", v4.ip()),
        SocketAddr::V6(v6) if v6.port() == 80 => alloc::format!("http://[{}]/", v6.ip()),
        other => alloc::format!("http://{other}/"),
    }
}

fn answer(command: u8, strings: impl IntoIterator<Item = String>, actions: &mut Vec<Action>) {
    send_result(
        &RpcResult {
            command,
            strings: strings.into_iter().collect(),
        },
        actions,
    );
}

fn send_result(result: &RpcResult, actions: &mut Vec<Action>) {
    match result.to_packet() {
        Ok(packet) => send(&packet, actions),
        Err(_) => send(&ErrorState::OTHER.to_packet(), actions),
    }
}

fn send(packet: &Packet, actions: &mut Vec<Action>) {
    actions.push(Action::Send(packet.encode()));
}
