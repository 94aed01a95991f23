//! Processes that are measured: started here, controlled by lines, and read in
//! `/proc` (Linux only).

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Lines, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use comparison::usage as process;

use crate::Outcome;

/// A child process; it ends when this is dropped.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Processor time of all its threads.
    pub(crate) cpu: Duration,
    /// Its resident memory, shared pages included, in kB (1,000 bytes).
    pub(crate) memory_kb: f64,
    pub(crate) threads: f64,
    /// Open file descriptors, sockets included.
    pub(crate) files: f64,
}

impl Program {
    /// Starts a program; its errors go to this program's standard error.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: &[A],
    ) -> Outcome<Self> {
        let program = program.as_ref();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a program without output")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// Starts a part of this program as a process of its own.
    pub(crate) fn part<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome<Self> {
        Self::start(std::env::current_exe()?, arguments)
    }

    /// Starts virtual boards without mDNS, and returns their addresses.
    pub(crate) fn boards(count: usize, more: &[&str]) -> Outcome<(Self, Vec<String>)> {
        Self::some_boards(count, &[&["--no-mdns", "--seed", "1"], more].concat())
    }

    /// Starts virtual boards with these options, and returns their addresses.
    pub(crate) fn some_boards(count: usize, options: &[&str]) -> Outcome<(Self, Vec<String>)> {
        let count_text = count.to_string();
        let arguments = [&["--boards", &count_text], options].concat();
        Self::listening("virtual-board", count, &arguments, "")
    }

    /// Starts doubles of boards of another family without mDNS, and returns
    /// their addresses.
    pub(crate) fn foreign(
        family: &str,
        count: usize,
        more: &[&str],
    ) -> Outcome<(Self, Vec<String>)> {
        let count_text = count.to_string();
        let mut arguments = vec!["--no-mdns", "--family", family, "--boards", &count_text];
        arguments.extend(more);
        Self::listening("foreign-boards", count, &arguments, &format!("{family}://"))
    }

    /// Starts boards that speak ESPHome's native API, and returns their
    /// addresses.
    pub(crate) fn esphome(count: usize, per_second: &str) -> Outcome<(Self, Vec<String>)> {
        let count_text = count.to_string();
        let part = [
            "esphome-boards",
            "--boards",
            &count_text,
            "--per-second",
            per_second,
        ];
        Self::addresses_of(Self::part(&part)?, count, "esphome://")
    }

    fn listening(
        program: &str,
        count: usize,
        arguments: &[&str],
        scheme: &str,
    ) -> Outcome<(Self, Vec<String>)> {
        let boards = Self::start(built_program(program)?, arguments)?;
        Self::addresses_of(boards, count, scheme)
    }

    /// The addresses that a program prints for its boards.
    fn addresses_of(mut boards: Self, count: usize, scheme: &str) -> Outcome<(Self, Vec<String>)> {
        let mut addresses = Vec::with_capacity(count);
        while addresses.len() < count {
            let line: serde_json::Value = serde_json::from_str(&boards.line()?)?;
            let address = line["address"]
                .as_str()
                .ok_or("a board without an address")?;
            addresses.push(format!("{scheme}{address}"));
        }
        Ok((boards, addresses))
    }

    /// The next line of its output.
    pub(crate) fn line(&mut self) -> Outcome<String> {
        Ok(self.output.next().ok_or("a program has ended early")??)
    }

    /// Writes a line to its input.
    pub(crate) fn send(&mut self, line: &str) -> Outcome<()> {
        let input = self.input.as_mut().ok_or("a program without input")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// What it has used until now.
    pub(crate) fn reading(&self) -> Outcome<Reading> {
        let process::Reading {
            cpu,
            memory_kib,
            threads,
            files,
            ..
        } = process::Reading::of(self.child.id())?;
        #[expect(clippy::cast_precision_loss, reason = "less than 2^52")]
        Ok(Reading {
            cpu,
            memory_kb: memory_kib as f64 * 1.024,
            threads: threads as f64,
            files: files as f64,
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a program that was built with this one.
pub(crate) fn built_program(name: &str) -> Outcome<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
