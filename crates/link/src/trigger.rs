//! Commands without a value: what a component is told to start or to stop.

use protocol::{Kind, method};
use serde::{Deserialize, Serialize};

/// What a component can be told to do, besides taking a state. It cannot be
/// undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Trigger {
    /// Open a cover.
    Open,
    /// Close a cover.
    Close,
    /// Stop a cover.
    Stop,
    /// Let a board download and install its latest image.
    Install,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Close, Self::Stop, Self::Install];

    /// Its method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Open => method::COVER_OPEN,
            Self::Close => method::COVER_CLOSE,
            Self::Stop => method::COVER_STOP,
            Self::Install => method::UPDATE_INSTALL,
        }
    }

    /// The one that calls this method.
    pub fn of(method: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|trigger| trigger.method() == method)
    }

    /// The kind of the components that have it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Open | Self::Close | Self::Stop => Kind::Cover,
            Self::Install => Kind::Update,
        }
    }

    /// What it does, as a verb: `open`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Stop => "stop",
            Self::Install => "install",
        }
    }

    /// What a component of another kind cannot be.
    pub(crate) const fn participle(self) -> &'static str {
        match self {
            Self::Open => "opened",
            Self::Close => "closed",
            Self::Stop => "stopped",
            Self::Install => "installed",
        }
    }
}
