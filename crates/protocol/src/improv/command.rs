//! Commands to a board.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use zeroize::Zeroizing;

use super::{
    MAX_PASSWORD, MAX_SSID, Packet, PacketKind, Password,
    packet::{pack, unpack},
};

/// Maximum size of a command's data, in bytes: its number and its length
/// precede it.
const MAX_COMMAND_DATA: usize = super::MAX_DATA - 2;

/// A network name and its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    ssid: String,
    password: Password,
}

/// Values are not valid credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Invalid network name.
    #[error("a network name has 1 to {MAX_SSID} bytes")]
    Ssid,
    /// Invalid password.
    #[error("a Wi-Fi password has at most {MAX_PASSWORD} bytes")]
    Password,
}

impl Credentials {
    /// Credentials with a name of 1 to [`MAX_SSID`] bytes and a password of 0,
    /// for an open network, to [`MAX_PASSWORD`] bytes.
    ///
    /// # Errors
    /// If one of them is too long, or the name is empty.
    pub fn new(ssid: impl Into<String>, password: Password) -> Result<Self, CredentialsError> {
        let ssid = ssid.into();
        if !(1..=MAX_SSID).contains(&ssid.len()) {
            return Err(CredentialsError::Ssid);
        }
        if password.reveal().len() > MAX_PASSWORD {
            return Err(CredentialsError::Password);
        }
        Ok(Self { ssid, password })
    }

    /// The network's name.
    pub fn ssid(&self) -> &str {
        &self.ssid
    }

    /// Its password.
    pub fn password(&self) -> &Password {
        &self.password
    }
}

/// An RPC command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Connect to this network, and store it on success. Answered with a URL.
    SendWifiSettings(Credentials),
    /// Answered with the state and, if the board is provisioned, like
    /// [`Self::SendWifiSettings`].
    RequestState,
    /// Answered with a [`super::DeviceInfo`].
    RequestInfo,
    /// Answered with one [`super::Network`] each, and an empty result after the
    /// last.
    RequestNetworks,
    /// Answered with the host name.
    GetHostname,
    /// Like [`Self::GetHostname`], after setting it.
    SetHostname(String),
    /// Answered with the board's name.
    GetDeviceName,
    /// Like [`Self::GetDeviceName`], after setting it.
    SetDeviceName(String),
    /// Answered with a [`super::NetworkState`].
    RequestNetworkState,
}

/// A packet is not a valid command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Inconsistent lengths, invalid UTF-8, or a name or password that is too
    /// long.
    #[error("the command is malformed")]
    Invalid,
    /// A number that this version of the standard lacks.
    #[error("command {0} is unknown")]
    Unknown(u8),
}

impl Command {
    /// The number of [`Self::SendWifiSettings`].
    pub const SEND_WIFI_SETTINGS: u8 = 1;
    /// The number of [`Self::RequestState`].
    pub const REQUEST_STATE: u8 = 2;
    /// The number of [`Self::RequestInfo`].
    pub const REQUEST_INFO: u8 = 3;
    /// The number of [`Self::RequestNetworks`].
    pub const REQUEST_NETWORKS: u8 = 4;
    /// The number of [`Self::GetHostname`] and [`Self::SetHostname`].
    pub const HOSTNAME: u8 = 5;
    /// The number of [`Self::GetDeviceName`] and [`Self::SetDeviceName`].
    pub const DEVICE_NAME: u8 = 6;
    /// The number of [`Self::RequestNetworkState`].
    pub const REQUEST_NETWORK_STATE: u8 = 7;

    /// Its number, which a result carries too.
    pub fn number(&self) -> u8 {
        match self {
            Self::SendWifiSettings(_) => Self::SEND_WIFI_SETTINGS,
            Self::RequestState => Self::REQUEST_STATE,
            Self::RequestInfo => Self::REQUEST_INFO,
            Self::RequestNetworks => Self::REQUEST_NETWORKS,
            Self::GetHostname | Self::SetHostname(_) => Self::HOSTNAME,
            Self::GetDeviceName | Self::SetDeviceName(_) => Self::DEVICE_NAME,
            Self::RequestNetworkState => Self::REQUEST_NETWORK_STATE,
        }
    }

    /// Encodes it; `None` if a name does not fit into a packet.
    pub fn to_packet(&self) -> Option<Packet> {
        let data = Zeroizing::new(match self {
            Self::SendWifiSettings(credentials) => {
                pack([credentials.ssid(), credentials.password().reveal()])?
            }
            Self::SetHostname(name) | Self::SetDeviceName(name) => name.as_bytes().to_vec(),
            _ => Vec::new(),
        });
        if data.len() > MAX_COMMAND_DATA {
            return None;
        }
        // With its final capacity: growing would leave a copy behind.
        let mut packed = Vec::with_capacity(data.len() + 2);
        packed.extend([self.number(), u8::try_from(data.len()).ok()?]);
        packed.extend_from_slice(&data);
        Packet::new(PacketKind::Command, packed)
    }

    /// Decodes the data of a [`PacketKind::Command`].
    ///
    /// # Errors
    /// [`CommandError`]. Extra data for a command that takes none is an error
    /// too, so that a sender does not assume it was used.
    pub fn from_data(data: &[u8]) -> Result<Self, CommandError> {
        let [number, length, data @ ..] = data else {
            return Err(CommandError::Invalid);
        };
        if usize::from(*length) != data.len() {
            return Err(CommandError::Invalid);
        }
        let alone = |command| {
            if data.is_empty() {
                Ok(command)
            } else {
                Err(CommandError::Invalid)
            }
        };
        match *number {
            Self::SEND_WIFI_SETTINGS => Ok(Self::SendWifiSettings(
                credentials(data).ok_or(CommandError::Invalid)?,
            )),
            Self::REQUEST_STATE => alone(Self::RequestState),
            Self::REQUEST_INFO => alone(Self::RequestInfo),
            Self::REQUEST_NETWORKS => alone(Self::RequestNetworks),
            Self::HOSTNAME if data.is_empty() => Ok(Self::GetHostname),
            Self::HOSTNAME => text(data)
                .map(Self::SetHostname)
                .ok_or(CommandError::Invalid),
            Self::DEVICE_NAME if data.is_empty() => Ok(Self::GetDeviceName),
            Self::DEVICE_NAME => text(data)
                .map(Self::SetDeviceName)
                .ok_or(CommandError::Invalid),
            Self::REQUEST_NETWORK_STATE => alone(Self::RequestNetworkState),
            other => Err(CommandError::Unknown(other)),
        }
    }
}

fn credentials(data: &[u8]) -> Option<Credentials> {
    let strings = unpack(data)?;
    let [ssid, password] = strings.as_slice() else {
        return None;
    };
    Credentials::new(text(ssid)?, Password::new(text(password)?)).ok()
}

fn text(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(ToOwned::to_owned)
}
