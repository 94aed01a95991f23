//! Improv over a serial port: gives Wi-Fi credentials to a board that has no
//! network yet.
//!
//! The open standard "Improv Wi-Fi", serial variant, version 1
//! (<https://www.improv-wifi.com/serial/>). State 1 and error 4 of the
//! Bluetooth variant (<https://www.improv-wifi.com/ble/>) are understood too.
//! This module encodes and decodes both directions. Who sends what and when is
//! decided elsewhere: for a board in `firmware/provisioning`.

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

/// The first bytes of every packet.
pub const HEADER: [u8; 6] = *b"IMPROV";

/// The version of the standard; the byte after [`HEADER`].
pub const VERSION: u8 = 1;

/// Maximum size of a packet's data, in bytes: its length is one byte.
pub const MAX_DATA: usize = 255;

/// Maximum size of a network name, in bytes (IEEE 802.11, 9.4.2.2).
pub const MAX_SSID: usize = 32;

/// Maximum size of a password, in bytes: a passphrase has at most 63
/// characters, a key 64 hexadecimal digits (IEEE 802.11, J.4).
pub const MAX_PASSWORD: usize = 64;

/// The baud rate that Improv tools use; 8 data bits, no parity, 1 stop bit.
/// Irrelevant over USB.
pub const BAUD: u32 = 115_200;
