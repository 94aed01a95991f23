//! `switchboard monitor`: prints what a board writes to its serial port, and
//! sends what is typed.

mod prompt;
mod terminal;

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant, SystemTime},
};

use jiff::tz::TimeZone;
use serde_json::json;

use self::{
    prompt::{Prompt, Typed},
    terminal::{Input, KeyByKey},
};
use super::{Failure, output, provision};
use sanitize::plain;
use serial::{Line, Meaning, Monitor, MonitorState, Problem, Registry, ports};

/// The arguments of `switchboard monitor`.
pub(super) struct Options {
    pub(super) port: Option<String>,
    pub(super) baud: u32,
    /// Whether to reset the board once the port is open.
    pub(super) reset: bool,
    pub(super) wait: Option<Duration>,
    pub(super) json: bool,
}

/// What the command waits for.
enum News {
    Monitor,
    Input(Input),
}

/// Erases the line of the cursor.
const ERASE: &str = "\r\x1b[K";

pub(super) fn monitor(options: &Options) -> Result<(), Failure> {
    let path = match &options.port {
        Some(path) => path.clone(),
        None => only_port(options.json)?,
    };
    let (tell, news) = channel();
    let wake = tell.clone();
    let monitor = Monitor::start(&path, options.baud, &Registry::of_program(), move || {
        // The receiver is gone when the command ends.
        let _ = wake.send(News::Monitor);
    })?;
    let mut session = Session {
        monitor,
        printer: Printer {
            json: options.json,
            zone: text::local_zone().0,
        },
        prompt: Prompt::default(),
        keys: None,
        was_open: false,
        reset: options.reset,
        partial: Vec::new(),
        path,
    };
    session.keys = KeyByKey::start();
    if session.keys.is_some() && !options.json {
        output::say("Enter sends a line, Ctrl+R resets the board, Ctrl+C ends.");
    }
    terminal::read(move |input| tell.send(News::Input(input)).is_ok())?;
    session.run(&news, options.wait.map(|wait| Instant::now() + wait))
}

/// The port of the only board; otherwise lists the ports.
fn only_port(json: bool) -> Result<String, Failure> {
    let ports = ports().map_err(Failure::NoAnswer)?;
    if let [board] = provision::likely(&ports)[..] {
        return Ok(board.path.clone());
    }
    provision::print_ports(&ports, json)?;
    Err(Failure::Usage(if ports.is_empty() {
        serial::no_port_found()
    } else {
        "choose one of the listed ports: switchboard monitor PORT".to_owned()
    }))
}

struct Session {
    monitor: Monitor,
    printer: Printer,
    prompt: Prompt,
    /// Set while keys arrive one by one.
    keys: Option<KeyByKey>,
    was_open: bool,
    reset: bool,
    /// The incomplete line of an input that is not a terminal.
    partial: Vec<u8>,
    path: String,
}

impl Session {
    fn run(&mut self, news: &Receiver<News>, end: Option<Instant>) -> Result<(), Failure> {
        loop {
            // With a timeout of 0, news that is already there is still
            // received.
            if end.is_some_and(|end| end <= Instant::now()) {
                break;
            }
            let left = end.map_or(Duration::from_secs(3_600), |end| {
                end.saturating_duration_since(Instant::now())
            });
            let event = news.recv_timeout(left);
            match event {
                Ok(News::Monitor) => self.update()?,
                Ok(News::Input(input)) => {
                    if self.input(input) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) if end.is_some() => break,
                Err(_) => {}
            }
        }
        self.draw_prompt(false);
        Ok(())
    }

    /// Prints what is new.
    fn update(&mut self) -> Result<(), Failure> {
        let update = self.monitor.take();
        // Before the port was open for the first time, a problem ends the
        // command: the name of the port may be wrong.
        if !self.was_open {
            match update.state {
                MonitorState::Unplugged => {
                    let port = self.path.clone();
                    return Err(Failure::NoPort(Problem::NoPort { port }));
                }
                MonitorState::Failed { problem } => return Err(Failure::NoAnswer(problem)),
                MonitorState::Open { .. } => {
                    self.was_open = true;
                    if self.reset {
                        self.monitor.reset();
                    }
                }
                _ => {}
            }
        }
        self.draw_prompt(false);
        if update.dropped > 0 {
            output::say(format_args!(
                "{} were lost: the output was not read in time",
                text::count(update.dropped, "line")
            ));
        }
        for line in &update.lines {
            self.printer.line(line)?;
        }
        self.draw_prompt(true);
        Ok(())
    }

    /// Handles standard input; returns whether the command ends.
    fn input(&mut self, input: Input) -> bool {
        let bytes = match input {
            Input::Bytes(bytes) => bytes,
            // Without a terminal, the monitor goes on without input.
            Input::End => return self.keys.is_some(),
        };
        if self.keys.is_none() {
            self.lines(&bytes);
            return false;
        }
        let typed = self.prompt.keys(&bytes);
        self.draw_prompt(true);
        for typed in typed {
            match typed {
                Typed::Send(line) => self.monitor.send(&line),
                Typed::Reset => self.monitor.reset(),
                Typed::End => return true,
            }
        }
        false
    }

    /// Sends the lines of an input that is not a terminal.
    fn lines(&mut self, bytes: &[u8]) {
        const LONGEST: usize = 64 * 1024;
        for byte in bytes {
            if *byte != b'\n' && self.partial.len() < LONGEST {
                self.partial.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.partial);
            self.monitor
                .send(String::from_utf8_lossy(&line).trim_end_matches('\r'));
        }
    }

    /// Draws the line that is typed, or erases it.
    fn draw_prompt(&self, shown: bool) {
        if self.keys.is_none() {
            return;
        }
        let line = match self.prompt.line() {
            typed if shown && !typed.is_empty() => format!("> {}", text::plain(typed)),
            _ => String::new(),
        };
        let mut err = output::raw_err();
        // Standard error may be closed.
        let _ = write!(err, "{ERASE}{line}").and_then(|()| err.flush());
    }
}

struct Printer {
    json: bool,
    zone: TimeZone,
}

impl Printer {
    fn line(&self, line: &Line) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            let at = line
                .at
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            let line = json!({
                "at": (at.as_secs_f64() * 1e3).round() / 1e3,
                "kind": line.meaning.word(),
                "text": line.text,
                "explanation": line.explanation,
                "continues": line.continues,
            });
            writeln!(out, "{}", plain::json(&line))?;
            return out.flush();
        }
        if line.meaning == Meaning::Port {
            output::say(&line.text);
            return Ok(());
        }
        let time = text::time_of_day(line.at, &self.zone);
        let sign = sign(line.meaning);
        writeln!(out, "{time}  {sign:<7}  {}", line.text)?;
        if let Some(explanation) = &line.explanation {
            writeln!(out, "{time}  {:<7}  {explanation}", "")?;
        }
        out.flush()
    }
}

/// The word in front of a line that is not ordinary output.
fn sign(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Output | Meaning::Trace => "",
        Meaning::Sent => ">",
        Meaning::Panic => "PANIC",
        Meaning::Reset => "RESET",
        other => other.word(),
    }
}
