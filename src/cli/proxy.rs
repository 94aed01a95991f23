//! `switchboard proxy`: starts the proxy, prints its address, and runs until
//! interrupted.

use std::{env, io::Write, net::SocketAddr};

use super::{Failure, client::Client, output, watching::held};
use disk::keys::Store;
use proxy::{Proxy, ProxyError, Settings, Token};

/// The environment variable that contains the token.
const TOKEN: &str = "SWITCHBOARD_TOKEN";

/// Runs the command.
pub(super) fn proxy(
    keys: &Store,
    board: &str,
    listen: SocketAddr,
    token: Option<Token>,
) -> Result<(), Failure> {
    let token = match (token, env::var(TOKEN)) {
        (Some(token), _) => token,
        (None, Ok(text)) => text
            .parse()
            .map_err(|error| Failure::Usage(format!("{TOKEN}: {error}")))?,
        (None, Err(_)) => {
            return Err(Failure::Usage(format!(
                "a token is required: set {TOKEN}, or pass --token TOKEN if other users of this \
                 computer may see it"
            )));
        }
    };
    // Checked before anything is sent on the network.
    if !listen.ip().is_loopback() {
        return Err(ProxyError::NotLoopback(listen).into());
    }
    // A separate connection finds the board and shows that it accepts the key.
    let client = Client::connect_ours(keys, board)?;
    let view = client.board()?;
    drop(client);
    let name = text::plain(&view.name);
    let Some(key) = view
        .id
        .as_deref()
        .and_then(|id| held(keys).ok()?.get(id).cloned())
    else {
        let why = format!(
            "{name} is open and does not need a proxy: use ws://{}{}",
            view.address,
            protocol::RPC_PATH
        );
        return Err(Failure::Usage(why));
    };
    let proxy = Proxy::start(Settings {
        listen,
        token,
        board: view.address.to_string(),
        key,
    })?;
    writeln!(
        output::out(),
        "ws://{}{}",
        proxy.address(),
        protocol::RPC_PATH
    )?;
    proxy.wait();
    Ok(())
}

impl From<ProxyError> for Failure {
    fn from(error: ProxyError) -> Self {
        Self::Usage(error.to_string())
    }
}
