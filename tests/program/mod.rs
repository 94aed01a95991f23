//! Starts the program under test like a user would, but with a separate service
//! type and settings: a test must never find, let alone control, a board of the
//! network it runs on.

use std::{
    env,
    process::{self, Command},
};

/// The service type under which the programs of this test process find and
/// announce boards.
pub(crate) fn service() -> String {
    // RFC 6763, section 7, allows 15 characters.
    format!("_sbt-{:x}._tcp.local.", process::id())
}

/// `switchboard` without arguments.
pub(crate) fn switchboard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.env("SWITCHBOARD_SERVICE", service());
    // A folder that does not exist: neither settings nor keys. On macOS the
    // settings are below HOME.
    let home = env::temp_dir().join(format!("switchboard-no-home-{}", process::id()));
    command
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("HOME", home);
    command
}
