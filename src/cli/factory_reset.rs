//! `switchboard factory-reset`: erases what a board stores. Decides nothing
//! about the key of the board on this computer; it only says that the key is
//! useless.

use std::io::Write;

use protocol::{Object, method};
use serde_json::json;

use super::{Failure, client::Client, done, output, watching::Reach};
use sanitize::plain;

/// Runs the command.
pub(super) fn factory_reset(
    reach: Reach<'_>,
    board: &str,
    confirmed: bool,
    json: bool,
) -> Result<(), Failure> {
    if !confirmed {
        return Err(Failure::Usage(format!(
            "this erases the name, the Wi-Fi network, the saved state, the keys and the outbound \
             connection of {}; nothing was changed. A board on Wi-Fi cannot be reached after that, \
             until `switchboard provision` has given it a network again. To erase it, add --yes",
            text::plain(board)
        )));
    }
    let client = Client::connect(reach, board)?;
    let view = client.board()?;
    if let Some(why) = view.factory_reset_problem() {
        return Err(Failure::Incompatible {
            board: format!("{}:", view.name),
            problem: why.to_owned(),
        });
    }
    let outcome = client.outcome(|reply| {
        let method = method::DEVICE_FACTORY_RESET;
        client
            .fleet()
            .call(client.key(), method, Object::new(), Some(reply));
    })?;
    let (_, took) = done(&view.name, outcome)?;
    if json {
        let line = json!({
            "board": *view.name, "id": view.id.as_deref(), "erased": true,
            "took_ms": took.as_secs_f64() * 1e3,
        });
        return Ok(writeln!(output::out(), "{}", plain::json(&line))?);
    }
    writeln!(
        output::out(),
        "{}  erased; it restarts as an open board without Wi-Fi",
        text::plain(&view.name)
    )?;
    if let (Some(_), Some(id)) = (&view.held, &view.id) {
        output::say(format!(
            "the key that this computer has for it no longer works; to delete it, run: \
             switchboard keys forget {id}"
        ));
    }
    Ok(())
}
