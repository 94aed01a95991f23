//! A board in QEMU, with its serial port and its power.
//! `firmware/emulated/check` builds the image and sets up the network.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::desk::SOON;

/// A running board.
pub(crate) struct Emulator {
    machine: Child,
    serial: ChildStdin,
    lines: Receiver<String>,
    /// Its id, name and address, as printed on its serial port.
    pub(crate) listening: Value,
}

impl Emulator {
    /// Starts the machine and waits until the board serves. Its stored state is
    /// lost when the machine ends.
    pub(crate) fn boot() -> Self {
        Self::start(&[])
    }

    /// Like [`Self::boot`], with a flash that outlives the machine.
    pub(crate) fn boot_with(flash: &Flash) -> Self {
        let drive = format!("if=pflash,unit=1,format=raw,file={}", flash.0.display());
        Self::start(&["-drive", &drive])
    }

    fn start(more: &[&str]) -> Self {
        let mut machine = qemu(more).stdin(Stdio::piped()).spawn().expect("QEMU");
        let serial = machine.stdin.take().expect("piped");
        let output = BufReader::new(machine.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let mut emulator = Self {
            machine,
            serial,
            lines,
            listening: Value::Null,
        };
        emulator.listening = emulator.serves();
        emulator
    }

    /// Waits until the board reports that it serves.
    pub(crate) fn serves(&self) -> Value {
        self.hears("that it serves", |line| {
            serde_json::from_str(line)
                .ok()
                .filter(|said: &Value| said["id"].is_string())
        })
    }

    /// Waits for a line on the serial port.
    pub(crate) fn hears<T>(&self, what: &str, pass: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + SOON;
        let mut said = Vec::new();
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => match pass(&line) {
                    Some(found) => return found,
                    None => said.push(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the board never said {what}, but {said:#?}")
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the machine ended before it said {what}: {said:#?}")
                }
            }
        }
    }

    /// Types a line on its serial port, as a person at the board.
    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.serial, "{line}").expect("the machine runs");
    }

    /// Waits until the machine has ended and returns its exit status.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let deadline = Instant::now() + SOON;
        while self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        self.machine.wait().expect("waited").code()
    }

    /// The address that it listens at.
    pub(crate) fn address(&self) -> &str {
        self.listening["address"].as_str().expect("an address")
    }

    /// The board's name.
    pub(crate) fn name(&self) -> &str {
        self.listening["name"].as_str().expect("a name")
    }
}

fn qemu(more: &[&str]) -> Command {
    let image = env::var("SWITCHBOARD_EMULATED").expect("SWITCHBOARD_EMULATED names the image");
    let mut command = Command::new("qemu-system-riscv32");
    command
        .args([
            "-M",
            "virt",
            "-cpu",
            "rv32",
            "-m",
            "16",
            "-bios",
            "none",
            "-nographic",
        ])
        .args([
            "-global",
            "virtio-mmio.force-legacy=false",
            "-device",
            "virtio-rng-device",
        ])
        .args(["-device", "virtio-net-device,netdev=n"])
        .args(["-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no"])
        // Not with `-kernel`: with a flash in a file, QEMU 7.2 starts what is
        // in the flash (hw/riscv/virt.c).
        .args(["-device", &format!("loader,file={image},cpu-num=0")])
        .args(more)
        .stdout(Stdio::piped());
    command
}

/// A board whose serial port is a pseudoterminal of this computer.
pub(crate) struct AtAPort {
    machine: Child,
    /// The path of the serial port.
    pub(crate) port: String,
}

impl AtAPort {
    /// Starts the machine.
    pub(crate) fn boot_with(flash: &Flash) -> Self {
        let drive = format!("if=pflash,unit=1,format=raw,file={}", flash.0.display());
        let mut machine = qemu(&["-drive", &drive, "-monitor", "none", "-serial", "pty"])
            .spawn()
            .expect("QEMU");
        let mut said = BufReader::new(machine.stdout.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("QEMU names the port");
        // "char device redirected to /dev/pts/3 (label serial0)"
        let port = line
            .split_whitespace()
            .find(|word| word.starts_with("/dev/"))
            .expect("a port")
            .to_owned();
        Self { machine, port }
    }
}

impl Drop for AtAPort {
    fn drop(&mut self) {
        // Cuts its power.
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

/// The contents of a flash, in a file that is deleted on drop.
pub(crate) struct Flash(PathBuf);

impl Flash {
    /// An erased flash.
    pub(crate) fn erased(name: &str) -> io::Result<Self> {
        // As large as each of the machine's two flashes.
        const SIZE: usize = 32 << 20;
        let path = env::temp_dir().join(format!("switchboard-{}-{name}.flash", std::process::id()));
        fs::write(&path, vec![0xff; SIZE])?;
        Ok(Self(path))
    }

    /// Whether the part that a board writes to contains these bytes.
    pub(crate) fn holds(&self, wanted: &[u8]) -> bool {
        let mut bytes = Vec::new();
        let read = File::open(&self.0).and_then(|file| file.take(1 << 20).read_to_end(&mut bytes));
        read.is_ok() && bytes.windows(wanted.len()).any(|part| part == wanted)
    }
}

impl Drop for Flash {
    fn drop(&mut self) {
        // The system also clears this folder.
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

/// Unplugs the cable for this long.
pub(crate) fn pull_the_cable(duration: Duration) {
    let ip = |arguments: &[&str]| {
        assert!(
            Command::new("ip")
                .args(arguments)
                .status()
                .expect("iproute2")
                .success(),
            "ip {arguments:?}"
        );
    };
    ip(&["link", "set", "tap0", "down"]);
    thread::sleep(duration);
    ip(&["link", "set", "tap0", "up"]);
    ip(&["route", "add", "default", "dev", "tap0"]);
}
