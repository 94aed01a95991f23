//! {{name}}: a board that runs on a computer.

mod board;
mod hardware;

use std::process::ExitCode;

fn main() -> ExitCode {
    virtual_board::host::run(board::plan(), hardware::Machine::default)
}
