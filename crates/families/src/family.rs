//! The list of families: what each is called, how it is found and where its
//! boards are connected to.

use std::{fmt, str::FromStr};

use protocol::{
    ComponentKey,
    mdns::{self, Announcement},
    method,
};
use serde::{Deserialize, Serialize};
use web_time::Instant;
use zeroize::Zeroizing;

use crate::{
    Dialect, Directory,
    esphome::{self, Esphome},
    homie::{self, Homie},
    shelly::{self, Shelly},
    tasmota::{self, Tasmota},
    wled::{self, Wled},
};

/// A family of boards.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "String", into = "String")]
pub enum Family {
    /// Boards that speak `docs/protocol.md`. They need no [`Dialect`].
    #[default]
    Switchboard,
    /// Shelly Gen2 and later.
    Shelly,
    /// WLED.
    Wled,
    /// ESPHome with its native API.
    Esphome,
    /// Tasmota, through an MQTT broker.
    Tasmota,
    /// Devices that follow the Homie convention, version 5, through an MQTT
    /// broker.
    Homie,
}

/// Where a board of a family is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A WebSocket.
    WebSocket {
        /// The path of the request.
        path: &'static str,
        /// The subprotocol that is offered.
        subprotocol: Option<&'static str>,
    },
    /// A TCP stream.
    Tcp,
    /// Topics of an MQTT broker: [`crate::Directory`] says which.
    Broker,
}

/// What the outcome *confirmed* rests on in a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The board numbers its changes, and the one that the command caused has
    /// arrived.
    ByNumber,
    /// The board answered the command.
    ByAnswer,
    /// The board reports the value that was wanted, even if someone else set
    /// it.
    ByValue,
}

/// What a board asks for before it obeys.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A password (Shelly).
    Password(Zeroizing<String>),
    /// A pre-shared key (ESPHome).
    Key(Zeroizing<[u8; 32]>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password(_) => "Password(…)",
            Self::Key(_) => "Key(…)",
        })
    }
}

/// A TXT record is not the announcement of a board of the family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxtError {
    /// A board of ours.
    #[error(transparent)]
    Switchboard(#[from] mdns::TxtError),
    /// A required key is missing.
    #[error("the announcement lacks {0}")]
    Missing(&'static str),
    /// Boards of this family are not found by mDNS.
    #[error("boards of {} are found through an MQTT broker", .0.title())]
    NotAnnounced(Family),
    /// A value is not what the family announces.
    #[error("the announcement's {key} is {found:?}")]
    Unexpected {
        /// Which value.
        key: &'static str,
        /// What it is.
        found: String,
    },
}

/// A text is not the name of a family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a family. Accepted: switchboard, shelly, wled, esphome, tasmota, homie")]
pub struct UnknownFamily(pub String);

impl Family {
    /// Every family, ours first.
    pub const ALL: [Self; 6] = [
        Self::Switchboard,
        Self::Shelly,
        Self::Wled,
        Self::Esphome,
        Self::Tasmota,
        Self::Homie,
    ];

    /// The name on the command line and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Switchboard => "switchboard",
            Self::Shelly => "shelly",
            Self::Wled => "wled",
            Self::Esphome => "esphome",
            Self::Tasmota => "tasmota",
            Self::Homie => "homie",
        }
    }

    /// Whether its boards speak `docs/protocol.md`.
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Switchboard)
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Switchboard => "Switchboard",
            Self::Shelly => "Shelly",
            Self::Wled => "WLED",
            Self::Esphome => "ESPHome",
            Self::Tasmota => "Tasmota",
            Self::Homie => "Homie",
        }
    }

    /// Whether its boards are reached through an MQTT broker only.
    pub const fn is_brokered(self) -> bool {
        matches!(self.endpoint(), Endpoint::Broker)
    }

    /// The service type by which its boards are found (RFC 6763), with the
    /// domain; `None` for boards that announce themselves to a broker.
    pub const fn service(self) -> Option<&'static str> {
        match self {
            Self::Switchboard => Some(mdns::SERVICE),
            Self::Shelly => Some("_shelly._tcp.local."),
            Self::Wled => Some("_wled._tcp.local."),
            Self::Esphome => Some("_esphomelib._tcp.local."),
            Self::Tasmota | Self::Homie => None,
        }
    }

    /// The port if an address names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Switchboard | Self::Shelly | Self::Wled => 80,
            Self::Esphome => 6053,
            Self::Tasmota | Self::Homie => 1883,
        }
    }

    /// Where its boards are connected to.
    pub const fn endpoint(self) -> Endpoint {
        match self {
            Self::Switchboard => Endpoint::WebSocket {
                path: protocol::RPC_PATH,
                subprotocol: Some(protocol::SUBPROTOCOL),
            },
            Self::Shelly => Endpoint::WebSocket {
                path: "/rpc",
                subprotocol: None,
            },
            Self::Wled => Endpoint::WebSocket {
                path: "/ws",
                subprotocol: None,
            },
            Self::Esphome => Endpoint::Tcp,
            Self::Tasmota | Self::Homie => Endpoint::Broker,
        }
    }

    /// What the outcome *confirmed* rests on.
    pub const fn confirmation(self) -> Confirmation {
        match self {
            Self::Switchboard => Confirmation::ByNumber,
            Self::Shelly => Confirmation::ByAnswer,
            Self::Wled | Self::Esphome | Self::Tasmota | Self::Homie => Confirmation::ByValue,
        }
    }

    /// Whether a key that is held for the board with this id may be that of a
    /// board of this family.
    pub fn may_have_key(self, id: &str) -> bool {
        match self {
            Self::Switchboard => true,
            Self::Shelly | Self::Wled | Self::Tasmota | Self::Homie => false,
            Self::Esphome => id.starts_with("esphome-"),
        }
    }

    /// Why none of its boards can do what this method of `docs/protocol.md`
    /// asks for; `None` if some can.
    pub fn lacks(self, method: &str) -> Option<&'static str> {
        match (self, method) {
            (Self::Switchboard, _) => None,
            (Self::Shelly, method::DEVICE_IDENTIFY) => Some("A Shelly cannot identify itself"),
            (Self::Wled, method::DEVICE_IDENTIFY) => {
                Some("WLED cannot identify itself; change its light instead")
            }
            (Self::Wled, method::DEVICE_SET_NAME) => {
                Some("WLED keeps its name in its own settings: change it on its web page")
            }
            (Self::Esphome, method::DEVICE_SET_NAME) => {
                Some("ESPHome has its name from its configuration file: change it there")
            }
            (Self::Shelly, method::DEVICE_FACTORY_RESET) => {
                Some("Reset a Shelly in its app, on its web page or with its button")
            }
            (Self::Wled, method::DEVICE_FACTORY_RESET) => {
                Some("Reset WLED on its web page, in its security settings")
            }
            (Self::Esphome, method::DEVICE_FACTORY_RESET) => {
                Some("ESPHome is reset by flashing it again, or with a button of its configuration")
            }
            (Self::Tasmota, method::DEVICE_IDENTIFY) => {
                Some("Tasmota cannot identify itself; toggle one of its outputs instead")
            }
            (Self::Tasmota, method::DEVICE_FACTORY_RESET) => {
                Some("Reset Tasmota on its web page or with its button")
            }
            (
                Self::Homie,
                method::DEVICE_IDENTIFY
                | method::DEVICE_SET_NAME
                | method::DEVICE_REBOOT
                | method::DEVICE_FACTORY_RESET,
            ) => Some("The Homie convention has no such command"),
            (
                _,
                method::OTA_BEGIN | method::KEYS_LIST | method::OUTBOUND_GET | method::CLIENTS_LIST,
            ) => Some("Only boards that run the firmware of Switchboard can do this"),
            (Self::Shelly | Self::Wled | Self::Tasmota | Self::Homie, method::LOG_SUBSCRIBE) => {
                Some("Boards of this family do not send their log")
            }
            _ => None,
        }
    }

    /// The component that this one is a part of, and is shown with: the light
    /// of a number that sets the speed of its effect, for example. It is only
    /// by the key, and the board may lack it.
    pub fn part_of(self, component: &ComponentKey) -> Option<ComponentKey> {
        match self {
            Self::Wled => wled::part_of(component),
            Self::Switchboard | Self::Shelly | Self::Esphome | Self::Tasmota | Self::Homie => None,
        }
    }

    /// Whether its lights have a [live preview](crate::preview).
    pub const fn has_preview(self) -> bool {
        matches!(self, Self::Wled)
    }

    /// What is said of a select without a value: WLED reports that no preset is
    /// active, rather than which.
    pub const fn absent_option(self) -> &'static str {
        match self {
            Self::Wled => "none",
            _ => "unknown",
        }
    }

    /// The short name of a product. The number of a Shelly's model, in
    /// parentheses, is long and known to few people.
    pub fn short_product(self, product: &str) -> &str {
        match (self, product.split_once(" (")) {
            (Self::Shelly, Some((short, _))) => short,
            _ => product,
        }
    }

    /// Whether its boards always have a web page of their own, at the port of
    /// their link. An ESPHome board may have one elsewhere.
    pub const fn has_web_page(self) -> bool {
        matches!(self, Self::Shelly | Self::Wled)
    }

    /// Reads an announcement: `instance` is the name before the service type,
    /// `pairs` the TXT record.
    ///
    /// # Errors
    /// If it is not the announcement of a board of this family.
    pub fn announcement<'a>(
        self,
        instance: &str,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Announcement, TxtError> {
        match self {
            Self::Switchboard => Ok(Announcement::from_txt(pairs)?),
            Self::Shelly => shelly::announcement(instance, pairs),
            Self::Wled => wled::announcement(instance, pairs),
            Self::Esphome => esphome::announcement(instance, pairs),
            Self::Tasmota | Self::Homie => Err(TxtError::NotAnnounced(self)),
        }
    }

    /// The dialect of a new connection; `None` for boards of ours, which need
    /// none. `random` is used once.
    pub fn dialect(
        self,
        now: Instant,
        credential: Option<Credential>,
        random: [u8; 32],
    ) -> Option<Box<dyn Dialect>> {
        match self {
            Self::Switchboard => None,
            Self::Shelly => Some(Box::new(Shelly::new(now, credential, random))),
            Self::Wled => Some(Box::new(Wled::new(now))),
            Self::Esphome => Some(Box::new(Esphome::new(now, credential, random))),
            Self::Tasmota => Some(Box::new(Tasmota::new(now))),
            Self::Homie => Some(Box::new(Homie::new(now))),
        }
    }

    /// What finds the boards of this family on a broker; `None` if they are not
    /// found there.
    pub fn directory(self) -> Option<Box<dyn Directory>> {
        match self {
            Self::Switchboard | Self::Shelly | Self::Wled | Self::Esphome => None,
            Self::Tasmota => Some(Box::new(tasmota::Boards::default())),
            Self::Homie => Some(Box::new(homie::Devices::default())),
        }
    }

    /// The dialect of a connection that the board opened; `None` if boards of
    /// this family open none, or need no dialect.
    pub fn inbound_dialect(self, now: Instant, random: [u8; 32]) -> Option<Box<dyn Dialect>> {
        (self == Self::Shelly).then(|| Box::new(Shelly::inbound(now, random)) as Box<dyn Dialect>)
    }
}

impl From<String> for Family {
    /// A family that this version does not know becomes ours, whose boards say
    /// so when they answer otherwise: a file of a newer version stays readable.
    fn from(name: String) -> Self {
        name.parse().unwrap_or_default()
    }
}

impl From<Family> for String {
    fn from(family: Family) -> Self {
        family.as_str().to_owned()
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, UnknownFamily> {
        Self::ALL
            .into_iter()
            .find(|family| family.as_str() == text)
            .ok_or_else(|| UnknownFamily(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// macOS lets an app search only for the services that it lists.
    #[test]
    fn the_app_for_macos_lists_every_service() {
        let listed = include_str!("../../../packaging/macos/Info.plist");
        let services = Family::ALL.into_iter().filter_map(Family::service);
        assert_eq!(
            services.clone().count(),
            listed.matches("._tcp</string>").count()
        );
        for service in services {
            let name = service.trim_end_matches(".local.");
            assert!(
                listed.contains(&format!("<string>{name}</string>")),
                "{name}"
            );
        }
    }

    #[test]
    fn only_of_a_shelly_the_model_is_left_out() {
        let product = "Plus1PM (SNSW-001P16EU)";
        assert_eq!(Family::Shelly.short_product(product), "Plus1PM");
        assert_eq!(Family::Shelly.short_product("Plus1PM"), "Plus1PM");
        for family in [Family::Switchboard, Family::Wled, Family::Esphome] {
            assert_eq!(family.short_product(product), product);
        }
    }
}
