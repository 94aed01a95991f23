//! Lists the serial ports of this computer.

use serialport::{SerialPortInfo, SerialPortType};

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The path that opens it, for example `/dev/ttyACM0` or `COM3`.
    pub path: String,
    /// The product that is plugged in, if it reports one, for example
    /// `Espressif USB JTAG/serial debug unit`.
    pub product: Option<String>,
    /// Whether it is a USB port. Others are rarely boards.
    pub usb: bool,
}

/// All serial ports, USB ports first.
///
/// # Errors
/// If the system cannot list them; its message.
pub fn ports() -> Result<Vec<Port>, String> {
    let mut ports: Vec<Port> = serialport::available_ports()
        .map_err(|error| error.to_string())?
        .into_iter()
        .map(port)
        .collect();
    ports.sort_by(|one, other| (!one.usb, &one.path).cmp(&(!other.usb, &other.path)));
    Ok(ports)
}

fn port(info: SerialPortInfo) -> Port {
    let (product, usb) = match info.port_type {
        SerialPortType::UsbPort(usb) => {
            let words: Vec<_> = [usb.manufacturer, usb.product]
                .into_iter()
                .flatten()
                .collect();
            ((!words.is_empty()).then(|| words.join(" ")), true)
        }
        _ => (None, false),
    };
    Port {
        path: info.port_name,
        product,
        usb,
    }
}
