//! Messages from a board: its state, its error, and the results of commands.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Command, Packet, PacketKind,
    packet::{pack, unpack},
};

/// The provisioning state of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It accepts no credentials now; not in the standard, but sent by some
    /// boards.
    Stopped,
    /// Authorization at the board is required first; Bluetooth variant only.
    AuthorizationRequired,
    /// It accepts credentials.
    Ready,
    /// It has received credentials and tries to connect.
    Provisioning,
    /// It is on the network.
    Provisioned,
    /// An unknown state.
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
    /// Encodes it.
    pub fn to_packet(self) -> Packet {
        Packet::of_byte(PacketKind::State, self.into())
    }
}

/// What went wrong with the last command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorState {
    /// No error; sent when a command arrives.
    None,
    /// The command was malformed.
    InvalidPacket,
    /// The board does not support the command.
    UnknownCommand,
    /// The credentials did not lead to a connection.
    UnableToConnect,
    /// Authorization at the board is required first; Bluetooth variant only.
    NotAuthorized,
    /// The board does not accept this host name.
    BadHostname,
    /// Any other error: 0xFF, or an unknown one.
    Unknown(u8),
}

impl ErrorState {
    /// What the standard calls "Unknown Error".
    pub const OTHER: Self = Self::Unknown(0xff);

    /// Encodes it.
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

/// The result of a command: strings, whose meaning depends on the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcResult {
    /// The [`Command::number`] of the command.
    pub command: u8,
    /// The strings; may be empty.
    pub strings: Vec<String>,
}

/// The strings of a result do not fit into a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the strings of a result can have at most 253 bytes, including one byte for the length of \
    each"
)]
pub struct ResultTooLong;

impl RpcResult {
    /// Encodes it.
    ///
    /// # Errors
    /// If it is too long.
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

/// A packet is not a valid packet from a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FromDeviceError {
    /// Inconsistent lengths.
    #[error("the board's packet is malformed")]
    Invalid,
    /// A command, as an echoing port returns it, or an unknown type.
    #[error("boards do not send packets of type {}", u8::from(*.0))]
    Kind(PacketKind),
}

impl FromDevice {
    /// Decodes a packet. Invalid UTF-8 in strings is replaced with U+FFFD.
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

/// Identifies a board: the result of [`Command::RequestInfo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Name of the firmware, for example `Switchboard`.
    pub firmware: String,
    /// Version of the firmware.
    pub version: String,
    /// The chip, for example `ESP32-C3`.
    pub chip: String,
    /// The board's name.
    pub name: String,
}

impl DeviceInfo {
    /// Encodes the result.
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

    /// Decodes the result; `None` if it has fewer than four strings. Two more
    /// can name an operating system and are ignored.
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

/// A network in range of a board: a result of [`Command::RequestNetworks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub ssid: String,
    /// Its signal strength, in dBm.
    pub rssi: i8,
    /// Whether it requires a password.
    pub locked: bool,
}

impl Network {
    /// Encodes the result.
    pub fn to_result(&self) -> RpcResult {
        let locked = if self.locked { "YES" } else { "NO" };
        let strings = alloc::vec![self.ssid.clone(), self.rssi.to_string(), locked.to_string()];
        RpcResult {
            command: Command::REQUEST_NETWORKS,
            strings,
        }
    }

    /// Decodes the result; `None` if it has fewer than three strings or the
    /// strength is not a number. Anything other than `NO` means that a password
    /// is required: the Bluetooth variant names the method there.
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

/// The network connection of a board: the result of
/// [`Command::RequestNetworkState`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkState {
    /// Bit flags: [`Self::ONLINE`], [`Self::WIFI`], [`Self::ETHERNET`] and
    /// unknown ones.
    pub flags: u8,
    /// URLs of the board; none if it is not online.
    pub urls: Vec<String>,
}

impl NetworkState {
    /// It is connected to a network.
    pub const ONLINE: u8 = 0x01;
    /// It has Wi-Fi.
    pub const WIFI: u8 = 0x02;
    /// It has Ethernet.
    pub const ETHERNET: u8 = 0x04;

    /// Encodes the result.
    pub fn to_result(&self) -> RpcResult {
        let strings = core::iter::once(self.flags.to_string())
            .chain(self.urls.iter().cloned())
            .collect();
        RpcResult {
            command: Command::REQUEST_NETWORK_STATE,
            strings,
        }
    }

    /// Decodes the result; `None` if the flags are not a number from 0 to 255.
    pub fn from_strings(strings: &[String]) -> Option<Self> {
        let (flags, urls) = strings.split_first()?;
        Some(Self {
            flags: flags.parse().ok()?,
            urls: urls.to_vec(),
        })
    }
}
