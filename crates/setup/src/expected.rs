//! Which board of the network is the one at the port.

use address::{Address, ip_of};
use fleet::{BoardView, Family};
use serial::Board;

/// The name of our firmware in its response to Improv's request for device
/// information (`firmware/provisioning`).
const OURS: &str = "Switchboard";

/// What runs on a board, as it reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Firmware {
    /// Firmware of a family whose boards this program can use.
    Of(Family),
    /// Other firmware with Improv, or firmware whose boards are only on
    /// brokers, such as Tasmota: its name.
    Other(String),
    /// The board does not report it.
    Unknown,
}

impl Firmware {
    /// What runs on this board.
    pub fn of(board: &Board) -> Self {
        let Some(info) = &board.info else {
            return Self::Unknown;
        };
        if info.firmware == OURS {
            return Self::Of(Family::Switchboard);
        }
        let name = info.firmware.trim();
        Family::ALL
            .into_iter()
            .filter(|family| !family.is_ours() && !family.is_brokered())
            .find(|family| family.title().eq_ignore_ascii_case(name))
            .map_or_else(|| Self::Other(name.to_owned()), Self::Of)
    }

    /// Whether it is the firmware of Switchboard.
    pub fn is_ours(&self) -> bool {
        *self == Self::Of(Family::Switchboard)
    }
}

/// A board that is expected on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What runs on it.
    pub firmware: Firmware,
    /// Its name, if it reports one.
    pub name: Option<String>,
    /// Its host name; for a Switchboard board, its id.
    pub hostname: Option<String>,
    /// The URL of its page, if it reported one.
    pub url: Option<String>,
}

impl Expected {
    /// A board at a port, which reported this URL when it connected.
    pub fn new(board: &Board, url: Option<String>) -> Self {
        Self {
            firmware: Firmware::of(board),
            name: board.info.as_ref().map(|info| info.name.clone()),
            hostname: board.hostname.clone(),
            url,
        }
    }

    /// The address in its URL, if there is one that can be connected to.
    pub fn address(&self) -> Option<Address> {
        let place = self.url.as_ref()?.strip_prefix("http://")?;
        let authority = place.split(['/', '?', '#']).next()?;
        authority.parse().ok()
    }

    /// What to type to add it by its address, if that is known.
    pub fn typed_address(&self) -> Option<String> {
        let address = self.address()?;
        match &self.firmware {
            Firmware::Of(Family::Esphome) => {
                // The URL names the port of its web page.
                let ip = address.ip()?;
                Some(format!("{}://{ip}", Family::Esphome.as_str()))
            }
            Firmware::Of(family) if !family.is_ours() => {
                Some(format!("{}://{address}", family.as_str()))
            }
            Firmware::Of(_) | Firmware::Unknown => Some(address.to_string()),
            Firmware::Other(_) => None,
        }
    }

    /// Whether a board with its firmware can appear in the fleet.
    pub fn can_appear(&self) -> bool {
        !matches!(self.firmware, Firmware::Other(_))
    }

    /// Whether this board of the network is the one.
    pub fn is(&self, view: &BoardView) -> bool {
        let same_id = view.id.is_some() && view.id.as_deref() == self.hostname.as_deref();
        let address = self.address();
        let there = address.as_ref().is_some_and(|address| {
            let text = address.to_string();
            *view.address == *text || view.addresses.have(&text)
        });
        match &self.firmware {
            Firmware::Of(family) if !family.is_ours() => {
                // An ESPHome board has its web page at another port than its
                // link, and reports the address without the zone.
                let ip = address.and_then(|address| address.ip());
                let same_host = ip.is_some() && ip_of(&view.address) == ip;
                let named = [&self.hostname, &self.name].into_iter().flatten();
                let same_name = self.url.is_none()
                    && named
                        .into_iter()
                        .any(|name| name.eq_ignore_ascii_case(&view.name));
                view.family == *family && (same_id || there || same_host || same_name)
            }
            Firmware::Of(_) | Firmware::Unknown => same_id || there,
            Firmware::Other(_) => false,
        }
    }
}
