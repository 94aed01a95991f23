//! Which board a USB device probably is, from its vendor and product ids. A
//! guess: a converter says nothing about the chip behind it.

use std::fmt::{self, Display, Formatter};

/// What answers at a USB port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// The USB Serial/JTAG controller inside an ESP32-C3, C6, H2 or S3.
    SerialJtag,
    /// The USB OTG controller inside an ESP32-S2 or S3. Its driver is part of
    /// the firmware, and of the ROM in download mode.
    Otg,
    /// A converter between USB and UART, which most boards with a classic ESP32
    /// have; its name.
    Converter(&'static str),
    /// A board of another maker that is not an ESP32; its name.
    OtherBoard(&'static str),
    /// Not known.
    Unknown,
}

/// Espressif's vendor id.
pub const ESPRESSIF: u16 = 0x303a;

/// The product id of the USB Serial/JTAG controller. It is in the chip's ROM
/// and the same for all chips ("USB Serial/JTAG Controller Console" of
/// ESP-IDF's documentation).
pub const SERIAL_JTAG: u16 = 0x1001;

/// Product ids, from the vendors' data sheets and the drivers of Linux
/// (`drivers/usb/serial/cp210x.c`, `ch341.c`, `ftdi_sio_ids.h`, `pl2303.h`).
const CONVERTERS: [(u16, u16, &str); 13] = [
    (0x10c4, 0xea60, "CP210x"),
    (0x10c4, 0xea70, "CP2105"),
    (0x10c4, 0xea71, "CP2108"),
    (0x1a86, 0x7522, "CH340"),
    (0x1a86, 0x7523, "CH340"),
    (0x1a86, 0x55d2, "CH342"),
    (0x1a86, 0x55d3, "CH343"),
    (0x1a86, 0x55d4, "CH9102"),
    (0x0403, 0x6001, "FT232R"),
    (0x0403, 0x6010, "FT2232"),
    (0x0403, 0x6014, "FT232H"),
    (0x0403, 0x6015, "FT231X"),
    (0x067b, 0x2303, "PL2303"),
];

/// Vendors of boards with another chip.
const OTHER_BOARDS: [(u16, &str); 3] = [
    (0x2341, "Arduino"),
    (0x2e8a, "Raspberry Pi Pico"),
    (0x0483, "STM32"),
];

impl DeviceKind {
    /// What a device with these ids is.
    pub fn of(vendor_id: u16, product_id: u16) -> Self {
        if vendor_id == ESPRESSIF {
            return if product_id == SERIAL_JTAG {
                Self::SerialJtag
            } else {
                Self::Otg
            };
        }
        let converter = CONVERTERS
            .iter()
            .find(|(vendor, product, _)| (*vendor, *product) == (vendor_id, product_id));
        if let Some((_, _, name)) = converter {
            return Self::Converter(name);
        }
        OTHER_BOARDS
            .iter()
            .find(|(vendor, _)| *vendor == vendor_id)
            .map_or(Self::Unknown, |(_, name)| Self::OtherBoard(name))
    }

    /// Whether an ESP32 is probably behind it.
    pub fn is_likely_esp32(self) -> bool {
        matches!(self, Self::SerialJtag | Self::Otg | Self::Converter(_))
    }
}

impl Display for DeviceKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::SerialJtag => f.write_str("probably an ESP32-C3, C6, H2 or S3 (built-in USB)"),
            Self::Otg => f.write_str("probably an ESP32-S2 or S3 (built-in USB)"),
            Self::Converter(name) => {
                write!(f, "perhaps an ESP32 board ({name} USB converter)")
            }
            Self::OtherBoard(name) => write!(f, "probably a board with another chip ({name})"),
            Self::Unknown => f.write_str("unknown device"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_recognized_by_their_usb_ids() {
        for (vendor, product, text, esp32) in [
            (
                0x303a,
                0x1001,
                "probably an ESP32-C3, C6, H2 or S3 (built-in USB)",
                true,
            ),
            (
                0x303a,
                0x4001,
                "probably an ESP32-S2 or S3 (built-in USB)",
                true,
            ),
            (
                0x10c4,
                0xea60,
                "perhaps an ESP32 board (CP210x USB converter)",
                true,
            ),
            (
                0x1a86,
                0x7523,
                "perhaps an ESP32 board (CH340 USB converter)",
                true,
            ),
            (
                0x1a86,
                0x55d4,
                "perhaps an ESP32 board (CH9102 USB converter)",
                true,
            ),
            (
                0x0403,
                0x6001,
                "perhaps an ESP32 board (FT232R USB converter)",
                true,
            ),
            (
                0x2e8a,
                0x0005,
                "probably a board with another chip (Raspberry Pi Pico)",
                false,
            ),
            (0x1a86, 0x0001, "unknown device", false),
        ] {
            let kind = DeviceKind::of(vendor, product);
            assert_eq!(kind.to_string(), text);
            assert_eq!(kind.is_likely_esp32(), esp32, "{text}");
        }
    }
}
