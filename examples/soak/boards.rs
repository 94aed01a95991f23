//! The boards, and what is done to them: power, cables, presses. Virtual boards
//! are in a process of their own; each line is a command, and each is answered
//! by a line.

use std::{
    collections::HashMap,
    error::Error,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use protocol::{ComponentKey, State};
use virtual_board::{ActionError, Options, Profile, VirtualBoards};

use crate::{model::Fate, programs::Programs};

/// Where the boards run.
pub(crate) enum Bench {
    /// In a process of this program.
    Virtual(Boards),
    /// In separate programs, one per board.
    Programs(Programs),
}

impl Bench {
    /// Starts virtual boards, or a program for each board.
    pub(crate) fn start(
        program: Option<&str>,
        boards: usize,
        seed: u64,
        service: &str,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(match program {
            None => Self::Virtual(Boards::start(boards, seed, service)?),
            Some(command) => Self::Programs(Programs::start(command, boards, service)?),
        })
    }

    /// Id and first address of each.
    pub(crate) fn list(&self) -> Vec<(String, SocketAddr)> {
        match self {
            Self::Virtual(boards) => boards.list.clone(),
            Self::Programs(programs) => programs.list(),
        }
    }

    /// The processes that run boards now.
    pub(crate) fn processes(&self) -> Vec<u32> {
        match self {
            Self::Virtual(boards) => vec![boards.id()],
            Self::Programs(programs) => programs.processes().iter().map(|(_, id)| *id).collect(),
        }
    }

    /// Whether each board is a program.
    pub(crate) fn are_programs(&self) -> bool {
        matches!(self, Self::Programs(_))
    }

    /// Whether the board with this number keeps its power, so that the memory
    /// of its process can be judged.
    pub(crate) fn keeps_power(&self, number: usize) -> bool {
        self.are_programs() && number == 0
    }

    /// Cuts the power of a board; `false` if it has none.
    pub(crate) fn stop(&mut self, id: &str) -> Result<bool, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.order(&format!("stop {id}"))?.is_ok()),
            Self::Programs(programs) => programs.stop(id).map(|()| true),
        }
    }

    /// Makes a board hang, with its sockets open; `false` if it cannot.
    pub(crate) fn hold(&mut self, id: &str) -> Result<bool, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.order(&format!("hold {id}"))?.is_ok()),
            Self::Programs(programs) => programs.hang(id, true).map(|()| true),
        }
    }

    /// Lets a board continue.
    pub(crate) fn release(&mut self, id: &str) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.order(&format!("release {id}"))?.map(drop)?),
            Self::Programs(programs) => programs.hang(id, false),
        }
    }

    /// Powers a board on where it was; `None` if its port is in use.
    pub(crate) fn power_on(&mut self, id: &str) -> Result<Option<SocketAddr>, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.order(&format!("start {id}"))?.ok().flatten()),
            Self::Programs(programs) => Ok(programs.power_on(id, false).ok()),
        }
    }

    /// Powers a board on at another port.
    pub(crate) fn power_on_elsewhere(&mut self, id: &str) -> Result<SocketAddr, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => {
                Ok(boards.order(&format!("move {id}"))??.ok_or("no address")?)
            }
            Self::Programs(programs) => programs.power_on(id, true),
        }
    }

    /// Presses a button at a board. The inner error is that it is refused.
    pub(crate) fn press(
        &mut self,
        id: &str,
        key: &ComponentKey,
    ) -> Result<Result<Fate, String>, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.press(id, key)?.map(|()| Fate::Done)),
            Self::Programs(programs) => programs.press(id, key).map(Ok),
        }
    }

    /// Changes a component at a board. The inner error is that it is refused.
    pub(crate) fn set(
        &mut self,
        id: &str,
        key: &ComponentKey,
        change: &State,
    ) -> Result<Result<Fate, String>, Box<dyn Error>> {
        match self {
            Self::Virtual(boards) => Ok(boards.set(id, key, change)?.map(|()| Fate::Done)),
            Self::Programs(programs) => programs.set(id, key, change).map(Ok),
        }
    }
}

/// Runs boards until the end of standard input: half of them have one component
/// of each kind, the others are lamps, power strips and weather stations.
/// Prints `ID ADDRESS` for each, an empty line, and an answer to each line that
/// it reads.
pub(crate) fn run(boards: usize, seed: u64, service: &str) -> Result<(), Box<dyn Error>> {
    let half = boards / 2;
    let mut worlds = Vec::new();
    for (boards, profile, seed) in [
        (half, Profile::Everything, seed),
        (boards - half, Profile::Mixed, !seed),
    ] {
        if boards > 0 {
            let service = service.to_owned();
            worlds.push(VirtualBoards::start(Options {
                boards,
                profile,
                seed: Some(seed),
                service,
                ..Options::default()
            })?);
        }
    }
    let mut out = io::stdout();
    let mut whose = HashMap::new();
    for (world, boards) in worlds.iter().enumerate() {
        for board in boards.list() {
            writeln!(out, "{} {}", board.id, board.address)?;
            whose.insert(board.id, world);
        }
    }
    writeln!(out)?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let id = line.split(' ').nth(1).unwrap_or_default();
        match whose
            .get(id)
            .and_then(|world| worlds.get(*world))
            .map(|world| obey(world, &line))
        {
            Some(Ok(address)) => writeln!(out, "ok {address}")?,
            Some(Err(problem)) => writeln!(out, "no {problem}")?,
            None => writeln!(out, "no such board")?,
        }
        out.flush()?;
    }
    Ok(())
}

fn obey(boards: &VirtualBoards, line: &str) -> Result<String, Box<dyn Error>> {
    let words: Vec<_> = line.splitn(4, ' ').collect();
    match *words.as_slice() {
        ["stop", id] => boards.stop(id)?,
        ["start", id] => {
            boards.start_again(id)?;
            return address(boards, id);
        }
        ["move", id] => {
            boards.start_again_on(id, 0)?;
            return address(boards, id);
        }
        ["hold", id] => boards.hold(id)?,
        ["release", id] => boards.release(id)?,
        ["press", id, key] => boards.press(id, &key.parse()?, "press")?,
        ["set", id, key, change] => {
            boards.set(id, &key.parse()?, State(serde_json::from_str(change)?))?;
        }
        _ => return Err(format!("{line:?} is no order").into()),
    }
    Ok(String::new())
}

fn address(boards: &VirtualBoards, id: &str) -> Result<String, Box<dyn Error>> {
    let there = boards.list().into_iter().find(|board| board.id == id);
    Ok(there
        .ok_or_else(|| ActionError::NoSuchBoard(id.to_owned()))?
        .address
        .to_string())
}

/// The process of the boards, from outside.
pub(crate) struct Boards {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Id and first address of each.
    list: Vec<(String, SocketAddr)>,
}

impl Boards {
    /// Starts this program again, as boards.
    fn start(boards: usize, seed: u64, service: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["boards", &boards.to_string(), &seed.to_string(), service])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let mut answers = BufReader::new(
            child
                .stdout
                .take()
                .ok_or("the boards' process has no output")?,
        );
        let mut list = Vec::new();
        loop {
            let mut line = String::new();
            answers.read_line(&mut line)?;
            match line.trim().split_once(' ') {
                Some((id, address)) => list.push((id.to_owned(), address.parse()?)),
                None => break,
            }
        }
        if list.len() < boards {
            return Err(format!("only {} boards listen", list.len()).into());
        }
        Ok(Self {
            child,
            orders,
            answers,
            list,
        })
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command and waits until it is done.
    ///
    /// # Errors
    /// If the boards' process is gone. The inner error is that the command is
    /// refused.
    fn order(&mut self, line: &str) -> Result<Result<Option<SocketAddr>, String>, Box<dyn Error>> {
        let orders = self.orders.as_mut().ok_or("the boards were ended")?;
        writeln!(orders, "{line}")?;
        orders.flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        match answer.trim().split_once(' ').unwrap_or((answer.trim(), "")) {
            ("ok", "") => Ok(Ok(None)),
            ("ok", address) => Ok(Ok(Some(address.parse()?))),
            ("no", problem) => Ok(Err(problem.to_owned())),
            _ => Err(format!("the boards answer {answer:?} to {line:?}").into()),
        }
    }

    /// Presses a button at a board.
    fn press(
        &mut self,
        id: &str,
        key: &ComponentKey,
    ) -> Result<Result<(), String>, Box<dyn Error>> {
        Ok(self.order(&format!("press {id} {key}"))?.map(drop))
    }

    /// Changes a component at a board.
    fn set(
        &mut self,
        id: &str,
        key: &ComponentKey,
        change: &State,
    ) -> Result<Result<(), String>, Box<dyn Error>> {
        let change = serde_json::to_string(change)?;
        Ok(self.order(&format!("set {id} {key} {change}"))?.map(drop))
    }
}

impl Drop for Boards {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}
