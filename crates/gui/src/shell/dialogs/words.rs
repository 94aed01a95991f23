//! The texts of the dialogs.

use crate::model::dialog_kind::DialogKind;
use fleet::CredentialKind;

/// The texts of a dialog.
pub(super) struct Words<'a> {
    pub(super) title: &'a str,
    /// The accessible name of the field.
    pub(super) field: &'static str,
    pub(super) hint: &'static str,
    pub(super) help: String,
    pub(super) done: &'static str,
}

impl DialogKind {
    /// `credential` is what its board asks for, if it is about one.
    pub(super) fn words(&self, credential: CredentialKind, has_brokers: bool) -> Words<'_> {
        match self {
            Self::Address => Words {
                title: "Add board",
                field: "Address",
                hint: "192.168.1.17:80",
                help: "host, host:port or [IPv6]:port. The default port is 80. For an ESPHome \
                    board, type esphome://host. The board is remembered."
                    .to_owned(),
                done: "Add",
            },
            Self::Broker => Words {
                title: if has_brokers { "Brokers" } else { "Add broker" },
                field: "Broker address",
                hint: "mqtt://anna@broker.lan",
                help: broker_help(has_brokers),
                done: "Add",
            },
            Self::BrokerPassword(broker) => Words {
                title: "Enter broker password",
                field: "Password",
                hint: "",
                help: format!(
                    "The password for {broker}. It is stored in the keychain of this computer."
                ),
                done: "Connect",
            },
            Self::Listen { on, urls } => Words {
                title: if *on {
                    "Inbound connections"
                } else {
                    "Accept inbound connections"
                },
                field: "Listen address",
                hint: "0.0.0.0:7433",
                help: listen_help(*on, urls),
                done: if *on { "Change" } else { "Listen" },
            },
            Self::Call { begins, .. } => Words {
                title: "Outbound connection",
                field: "Server address",
                hint: "ws://192.168.1.5:7433/",
                help: format!(
                    "The board keeps a connection to this address open, even after a restart. Use \
                        this if this computer cannot connect to the board. Leave empty to disable \
                        the outbound connection.{}",
                    if *begins {
                        " This computer will then accept inbound connections."
                    } else {
                        ""
                    }
                ),
                done: "Apply",
            },
            Self::Room(_) => Words {
                title: "Assign room",
                field: "Room",
                hint: "Workshop",
                help: "The list of boards can be grouped by room. Leave empty to remove the \
                    room. Stored on this computer."
                    .to_owned(),
                done: "Assign",
            },
            Self::Tags(_) => Words {
                title: "Tags",
                field: "Tags",
                hint: "bench, demo",
                help: "Separate tags with commas. Searching for a tag finds the board. Stored \
                    on this computer."
                    .to_owned(),
                done: "Tag",
            },
            Self::Reboot(boards) => Words {
                title: if boards.len() == 1 {
                    "Reboot the board?"
                } else {
                    "Reboot these boards?"
                },
                field: "",
                hint: "",
                help: match boards.len() {
                    1 => "The board will be offline for a few seconds, and its outputs may turn \
                        off."
                        .to_owned(),
                    many => format!(
                        "{many} boards will be offline for a few seconds, and their outputs may \
                            turn off."
                    ),
                },
                done: "Reboot",
            },
            Self::RequireSignatures(_) => Words {
                title: "Require signed firmware?",
                field: "",
                hint: "",
                help: "The board will accept only images that are signed with its key and not \
                    older than the running one. This can be switched off only at the board: by \
                    `signatures off` on its serial port, or by a factory reset."
                    .to_owned(),
                done: "Require",
            },
            Self::FactoryReset { title, has_key, .. } => Words {
                title,
                field: "",
                hint: "",
                help: reset_help(*has_key),
                done: "Erase",
            },
            // What it says has several parts.
            Self::Restore { title, plan, .. } => Words {
                title,
                field: "",
                hint: "",
                help: String::new(),
                done: match plan.misfits.is_empty() {
                    true => "Restore",
                    false => "Restore what fits",
                },
            },
            Self::Key(_) => enter_words(credential),
            // Steps are shown instead.
            Self::Pair { .. } => Words {
                title: "Pair with the board",
                field: "",
                hint: "",
                help: String::new(),
                done: "Pair",
            },
            Self::ForgetKey(_) => forget_words(credential),
            // What it says has several parts.
            Self::Turn { undo, title, .. } => Words {
                title,
                field: "",
                hint: "",
                help: String::new(),
                done: if *undo { "Undo" } else { "Redo" },
            },
            Self::Replay(path) => Words {
                title: "Replay recording",
                field: "Speed",
                hint: "1",
                help: format!(
                    "The speed at which {} is replayed: 1 is as recorded, 10 is ten times as fast. \
                        Each recorded board appears in the list with (replay) after its name.",
                    path.file_name().unwrap_or_default().display()
                ),
                done: "Replay",
            },
            Self::Path(spec) => Words {
                title: &spec.title,
                field: "Path",
                hint: "/path/to/file",
                help: format!("Could not open a file dialog. {}", spec.help),
                done: spec.done,
            },
        }
    }
}

/// The texts of the dialog that asks for a key or a password.
fn enter_words(kind: CredentialKind) -> Words<'static> {
    let (title, field, hint, source, done) = match kind {
        CredentialKind::BoardKey => (
            "Enter key",
            "Key",
            "switchboard-key:1:…",
            "The key that you were given, for example by `switchboard keys export`.",
            "Unlock",
        ),
        CredentialKind::Password => (
            "Enter password",
            "Password",
            "",
            "The password that was set on the board's web page or in its app.",
            "Connect",
        ),
        CredentialKind::NoiseKey => (
            "Enter encryption key",
            "Encryption key",
            "44 characters of base64",
            "The key in the board's YAML file, after `api:`, `encryption:`, `key:`.",
            "Connect",
        ),
    };
    Words {
        title,
        field,
        hint,
        help: format!("{source} It is stored in the keychain of this computer."),
        done,
    }
}

/// The texts of the dialog that asks whether to forget a key or a password.
fn forget_words(kind: CredentialKind) -> Words<'static> {
    let (title, help) = match kind {
        CredentialKind::BoardKey => (
            "Forget the key?",
            "This computer can no longer use the board while it is locked. If the board is open, \
             the connection is not encrypted. The key stays on the board.",
        ),
        CredentialKind::Password => (
            "Forget the password?",
            "This computer can no longer use the board while it asks for a password. The password \
             of the board does not change.",
        ),
        CredentialKind::NoiseKey => (
            "Forget the encryption key?",
            "This computer can no longer use the board while it is encrypted. The key stays on \
             the board.",
        ),
    };
    Words {
        title,
        field: "",
        hint: "",
        help: help.to_owned(),
        done: "Forget",
    }
}

/// What to type; before the first broker, also what follows.
fn broker_help(has_brokers: bool) -> String {
    let form = "mqtt://host, or mqtts://host with TLS. If the broker requires a user, type \
                mqtt://user@host.";
    match has_brokers {
        true => form.to_owned(),
        false => format!(
            "{form} Its Tasmota boards, Homie devices and the boards that bridges forward appear \
                in the list. The broker is remembered."
        ),
    }
}

/// What a factory reset erases, and what follows from it.
fn reset_help(has_key: bool) -> String {
    let key = match has_key {
        true => {
            " The key that this computer has for the board will no longer work: forget it when \
             the board is back."
        }
        false => "",
    };
    format!(
        "The board erases what it stores: its name, its Wi-Fi network, the saved state of its \
         outputs, its keys and its outbound connection. Then it restarts as an open board. This \
         cannot be undone.\n\nA board on Wi-Fi cannot be reached after that: connect it by USB \
         to give it a Wi-Fi network again.\n\nIts firmware stays, and so do the room and tags \
         on this computer.{key}"
    )
}

fn listen_help(on: bool, urls: &[String]) -> String {
    let urls = match urls {
        [] => "this computer's address".to_owned(),
        urls => urls.join(" or "),
    };
    match on {
        true => format!(
            "Set {urls} as the outbound connection of boards, in their menus. If you stop \
                listening, boards that are connected this way are disconnected."
        ),
        false => format!(
            "For boards that this computer cannot connect to: they connect to this computer \
                instead, and work like any other board. Set {urls} as their outbound connection. \
                Anyone who reaches this port can impersonate a board that has no key. Stored \
                on this computer."
        ),
    }
}
