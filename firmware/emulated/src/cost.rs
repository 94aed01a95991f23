//! Measures a command and a push in the board core, in instructions of this
//! processor. QEMU counts instructions only if it is started with `-icount
//! shift=0`; otherwise its counter follows the computer's clock, and the
//! figures are meaningless.

use alloc::{format, vec::Vec};
use core::time::Duration;

use board::{Board, ClientId, NoHardware, Outgoing, PlanError};
use protocol::Epoch;
use riscv::register::minstret;

use crate::plan;

/// The maximum number of commands per measurement: no interrupts are handled
/// meanwhile.
pub(crate) const MOST: u32 = 10_000;

/// The number of subscribers when pushes are measured.
const CLIENTS: u32 = 10;

/// Mean numbers of instructions.
pub(crate) struct Cost {
    /// For a command that changes a light, from the request's text to the
    /// response's text, without subscribers.
    pub(crate) command: u64,
    /// For a push to one of ten subscribers, until its text is taken.
    pub(crate) push: u64,
}

/// Measures this many commands, once without and once with ten subscribers,
/// like `core-alone` of `benches/`.
pub(crate) fn measure(commands: u32) -> Result<Cost, PlanError> {
    let (alone, with_clients) = (count(commands, 0)?, count(commands, CLIENTS)?);
    let of_one = u64::from(commands);
    Ok(Cost {
        command: alone / of_one,
        push: with_clients.saturating_sub(alone) / of_one / u64::from(CLIENTS),
    })
}

fn count(commands: u32, clients: u32) -> Result<u64, PlanError> {
    let now = Duration::from_secs(1);
    let mut plan = plan::plan([2, 0, 0, 0, 0, 1], "0");
    plan.controllers = clients as usize + 1;
    let mut board = Board::new(plan, &[], Epoch(1), NoHardware)?;
    let mut connected = Vec::new();
    for number in 0..=clients {
        let (client, _) = board.handle(|board| board.connect(now));
        let client = client.map_err(|error| PlanError(error.message))?;
        // All but the first, which sends the commands.
        if number > 0 {
            let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;
            let ((), _) = board.handle(|board| board.receive(now, client, subscribe));
        }
        connected.push(client);
    }
    take_all(&mut board, now, &connected);
    let mut instructions = 0;
    for number in 0..commands {
        let command = format!(
            r#"{{"jsonrpc":"2.0","id":{number},"method":"Light.Set","params":{{"id":0,"on":true,"brightness":{}}}}}"#,
            number % 100
        );
        instructions += critical_section::with(|_| {
            let before = minstret::read64();
            let ((), _) = board.handle(|board| board.receive(now, connected[0], &command));
            take_all(&mut board, now, &connected);
            minstret::read64().wrapping_sub(before)
        });
    }
    Ok(instructions)
}

fn take_all(board: &mut Board<NoHardware>, now: Duration, clients: &[ClientId]) {
    for client in clients {
        while let Some(Outgoing::Text(_)) = board.next_outgoing(now, *client) {}
    }
}
