//! What measuring programs have in common: boards in a process of their own.

use std::{
    error::Error,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use virtual_board::{Options, VirtualBoards};

/// Runs boards until the end of standard input: prints one address per line and
/// an empty line when all listen.
pub(crate) fn run_boards(options: Options) -> Result<(), Box<dyn Error>> {
    let running = VirtualBoards::start(options)?;
    let mut lines: String = running
        .list()
        .iter()
        .map(|board| format!("{}\n", board.address))
        .collect();
    lines.push('\n');
    io::stdout().write_all(lines.as_bytes())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// The boards, in a process of their own so that their cost is not attributed
/// to the fleet.
pub(crate) struct BoardsProcess {
    pub(crate) child: Child,
    pub(crate) addresses: Vec<String>,
}

impl BoardsProcess {
    /// Starts this program again with `boards` and these arguments, and reads
    /// the addresses that it prints.
    pub(crate) fn start(boards: usize, arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["boards", &boards.to_string()])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child
            .stdout
            .take()
            .ok_or("the boards' process has no output")?;
        let lines: Result<Vec<_>, _> = BufReader::new(output)
            .lines()
            .take_while(|line| !matches!(line, Ok(line) if line.is_empty()))
            .collect();
        let addresses = lines?;
        if addresses.len() < boards {
            return Err(format!("only {} boards listen", addresses.len()).into());
        }
        Ok(Self { child, addresses })
    }

    /// It ends with its input, and sends goodbyes.
    pub(crate) fn end(&mut self) -> Result<(), Box<dyn Error>> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}
