//! The board core alone, without a socket or a clock: callgrind counts what a
//! command and a push cost.

use std::time::Duration;

use board::{Board, NoHardware, Outgoing};
use protocol::{Epoch, RpcError};
use virtual_board::{Profile, profile};

use crate::Outcome;

/// Sends `commands` commands to a lamp. Each changes its light and is pushed to
/// `clients` clients.
pub(super) fn run(commands: u32, clients: u32) -> Outcome<()> {
    let now = Duration::from_secs(1);
    let places = usize::try_from(clients)? + 1;
    let mut lamp = Board::new(
        profile::plan(Profile::Lamp, 0, 1, None, places),
        &[],
        Epoch(1),
        NoHardware,
    )?;
    let mut others = Vec::new();
    for _ in 0..clients {
        let (client, _) = lamp.handle(|board| {
            let client = board.connect(now)?;
            board.receive(
                now,
                client,
                r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#,
            );
            Ok::<_, RpcError>(client)
        });
        others.push(client?);
    }
    let (commander, _) = lamp.handle(|board| board.connect(now));
    let commander = commander?;
    let mut bytes = 0;
    for number in 0..commands {
        let brightness = number % 100;
        let command = format!(
            r#"{{"jsonrpc":"2.0","id":{number},"method":"Light.Set","params":{{"id":0,"on":true,"brightness":{brightness}}}}}"#
        );
        let ((), _) = lamp.handle(|board| board.receive(now, commander, &command));
        for client in others.iter().chain([&commander]) {
            while let Some(Outgoing::Text(text)) = lamp.next_outgoing(now, *client) {
                bytes += text.len();
            }
        }
    }
    println!("{bytes}");
    Ok(())
}
