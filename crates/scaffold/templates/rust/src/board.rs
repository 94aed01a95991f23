//! What the board is: its name, its components, and what its buttons do.

use virtual_board::host::{
    board::{Identity, Plan},
    components, mac,
};

/// The board, as controllers see it.
pub fn plan() -> Plan {
    let id = {{"id"}};
    Plan {
        identity: Identity {
            id: id.to_owned(),
            name: {{"name"}}.to_owned(),
            mac: mac(id),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: std::env::consts::OS.to_owned(),
            board: env!("CARGO_PKG_NAME").to_owned(),
        },
        components: vec![
            // They are shown in this order.
            {{each component}}
        ],
        // A press of the first toggles the second, with or without a network.
        bindings: components::bindings(&[{{bindings}}]),
        // The most at the same time.
        controllers: 4,
    }
}
