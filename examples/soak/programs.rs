//! Boards that run as separate programs: each a process, started by a command
//! line. Cutting the power kills it, a board that hangs is stopped, and a press
//! is a line on its standard input, as `virtual-board` reads it. They store
//! nothing: without power, and by a restart, they return to their first state.

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, Instant},
};

use protocol::{ComponentKey, State};
use serde_json::Value;

use crate::model::Fate;

/// How long a program may take until it listens.
const LISTENS_WITHIN: Duration = Duration::from_secs(15);

/// How long a program may take to read a line, on a loaded machine.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// One board.
struct Program {
    id: String,
    address: SocketAddr,
    running: Option<Running>,
    hangs: bool,
}

struct Running {
    child: Child,
    input: ChildStdin,
    /// The lines of its output and of its errors.
    said: Receiver<String>,
}

/// All boards.
pub(crate) struct Programs {
    command: String,
    service: String,
    list: Vec<Program>,
    lines: u64,
}

impl Programs {
    /// Starts this many boards with a command line for the shell.
    ///
    /// # Errors
    /// One cannot be started, or does not listen.
    pub(crate) fn start(
        command: &str,
        boards: usize,
        service: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let mut programs = Self {
            command: command.to_owned(),
            service: service.to_owned(),
            list: Vec::new(),
            lines: 0,
        };
        for number in 0..boards {
            let (id, address, running) = programs.spawn(number, 0)?;
            programs.list.push(Program {
                id,
                address,
                running: Some(running),
                hangs: false,
            });
        }
        Ok(programs)
    }

    /// The id and address of each board.
    pub(crate) fn list(&self) -> Vec<(String, SocketAddr)> {
        self.list
            .iter()
            .map(|program| (program.id.clone(), program.address))
            .collect()
    }

    /// The process of each board that has power.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        let running =
            |program: &Program| Some((program.id.clone(), program.running.as_ref()?.child.id()));
        self.list.iter().filter_map(running).collect()
    }

    fn spawn(
        &self,
        number: usize,
        port: u16,
    ) -> Result<(String, SocketAddr, Running), Box<dyn Error>> {
        let mut line = format!(
            "exec {}",
            self.command.replace("{}", &(number + 1).to_string())
        );
        if !self.command.contains("{}") {
            line += &format!(" --id soak-{:x}-{number}", process::id());
        }
        line += &format!(
            " --name Soak-{number} --port {port} --service {}",
            self.service
        );
        let mut child = Command::new("sh")
            .args(["-c", &line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (tell, said) = mpsc::channel();
        let input = child.stdin.take().ok_or("no standard input")?;
        read(child.stdout.take().ok_or("no standard output")?, &tell)?;
        read(child.stderr.take().ok_or("no standard error")?, &tell)?;
        let deadline = Instant::now() + LISTENS_WITHIN;
        let mut before = String::new();
        let listening = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(said) = said.recv_timeout(left) else {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{line}: does not listen. {before}").into());
            };
            match serde_json::from_str::<Value>(&said) {
                Ok(said) if said["address"].is_string() => break said,
                _ => before = said,
            }
        };
        let text = |field: &str| listening[field].as_str().unwrap_or_default().to_owned();
        let running = Running { child, input, said };
        Ok((text("id"), text("address").parse()?, running))
    }

    fn at(&mut self, id: &str) -> Result<usize, String> {
        self.list
            .iter()
            .position(|program| program.id == id)
            .ok_or_else(|| format!("no board has the id {id}"))
    }

    /// Cuts the power of a board.
    pub(crate) fn stop(&mut self, id: &str) -> Result<(), Box<dyn Error>> {
        let at = self.at(id)?;
        let program = &mut self.list[at];
        program.hangs = false;
        if let Some(mut running) = program.running.take() {
            running.child.kill()?;
            running.child.wait()?;
        }
        Ok(())
    }

    /// Powers a board on, at its last port or at any.
    pub(crate) fn power_on(
        &mut self,
        id: &str,
        elsewhere: bool,
    ) -> Result<SocketAddr, Box<dyn Error>> {
        let at = self.at(id)?;
        let port = if elsewhere {
            0
        } else {
            self.list[at].address.port()
        };
        let (same, address, running) = self.spawn(at, port)?;
        if same != id {
            return Err(format!("{id} started as {same}").into());
        }
        let program = &mut self.list[at];
        program.address = address;
        program.running = Some(running);
        Ok(address)
    }

    /// Makes a board hang, or lets it continue.
    pub(crate) fn hang(&mut self, id: &str, hangs: bool) -> Result<(), Box<dyn Error>> {
        let at = self.at(id)?;
        let program = &mut self.list[at];
        let running = program.running.as_ref().ok_or("it has no power")?;
        let signal = if hangs { "STOP" } else { "CONT" };
        let command = format!("kill -{signal} {}", running.child.id());
        if !Command::new("sh")
            .args(["-c", &command])
            .status()?
            .success()
        {
            return Err(format!("{command} failed").into());
        }
        program.hangs = hangs;
        Ok(())
    }

    /// Presses a button at a board.
    pub(crate) fn press(&mut self, id: &str, key: &ComponentKey) -> Result<Fate, Box<dyn Error>> {
        self.line(id, &format!("press {id} {key}"))
    }

    /// Changes a component at a board.
    pub(crate) fn set(
        &mut self,
        id: &str,
        key: &ComponentKey,
        change: &State,
    ) -> Result<Fate, Box<dyn Error>> {
        let fields: Vec<_> = change
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.line(id, &format!("set {id} {key} {}", fields.join(" ")))
    }

    /// Writes a line and waits until it was carried out.
    fn line(&mut self, id: &str, line: &str) -> Result<Fate, Box<dyn Error>> {
        let at = self.at(id)?;
        self.lines += 1;
        // Not a command: when the program says so, it has done everything
        // before it.
        let mark = format!("done-{}", self.lines);
        let program = &mut self.list[at];
        let Some(running) = &mut program.running else {
            return Ok(Fate::NotDone);
        };
        writeln!(running.input, "{line}\n{mark}").and_then(|()| running.input.flush())?;
        if program.hangs {
            // It reads this once it continues.
            return Ok(Fate::Maybe);
        }
        let deadline = Instant::now() + READ_WITHIN;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match running.said.recv_timeout(left) {
                Ok(said) if said.contains(&mark) => return Ok(Fate::Done),
                // Of an earlier line, while it hung.
                Ok(said) if said.contains("done-") => {}
                Ok(said) => println!("{id} says: {said}"),
                Err(_) => return Err(format!("{line:?} was not carried out").into()),
            }
        }
    }
}

/// Forwards lines until the end.
fn read(from: impl Read + Send + 'static, tell: &Sender<String>) -> Result<(), Box<dyn Error>> {
    let tell = tell.clone();
    thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                // The board may have lost its power.
                let _ = tell.send(line);
            }
        })?;
    Ok(())
}

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.list {
            if let Some(mut running) = program.running.take() {
                let _ = running.child.kill();
                let _ = running.child.wait();
            }
        }
    }
}
