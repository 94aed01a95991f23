//! What this window can do. One that keeps its fleet itself can do everything;
//! one whose fleet is on a server, or that runs in a browser, says what it
//! cannot do and why.

use disk::settings::Page;

/// Something that not every window can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Entering, pairing and deleting keys of boards.
    Keys,
    /// Adding and removing MQTT brokers.
    Brokers,
    /// Accepting inbound connections, and telling boards to open them.
    Inbound,
    /// Removing boards from the fleet.
    Forget,
    /// Setting up a board over USB.
    Setup,
    /// The doctor.
    Doctor,
    /// The lab.
    Lab,
    /// The serial monitor.
    Serial,
    /// Recording a session and replaying one.
    Sessions,
    /// The telemetry of boards, received from them.
    Telemetry,
    /// Notifications of the desktop.
    Notifications,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Keys,
        Self::Brokers,
        Self::Inbound,
        Self::Forget,
        Self::Setup,
        Self::Doctor,
        Self::Lab,
        Self::Serial,
        Self::Sessions,
        Self::Telemetry,
        Self::Notifications,
    ];
}

/// What this window can do, by where it runs and where its fleet is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Abilities {
    /// On the computer that keeps the fleet.
    #[default]
    Local,
    /// On a computer that is connected to a server with the fleet.
    Remote,
    /// In a browser that is connected to a server with the fleet.
    Browser,
}

impl Abilities {
    /// Those of this program with this fleet.
    pub fn of(has_server: bool) -> Self {
        match has_server {
            _ if cfg!(target_arch = "wasm32") => Self::Browser,
            true => Self::Remote,
            false => Self::Local,
        }
    }

    /// Whether this window can do something.
    ///
    /// # Errors
    /// Why it cannot, in a sentence or two.
    pub fn check(self, ability: Ability) -> Result<(), &'static str> {
        match self {
            Self::Local => Ok(()),
            Self::Remote => ability.absent_with_a_server().map_or(Ok(()), Err),
            Self::Browser => ability
                .absent_with_a_server()
                .or_else(|| ability.absent_in_a_browser())
                .map_or(Ok(()), Err),
        }
    }

    /// Whether this window can do something.
    pub fn has(self, ability: Ability) -> bool {
        self.check(ability).is_ok()
    }
}

impl Ability {
    /// What a page needs that not every window has.
    pub(crate) fn of_page(page: Page) -> Option<Self> {
        match page {
            Page::Doctor => Some(Self::Doctor),
            Page::Lab => Some(Self::Lab),
            Page::Serial => Some(Self::Serial),
            _ => None,
        }
    }

    /// Why a window cannot do this while the fleet is on a server.
    fn absent_with_a_server(self) -> Option<&'static str> {
        Some(match self {
            Self::Keys => {
                "Keys stay on the server. Pair boards and enter keys in a window on the server's \
                 computer."
            }
            Self::Brokers => {
                "The server chooses its brokers. Change them in a window on the server's computer."
            }
            Self::Inbound => {
                "The server accepts these connections. Change them in a window on the server's \
                 computer."
            }
            Self::Forget => {
                "The server keeps the list of boards, and others use it too. Hide the board in \
                 this window instead."
            }
            Self::Setup => {
                "Setting up a board stores its key where the fleet is. Use a window on the \
                 server's computer, or one that is not connected to a server."
            }
            _ => return None,
        })
    }

    /// Why a browser cannot do this.
    fn absent_in_a_browser(self) -> Option<&'static str> {
        Some(match self {
            Self::Doctor => {
                "The doctor examines the network of its computer, which a browser cannot reach. \
                 Run switchboard doctor on the server, or open the window of the program."
            }
            Self::Lab => {
                "The lab opens connections of its own to boards, which a browser cannot do. Open \
                 the window of the program."
            }
            Self::Serial => {
                "A browser has no serial ports for this page. Open the window of the program on \
                 the computer where the board is connected, or run switchboard monitor there."
            }
            Self::Sessions => {
                "A browser cannot keep writing a file. Record on the server with switchboard \
                 record, or in the window of the program."
            }
            Self::Telemetry => {
                "Telemetry comes directly from boards, which a browser cannot reach. Open the \
                 window of the program."
            }
            Self::Notifications => {
                "This page shows no notifications. The window of the program does."
            }
            Self::Keys | Self::Brokers | Self::Inbound | Self::Forget | Self::Setup => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_keeps_its_fleet_can_do_everything_and_a_browser_nothing_local() {
        for ability in Ability::ALL {
            assert_eq!(Abilities::Local.check(ability), Ok(()));
            assert!(
                Abilities::Browser
                    .check(ability)
                    .is_err_and(|why| why.ends_with('.')),
                "{ability:?}"
            );
        }
    }

    #[test]
    fn a_remote_window_keeps_what_needs_only_its_own_computer() {
        let has = Ability::ALL.map(|ability| Abilities::Remote.has(ability));
        let (of_the_server, of_this_computer) = has.split_at(5);
        assert!(of_the_server.iter().all(|has| !has));
        assert!(of_this_computer.iter().all(|has| *has));
    }
}
