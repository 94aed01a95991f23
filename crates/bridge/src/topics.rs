//! The topics of a bridge, and what a topic that a message arrived on is for.

use protocol::{ComponentKey, board_id};

use crate::{Context, Shard};

impl Context {
    /// `PREFIX/SITE`.
    pub fn site_topic(&self) -> String {
        format!("{}/{}", self.prefix, self.site)
    }

    /// Which bridge is active on a shard: `PREFIX/SITE/$claim/SHARD`.
    pub fn claim_topic(&self, shard: Shard) -> String {
        format!("{}/$claim/{}", self.site_topic(), shard.level())
    }

    /// What the replies to commands begin with: `PREFIX/SITE/$replies/`.
    pub fn replies(&self) -> String {
        format!("{}/$replies/", self.site_topic())
    }

    /// The subscriptions for commands.
    pub fn command_filters(&self) -> [String; 3] {
        ["+/$command", "+/+/set", "+/+/ha/set"]
            .map(|filter| format!("{}/{filter}", self.site_topic()))
    }
}

/// What a message on a topic asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Any method of a board.
    Command {
        /// The board's id.
        board: String,
    },
    /// The fields of a component.
    Set {
        /// The board's id.
        board: String,
        /// The component.
        component: ComponentKey,
    },
    /// The fields of a component in Home Assistant's form.
    HomeAssistant {
        /// The board's id.
        board: String,
        /// The component.
        component: ComponentKey,
    },
}

impl Target {
    /// The board's id.
    pub fn board(&self) -> &str {
        match self {
            Self::Command { board }
            | Self::Set { board, .. }
            | Self::HomeAssistant { board, .. } => board,
        }
    }
}

/// What a topic is for; `None` if it is not one of commands.
pub fn target(names: &Context, topic: &str) -> Option<Target> {
    let rest = topic.strip_prefix(&names.site_topic())?.strip_prefix('/')?;
    let mut levels = rest.split('/');
    let board = board_id(levels.next()?).ok()?.to_owned();
    let levels: Vec<_> = levels.take(4).collect();
    match levels.as_slice() {
        ["$command"] => Some(Target::Command { board }),
        [component, "set"] => Some(Target::Set {
            board,
            component: component.parse().ok()?,
        }),
        [component, "ha", "set"] => Some(Target::HomeAssistant {
            board,
            component: component.parse().ok()?,
        }),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use protocol::Kind;

    use super::*;

    pub(crate) fn names() -> Context {
        Context {
            prefix: "switchboard".to_owned(),
            site: "lab".to_owned(),
            bridge: "one".to_owned(),
            discovery_prefix: "homeassistant".to_owned(),
            version: "0.0.0".to_owned(),
        }
    }

    #[test]
    fn a_topic_names_a_board_and_a_component() {
        let board = "sb-1".to_owned();
        let component = ComponentKey::new(Kind::Light, 0);
        for (topic, expected) in [
            (
                "switchboard/lab/sb-1/$command",
                Some(Target::Command {
                    board: board.clone(),
                }),
            ),
            (
                "switchboard/lab/sb-1/light:0/set",
                Some(Target::Set {
                    board: board.clone(),
                    component: component.clone(),
                }),
            ),
            (
                "switchboard/lab/sb-1/light:0/ha/set",
                Some(Target::HomeAssistant { board, component }),
            ),
            ("switchboard/lab/SB-1/$command", None),
            ("switchboard/lab/sb-1/light/set", None),
            ("switchboard/lab/sb-1/light:0", None),
            ("switchboard/lab/sb-1/light:0/set/set/set", None),
            ("switchboard/lab2/sb-1/$command", None),
            ("switchboard/lab", None),
            ("", None),
        ] {
            assert_eq!(target(&names(), topic), expected, "{topic}");
        }
    }
}
