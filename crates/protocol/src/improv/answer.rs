//! What a board says: its state, its error, and the results of commands.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Command, Packet, PacketKind,
    packet::{pack, unpack},
};

/// How far a board has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It takes no credentials now; not in the standard, but sent by some
    /// boards.
    Stopped,
    /// A hand at the board has to allow it first; the Bluetooth variant's.
    AuthorizationRequired,
    /// It takes credentials.
    Ready,
    /// It has some, and tries to connect.
    Provisioning,
    /// It is on the network.
    Provisioned,
    /// Something newer.
    Unknown(u8),
}

impl From<u8> for State {
    fn from(byte: u8) -> Self {
        match byte {
            0 => Self::Stopped,
            1 => Self::AuthorizationRequired,
            2 => Self::Ready,
            3 => Self::Provisioning,
            4 => Self::Provisioned,
            other => Self::Unknown(other),
        }
    }
}

impl From<State> for u8 {
    fn from(state: State) -> Self {
        match state {
            State::Stopped => 0,
            State::AuthorizationRequired => 1,
            State::Ready => 2,
            State::Provisioning => 3,
            State::Provisioned => 4,
            State::Unknown(other) => other,
        }
    }
}

impl State {
    /// Packs it.
    pub fn to_packet(self) -> Packet {
        Packet::of_byte(PacketKind::State, self.into())
    }
}

/// What went wrong with the last command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorState {
    /// Nothing; sent when a command comes in.
    None,
    /// The command was malformed.
    InvalidPacket,
    /// The board does not have the command.
    UnknownCommand,
    /// The credentials did not lead to a connection.
    UnableToConnect,
    /// A hand at the board has to allow it first; the Bluetooth variant's.
    NotAuthorized,
    /// The board does not take this host name.
    BadHostname,
    /// Anything else: 0xFF, or something newer.
    Unknown(u8),
}

impl ErrorState {
    /// What the standard calls "Unknown Error".
    pub const OTHER: Self = Self::Unknown(0xff);

    /// Packs it.
    pub fn to_packet(self) -> Packet {
        Packet::of_byte(PacketKind::Error, self.into())
    }
}

impl From<u8> for ErrorState {
    fn from(byte: u8) -> Self {
        match byte {
            0 => Self::None,
            1 => Self::InvalidPacket,
            2 => Self::UnknownCommand,
            3 => Self::UnableToConnect,
            4 => Self::NotAuthorized,
            5 => Self::BadHostname,
            other => Self::Unknown(other),
        }
    }
}

impl From<ErrorState> for u8 {
    fn from(error: ErrorState) -> Self {
        match error {
            ErrorState::None => 0,
            ErrorState::InvalidPacket => 1,
            ErrorState::UnknownCommand => 2,
            ErrorState::UnableToConnect => 3,
            ErrorState::NotAuthorized => 4,
            ErrorState::BadHostname => 5,
            ErrorState::Unknown(other) => other,
        }
    }
}

/// The answer to a command: strings, whose meaning depends on the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcResult {
    /// The [`Command::number`] that is answered.
    pub command: u8,
    /// What is answered; none is allowed.
    pub strings: Vec<String>,
}

/// The strings of a result do not fit into a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the strings of a result have 253 bytes at most, with one more for each")]
pub struct ResultTooLong;

impl RpcResult {
    /// Packs it.
    ///
    /// # Errors
    /// Where it is too long.
    pub fn to_packet(&self) -> Result<Packet, ResultTooLong> {
        let strings = pack(self.strings.iter().map(String::as_str)).ok_or(ResultTooLong)?;
        let mut data = alloc::vec![
            self.command,
            u8::try_from(strings.len()).map_err(|_| ResultTooLong)?
        ];
        data.extend_from_slice(&strings);
        Packet::new(PacketKind::Result, data).ok_or(ResultTooLong)
    }

    fn from_data(data: &[u8]) -> Option<Self> {
        let [command, length, strings @ ..] = data else {
            return None;
        };
        if usize::from(*length) != strings.len() {
            return None;
        }
        let strings = unpack(strings)?
            .into_iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        Some(Self {
            command: *command,
            strings,
        })
    }
}

/// A packet from a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromDevice {
    /// Its state.
    State(State),
    /// Its error.
    Error(ErrorState),
    /// The answer to a command.
    Result(RpcResult),
}

/// Why a packet is none from a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FromDeviceError {
    /// Lengths that do not fit.
    #[error("the board's packet is malformed")]
    Invalid,
    /// A command, as a port that echoes brings it back, or something newer.
    #[error("boards send no packet of the kind {0:?}")]
    Kind(PacketKind),
}

impl FromDevice {
    /// Reads a packet. Strings that are no UTF-8 have U+FFFD where it is not.
    ///
    /// # Errors
    /// [`FromDeviceError`].
    pub fn from_packet(packet: &Packet) -> Result<Self, FromDeviceError> {
        match (packet.kind(), packet.data()) {
            (PacketKind::State, [state]) => Ok(Self::State((*state).into())),
            (PacketKind::Error, [error]) => Ok(Self::Error((*error).into())),
            (PacketKind::Result, data) => RpcResult::from_data(data)
                .map(Self::Result)
                .ok_or(FromDeviceError::Invalid),
            (PacketKind::State | PacketKind::Error, _) => Err(FromDeviceError::Invalid),
            (kind, _) => Err(FromDeviceError::Kind(kind)),
        }
    }
}

/// What a board is: the answer to [`Command::RequestInfo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Of the firmware, for example `Switchboard`.
    pub firmware: String,
    /// Of the firmware.
    pub version: String,
    /// What it runs on, for example `ESP32-C3`.
    pub chip: String,
    /// The board's name.
    pub name: String,
}

impl DeviceInfo {
    /// The answer.
    pub fn to_result(&self) -> RpcResult {
        let Self {
            firmware,
            version,
            chip,
            name,
        } = self.clone();
        RpcResult {
            command: Command::REQUEST_INFO,
            strings: alloc::vec![firmware, version, chip, name],
        }
    }

    /// Reads the answer; `None` where it has less than four strings. Two more
    /// may name an operating system; they are left.
    pub fn from_strings(strings: &[String]) -> Option<Self> {
        let [firmware, version, chip, name, ..] = strings else {
            return None;
        };
        let [firmware, version, chip, name] = [firmware, version, chip, name].map(String::clone);
        Some(Self {
            firmware,
            version,
            chip,
            name,
        })
    }
}

/// A network that a board sees: an answer to [`Command::RequestNetworks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub ssid: String,
    /// Its signal strength, in dBm.
    pub rssi: i8,
    /// Whether it asks for a password.
    pub locked: bool,
}

impl Network {
    /// The answer.
    pub fn to_result(&self) -> RpcResult {
        let locked = if self.locked { "YES" } else { "NO" };
        let strings = alloc::vec![self.ssid.clone(), self.rssi.to_string(), locked.to_string()];
        RpcResult {
            command: Command::REQUEST_NETWORKS,
            strings,
        }
    }

    /// Reads the answer; `None` where it has less than three strings or the
    /// strength is no number. Whatever is not `NO` means that a password is
    /// asked for: the Bluetooth variant names the method there.
    pub fn from_strings(strings: &[String]) -> Option<Self> {
        let [ssid, rssi, locked, ..] = strings else {
            return None;
        };
        let rssi = rssi
            .trim()
            .parse::<i32>()
            .ok()?
            .clamp(i8::MIN.into(), i8::MAX.into());
        Some(Self {
            ssid: ssid.clone(),
            rssi: i8::try_from(rssi).ok()?,
            locked: locked != "NO",
        })
    }
}

/// How a board is connected: the answer to [`Command::RequestNetworkState`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkState {
    /// Bits: [`Self::ONLINE`], [`Self::WIFI`], [`Self::ETHERNET`] and newer
    /// ones.
    pub flags: u8,
    /// Where it is reached; none where it is not online.
    pub urls: Vec<String>,
}

impl NetworkState {
    /// It is on a network.
    pub const ONLINE: u8 = 0x01;
    /// It has Wi-Fi.
    pub const WIFI: u8 = 0x02;
    /// It has a network cable's socket.
    pub const ETHERNET: u8 = 0x04;

    /// The answer.
    pub fn to_result(&self) -> RpcResult {
        let strings = core::iter::once(self.flags.to_string())
            .chain(self.urls.iter().cloned())
            .collect();
        RpcResult {
            command: Command::REQUEST_NETWORK_STATE,
            strings,
        }
    }

    /// Reads the answer; `None` where the flags are no number of a byte.
    pub fn from_strings(strings: &[String]) -> Option<Self> {
        let (flags, urls) = strings.split_first()?;
        Some(Self {
            flags: flags.parse().ok()?,
            urls: urls.to_vec(),
        })
    }
}
