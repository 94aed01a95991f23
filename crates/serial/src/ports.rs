//! Lists the serial ports of this computer.

use sanitize::bounds;
use serialport::{SerialPortInfo, SerialPortType, UsbPortInfo};

use super::DeviceKind;

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The path that opens it, for example `/dev/ttyACM0` or `COM3`.
    pub path: String,
    /// The USB device that provides it; `None` for other ports, which are
    /// rarely boards.
    pub usb: Option<UsbDevice>,
}

/// A USB device, as it describes itself. Its texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// Its vendor, for example `0x303a`, which is Espressif.
    pub vendor_id: u16,
    /// Its product, for example `0x1001`.
    pub product_id: u16,
    /// For example `Espressif`.
    pub manufacturer: Option<String>,
    /// For example `USB JTAG/serial debug unit`.
    pub product: Option<String>,
    /// Distinguishes devices of one product; for an ESP32's own USB, its MAC
    /// address. Cheap converters have none.
    pub serial_number: Option<String>,
}

impl Port {
    /// Manufacturer and product, for example `Espressif USB JTAG/serial debug
    /// unit`; `None` if neither is reported.
    pub fn product(&self) -> Option<String> {
        let usb = self.usb.as_ref()?;
        let manufacturer = usb.manufacturer.as_deref();
        let product = usb.product.as_deref();
        match (manufacturer, product) {
            // Some repeat the manufacturer in the product.
            (Some(manufacturer), Some(product)) if !product.starts_with(manufacturer) => {
                Some(format!("{manufacturer} {product}"))
            }
            (_, Some(only)) | (Some(only), None) => Some(only.to_owned()),
            (None, None) => None,
        }
    }

    /// Which board it probably is; [`DeviceKind::Unknown`] for ports without
    /// USB.
    pub fn kind(&self) -> DeviceKind {
        self.usb.as_ref().map_or(DeviceKind::Unknown, |usb| {
            DeviceKind::of(usb.vendor_id, usb.product_id)
        })
    }

    /// The same for people, for example "probably an ESP32-C3, C6, H2 or S3
    /// (built-in USB)"; `None` if nothing can be said.
    pub fn guess(&self) -> Option<String> {
        match self.kind() {
            DeviceKind::Unknown => None,
            kind => Some(kind.to_string()),
        }
    }
}

/// All serial ports: likely boards first, then other USB ports, then the rest.
///
/// # Errors
/// If the system cannot list them; its message.
pub fn ports() -> Result<Vec<Port>, String> {
    let mut ports: Vec<Port> = serialport::available_ports()
        .map_err(|error| error.to_string())?
        .into_iter()
        // macOS lists each port twice; opening its /dev/tty.* waits for a
        // carrier, which boards do not signal.
        .filter(|info| cfg!(not(target_os = "macos")) || !info.port_name.starts_with("/dev/tty."))
        .map(port)
        .collect();
    ports.sort_by_cached_key(|port| {
        (
            !port.kind().is_likely_esp32(),
            port.usb.is_none(),
            by_number(&port.path),
        )
    });
    Ok(ports)
}

/// Sorts `ttyUSB9` before `ttyUSB10`.
fn by_number(path: &str) -> (String, u32) {
    let name = path.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = path[name.len()..].parse().unwrap_or(0);
    (name.to_owned(), number)
}

fn port(info: SerialPortInfo) -> Port {
    let usb = match info.port_type {
        SerialPortType::UsbPort(usb) => Some(device(usb)),
        _ => None,
    };
    Port {
        path: info.port_name,
        usb,
    }
}

fn device(usb: UsbPortInfo) -> UsbDevice {
    let text = |text: Option<String>| {
        text.map(|text| bounds::name(&text))
            .filter(|text| !text.is_empty())
    };
    UsbDevice {
        vendor_id: usb.vid,
        product_id: usb.pid,
        manufacturer: text(usb.manufacturer),
        product: text(usb.product),
        serial_number: text(usb.serial_number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usb(manufacturer: Option<&str>, product: Option<&str>) -> Port {
        port(SerialPortInfo {
            port_name: "/dev/ttyACM0".to_owned(),
            port_type: SerialPortType::UsbPort(UsbPortInfo {
                vid: 0x303a,
                pid: 0x1001,
                serial_number: Some("84:F7:03:A0:F3:80".to_owned()),
                manufacturer: manufacturer.map(str::to_owned),
                product: product.map(str::to_owned),
            }),
        })
    }

    #[test]
    fn a_port_is_described_by_what_its_device_reports() {
        for (manufacturer, product, said) in [
            (
                Some("Espressif"),
                Some("USB JTAG/serial debug unit"),
                Some("Espressif USB JTAG/serial debug unit"),
            ),
            (
                Some("Silicon Labs"),
                Some("Silicon Labs CP2102N"),
                Some("Silicon Labs CP2102N"),
            ),
            (Some("1a86"), None, Some("1a86")),
            (
                None,
                Some("USB\u{202e} Serial\n"),
                Some("USB\u{fffd} Serial"),
            ),
            (Some("  "), None, None),
            (None, None, None),
        ] {
            assert_eq!(usb(manufacturer, product).product().as_deref(), said);
        }
    }

    #[test]
    fn numbers_of_ports_sort_as_numbers() {
        let mut paths = ["/dev/ttyUSB10", "COM3", "/dev/ttyUSB9", "/dev/ttyACM0"];
        paths.sort_by_key(|path| by_number(path));
        assert_eq!(
            paths,
            ["/dev/ttyACM0", "/dev/ttyUSB9", "/dev/ttyUSB10", "COM3"]
        );
    }
}
