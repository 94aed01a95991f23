//! Recognizes a device when it is back under another path: `/dev/ttyACM0` can
//! become `/dev/ttyACM1` while a cable is out.

use std::fs;

use super::{Port, UsbDevice, ports};

/// A device at a port: what remains the same when it is unplugged and plugged
/// in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    path: String,
    usb: Option<UsbDevice>,
    /// Its place among the ports of the same device: some converters have
    /// several.
    nth: usize,
}

impl Identity {
    /// The device that is at this path now. Without a USB device, the path is
    /// its identity.
    pub fn of(path: &str) -> Self {
        Self::among(path, &ports().unwrap_or_default())
    }

    /// The same among these ports.
    pub fn among(path: &str, ports: &[Port]) -> Self {
        let path = real(path);
        let usb = ports
            .iter()
            .find(|port| real(&port.path) == path)
            .and_then(|port| port.usb.clone());
        let nth = usb.as_ref().map_or(0, |usb| {
            ports
                .iter()
                .filter(|port| port.usb.as_ref().is_some_and(|other| is_same(usb, other)))
                .position(|port| real(&port.path) == path)
                .unwrap_or(0)
        });
        Self { path, usb, nth }
    }

    /// The path that it had.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its USB device.
    pub fn usb(&self) -> Option<&UsbDevice> {
        self.usb.as_ref()
    }

    /// Whether both are the same port of the same device.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.usb, &other.usb) {
            (Some(one), Some(two)) if one.serial_number.is_some() => {
                is_same(one, two) && self.nth == other.nth
            }
            _ => self.path == other.path,
        }
    }

    /// The path where the device is now, if it is there.
    pub fn find<'a>(&self, ports: &'a [Port]) -> Option<&'a str> {
        let usb = self.usb.as_ref()?;
        let same: Vec<&Port> = ports
            .iter()
            .filter(|port| port.usb.as_ref().is_some_and(|other| is_same(usb, other)))
            .collect();
        if usb.serial_number.is_some() {
            return same.get(self.nth).map(|port| port.path.as_str());
        }
        // Devices without a serial number look alike: the same path, or the
        // only one.
        let there = same.iter().find(|port| real(&port.path) == self.path);
        let only = same.first().filter(|_| same.len() == 1);
        there.or(only).map(|port| port.path.as_str())
    }
}

fn is_same(one: &UsbDevice, two: &UsbDevice) -> bool {
    (one.vendor_id, one.product_id, &one.serial_number)
        == (two.vendor_id, two.product_id, &two.serial_number)
}

/// The path without links, such as those of `/dev/serial/by-id`.
fn real(path: &str) -> String {
    fs::canonicalize(path)
        .ok()
        .filter(|_| cfg!(unix))
        .and_then(|path| path.into_os_string().into_string().ok())
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(path: &str, product_id: u16, serial: Option<&str>) -> Port {
        Port {
            path: path.to_owned(),
            usb: Some(UsbDevice {
                vendor_id: 0x303a,
                product_id,
                manufacturer: None,
                product: None,
                serial_number: serial.map(str::to_owned),
            }),
        }
    }

    #[test]
    fn a_device_is_found_again_by_its_serial_number() {
        let one = port("ACM0", 1, Some("A"));
        let other = port("ACM1", 1, Some("B"));
        let identity = Identity::among("ACM0", &[one.clone(), other.clone()]);
        let moved = port("ACM2", 1, Some("A"));
        for (ports, path) in [
            (vec![one.clone(), other.clone()], Some("ACM0")),
            (vec![other.clone(), moved.clone()], Some("ACM2")),
            // Another device took its path.
            (vec![port("ACM0", 1, Some("B"))], None),
            (vec![port("ACM0", 2, Some("A"))], None),
            (vec![], None),
        ] {
            assert_eq!(identity.find(&ports), path);
        }
        assert!(identity.is(&Identity::among("ACM2", &[moved])));
        assert!(!identity.is(&Identity::among("ACM1", &[one, other])));
    }

    #[test]
    fn devices_without_a_serial_number_are_not_confused() {
        let identity = Identity::among("USB0", &[port("USB0", 1, None), port("USB1", 1, None)]);
        for (ports, path) in [
            (
                vec![port("USB0", 1, None), port("USB1", 1, None)],
                Some("USB0"),
            ),
            (vec![port("USB1", 1, None)], Some("USB1")),
            (vec![port("USB1", 1, None), port("USB2", 1, None)], None),
            (vec![port("USB0", 1, Some("A"))], None),
        ] {
            assert_eq!(identity.find(&ports), path);
        }
    }

    #[test]
    fn the_second_port_of_a_converter_stays_the_second() {
        let two = [port("USB0", 1, Some("A")), port("USB1", 1, Some("A"))];
        let identity = Identity::among("USB1", &two);
        assert!(!identity.is(&Identity::among("USB0", &two)));
        let moved = [port("USB4", 1, Some("A")), port("USB5", 1, Some("A"))];
        assert_eq!(identity.find(&moved), Some("USB5"));
    }

    #[test]
    fn without_usb_the_path_is_the_identity() {
        let identity = Identity::among("/dev/ttyS0", &[]);
        assert_eq!(identity.find(&[]), None);
        assert!(identity.is(&Identity::among("/dev/ttyS0", &[])));
        assert!(!identity.is(&Identity::among("/dev/ttyS1", &[])));
    }
}
