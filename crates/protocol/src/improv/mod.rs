//! Improv over a serial port: how a board that has no network yet is given its
//! Wi-Fi.
//!
//! The open standard "Improv Wi-Fi", serial variant, version 1, as
//! <https://www.improv-wifi.com/serial/> describes it; state 1 and error 4,
//! which are the Bluetooth variant's (<https://www.improv-wifi.com/ble/>), are
//! understood too. This decides what bytes mean in both directions. Who sends
//! what and when is decided elsewhere: in `firmware/provisioning` for a board.

mod answer;
mod command;
mod packet;
mod password;
mod reader;

pub use answer::{
    DeviceInfo, ErrorState, FromDevice, FromDeviceError, Network, NetworkState, ResultTooLong,
    RpcResult, State,
};
pub use command::{Command, CommandError, Credentials, CredentialsError};
pub use packet::{Packet, PacketKind};
pub use password::Password;
pub use reader::{Item, Reader};

/// What every packet begins with.
pub const HEADER: [u8; 6] = *b"IMPROV";

/// The version of the standard; the byte after [`HEADER`].
pub const VERSION: u8 = 1;

/// The longest data of a packet, in bytes: its length is one byte.
pub const MAX_DATA: usize = 255;

/// The longest name of a network, in bytes (IEEE 802.11, 9.4.2.2).
pub const MAX_SSID: usize = 32;

/// The longest password, in bytes: a passphrase has 63 characters at most, a
/// key 64 hexadecimal digits (IEEE 802.11, J.4).
pub const MAX_PASSWORD: usize = 64;

/// Improv tools open the port with this speed, in bits a second; 8 data bits,
/// no parity, 1 stop bit. Over USB it means nothing.
pub const BAUD: u32 = 115_200;
