//! Virtual boards, bridges, and what programs print.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use virtual_board::{Options, Profile, VirtualBoards};

use super::program::switchboard;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Prints what was measured. Not by a macro, whose output the test runner would
/// capture.
pub(crate) fn measured(fault: &str, times: &[(&str, Duration)]) {
    let times: Vec<_> = times
        .iter()
        .map(|(what, time)| format!("{what} {:.2} s", time.as_secs_f64()))
        .collect();
    let _ = writeln!(io::stderr(), "MEASURED {fault}: {}", times.join(", "));
}

/// Ends a child when it is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

/// A line, and when it was read.
pub(crate) type Line = (Instant, String);

/// Sends the lines of a stream to a channel.
pub(crate) fn lines(stream: impl Read + Send + 'static, to: Sender<Line>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if to.send((Instant::now(), line)).is_err() {
                return;
            }
        }
    });
}

/// The first line that is wanted; or the others, if none is until the deadline.
pub(crate) fn next_line<T>(
    lines: &Receiver<Line>,
    within: Duration,
    wanted: impl Fn(&Line) -> Option<T>,
) -> Result<T, Vec<String>> {
    let end = Instant::now() + within;
    let mut others = Vec::new();
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let Ok(line) = lines.recv_timeout(left) else {
            break;
        };
        if let Some(found) = wanted(&line) {
            return Ok(found);
        }
        others.push(line.1);
    }
    Err(others)
}

/// The first line that is wanted.
pub(crate) fn line<T>(
    lines: &Receiver<Line>,
    within: Duration,
    wanted: impl Fn(&Line) -> Option<T>,
    what: &str,
) -> T {
    match next_line(lines, within, wanted) {
        Ok(found) => found,
        Err(others) => panic!("{what} was not seen; only:\n{}", others.join("\n")),
    }
}

/// The same command on a host, if it is for one: a network namespace.
pub(crate) fn on(host: Option<&str>, command: Command) -> Command {
    let Some(host) = host else { return command };
    let mut there = Command::new("ip");
    there
        .args(["netns", "exec", host])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            there.env(name, value);
        }
    }
    there
}

/// Virtual boards without announcements.
pub(crate) fn boards(count: usize, seed: u64) -> VirtualBoards {
    VirtualBoards::start(Options {
        boards: count,
        profile: Profile::Everything,
        seed: Some(seed),
        mdns: false,
        ..Options::default()
    })
    .expect("boards")
}

/// A `switchboard bridge`.
pub(crate) struct Bridge {
    running: Running,
    said: Receiver<Line>,
}

impl Bridge {
    /// Starts one for these boards, at the site `lab`.
    pub(crate) fn start(url: &str, boards: &VirtualBoards, more: &[&str]) -> Self {
        Self::with(url, boards, more, |_| ())
    }

    pub(crate) fn with(
        url: &str,
        boards: &VirtualBoards,
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let addresses = boards.list().into_iter().map(|it| it.address.to_string());
        let addresses: Vec<_> = addresses.collect();
        Self::start_on(None, url, &addresses, more, change)
    }

    /// Starts one on a host.
    pub(crate) fn start_on(
        host: Option<&str>,
        url: &str,
        boards: &[String],
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = switchboard();
        command
            .args(["bridge", "--mqtt", url, "--site", "lab"])
            .args(more)
            .args(boards);
        change(&mut command);
        Self::spawn(on(host, command))
    }

    /// Starts one within the server of a window, which says where it listens.
    pub(crate) fn of_server(url: &str, boards: &VirtualBoards) -> Self {
        let addresses = boards.list().into_iter().map(|it| it.address.to_string());
        let mut command = switchboard();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--bridge", url])
            .args(["--site", "lab"])
            .args(addresses);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let (to, said) = channel();
        lines(child.stdout.take().expect("piped"), to.clone());
        lines(child.stderr.take().expect("piped"), to);
        Self {
            running: Running(child),
            said,
        }
    }

    /// Waits until it says this; the whole line.
    pub(crate) fn says(&self, text: &str) -> String {
        self.says_within(PATIENCE, text).1
    }

    /// The same, with the time at which it was said.
    pub(crate) fn says_within(&self, within: Duration, text: &str) -> (Instant, String) {
        line(
            &self.said,
            within,
            |line| line.1.contains(text).then(|| line.clone()),
            text,
        )
    }

    /// What it said since the last line that was waited for.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.try_iter().map(|(_, line)| line).collect()
    }

    /// Its process id; `ip netns exec` replaces itself with the program.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.running.0.id()
    }

    /// Ends it without giving it a chance to say so.
    pub(crate) fn kill(self) {
        drop(self.running);
    }

    /// Ends it as a service manager does, and waits.
    pub(crate) fn terminate(mut self) -> bool {
        signal(&self.running.0, "TERM");
        self.running.0.wait().expect("it ends").success()
    }
}
