//! The names of a bridge and the topics that follow from them. Validates
//! nothing: the command line does, because only it can report a wrong name.

use protocol::ComponentKey;

/// What the topics and payloads of a bridge contain besides its boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The first level of every topic: `switchboard`.
    pub prefix: String,
    /// The site, the second level.
    pub site: String,
    /// The name of this bridge.
    pub bridge: String,
    /// The first level of Home Assistant's topics: `homeassistant`.
    pub discovery_prefix: String,
    /// The version of this program.
    pub version: String,
}

impl Context {
    /// The state of this bridge: `PREFIX/SITE/$bridge/BRIDGE`.
    pub fn bridge_topic(&self) -> String {
        format!("{}/{}/$bridge/{}", self.prefix, self.site, self.bridge)
    }

    /// A topic of a board: `PREFIX/SITE/BOARD/LAST`.
    pub fn board_topic(&self, board: &str, last: &str) -> String {
        format!("{}/{}/{board}/{last}", self.prefix, self.site)
    }

    /// The state of a component: `PREFIX/SITE/BOARD/KIND:ID`.
    pub fn component_topic(&self, board: &str, component: &ComponentKey) -> String {
        format!("{}/{}/{board}/{component}", self.prefix, self.site)
    }

    /// The discovery payload of a board:
    /// `homeassistant/device/BOARD/config`.
    pub fn discovery_topic(&self, board: &str) -> String {
        format!("{}/device/{board}/config", self.discovery_prefix)
    }

    /// Home Assistant's birth and last will.
    pub fn birth_topic(&self) -> String {
        format!("{}/status", self.discovery_prefix)
    }
}
