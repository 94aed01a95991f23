//! A bench program, a board as a process: how it is found or built, started,
//! told what happens at the board, and ended.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, ErrorKind, Write},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::actor::TASK;

/// Long enough for a loaded machine; a passing test takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// What a board is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    /// `firmware/`: this test program again.
    Rust,
    /// `libraries/c`.
    C,
    /// `libraries/micropython`.
    MicroPython,
}

/// How a bench program is started.
#[derive(Debug, Clone)]
pub(crate) struct BenchOptions {
    pub(crate) id: String,
    /// One word.
    pub(crate) name: String,
    pub(crate) port: u16,
    /// The mDNS service type; `None` announces nothing.
    pub(crate) service: Option<String>,
}

impl BenchOptions {
    /// A board that is not announced, at any port, with an id of its own.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            id: format!("bench-{:x}-{number:x}", process::id()),
            name: format!("Bench-{number}"),
            port: 0,
            service: None,
        }
    }

    /// A board that is announced under a service type that nothing else on this
    /// machine uses. RFC 6763, section 7, allows 15 characters.
    pub(crate) fn announced() -> Self {
        let mut options = Self::new();
        let number = options.name.trim_start_matches("Bench-");
        options.service = Some(format!(
            "_sbb{:x}-{number}._tcp.local.",
            process::id() & 0xff_ffff
        ));
        options
    }
}

/// Runs a test against a board, or reports what is missing to run it.
pub(crate) fn with(make: Make, test: &str, run: fn(Make)) {
    if let Err(problem) = make.command() {
        // Past the capture of the test runner, so that it is seen and counted.
        let _ = writeln!(io::stderr(), "SKIPPED {}: {test}: {problem}", make.group());
        return;
    }
    // The panic's message names the place; this names the board.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(make))) {
        eprintln!("the board is in {make:?}");
        resume_unwind(panic);
    }
}

impl Make {
    /// The group of skipped tests: `./check --strict` requires `boards`.
    fn group(self) -> &'static str {
        match self {
            Self::Rust | Self::C => "boards",
            Self::MicroPython => "boards-micropython",
        }
    }

    /// The program, without its options.
    ///
    /// # Errors
    /// What is missing to run it here.
    fn command(self) -> Result<Command, String> {
        match self {
            Self::Rust => {
                let mut command = Command::new(env::current_exe().expect("this program"));
                command.args(["--exact", "actor::actor", "--ignored", "--nocapture"]);
                Ok(command)
            }
            Self::C => c_program().map(Command::new),
            Self::MicroPython => {
                let mut command = Command::new(micropython()?);
                command.arg(libraries().join("micropython/bench.py"));
                Ok(command)
            }
        }
    }
}

fn libraries() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("libraries")
}

/// Builds the bench program in C, once for all tests.
fn c_program() -> Result<PathBuf, String> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| {
        for tool in ["make", "cc"] {
            let found = Command::new(tool)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if found.is_err() {
                return Err(format!("{tool} is not installed"));
            }
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
        let made = Command::new("make")
            .arg("-C")
            .arg(libraries().join("c"))
            .arg("bench")
            .arg(format!("BUILD={}", folder.display()))
            .output()
            .expect("make");
        assert!(
            made.status.success(),
            "libraries/c cannot be built: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Ok(folder.join("bench"))
    });
    built.clone()
}

/// The MicroPython that `libraries/micropython/interpreter` puts into the
/// cache; never another one.
fn micropython() -> Result<PathBuf, String> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
        .ok_or("there is no folder for caches")?;
    let program = cache.join("switchboard/micropython/bin/micropython");
    if fs::metadata(&program).is_ok() {
        Ok(program)
    } else {
        Err(format!(
            "there is no MicroPython at {}: libraries/micropython/interpreter installs it",
            program.display()
        ))
    }
}

/// Starts a program, which may have been written a moment ago.
fn spawned(command: &mut Command) -> Child {
    let deadline = Instant::now() + SOON;
    loop {
        match command.spawn() {
            // Some process still has it open for writing: it is being closed.
            Err(error)
                if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < deadline =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            Ok(child) => return child,
            Err(error) => panic!("{command:?}: {error}"),
        }
    }
}

/// A running bench program.
pub(crate) struct Bench {
    make: Make,
    pub(crate) options: BenchOptions,
    child: Child,
    /// `None` once its standard input was closed.
    input: Option<ChildStdin>,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
}

impl Bench {
    /// Starts a board that is not announced.
    pub(crate) fn start(make: Make) -> Self {
        Self::with(make, BenchOptions::new())
    }

    /// Starts a board and waits until it listens.
    pub(crate) fn with(make: Make, options: BenchOptions) -> Self {
        let mut command = make.command().expect("a program");
        let port = options.port.to_string();
        let mut arguments = vec![
            "--id",
            &options.id,
            "--name",
            &options.name,
            "--port",
            &port,
        ];
        match &options.service {
            Some(service) => arguments.extend(["--service", service]),
            None => arguments.push("--no-mdns"),
        }
        if make == Make::Rust {
            command.env(TASK, arguments.join(" "));
        } else {
            command.args(arguments);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = spawned(&mut command);
        let input = child.stdin.take();
        let output = child.stdout.take().expect("standard output");
        let (said, listening) = mpsc::channel();
        // Reads to the end, so that the program never waits for its output.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(Value::Object(line)) = serde_json::from_str(&line) {
                    let _ = said.send(line);
                }
            }
        });
        let Ok(line) = listening.recv_timeout(SOON) else {
            let _ = child.kill();
            panic!("{make:?}: the program never said where it listens");
        };
        let text = |field: &str| line[field].as_str().expect("a text").to_owned();
        Self {
            make,
            options,
            child,
            input,
            id: text("id"),
            name: text("name"),
            address: text("address").parse().expect("an address"),
        }
    }

    /// The same board again, after it lost its power or quit.
    pub(crate) fn again(mut self, port: u16) -> Self {
        self.kill();
        let options = BenchOptions {
            port,
            ..self.options.clone()
        };
        Self::with(self.make, options)
    }

    /// Does something at the board: a line on its standard input, in which
    /// `BOARD` stands for its id.
    pub(crate) fn line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("standard input");
        writeln!(input, "{}", line.replace("BOARD", &self.id))
            .and_then(|()| input.flush())
            .expect("the program reads");
    }

    /// Cuts its power.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Closes its standard input: it says goodbye, and ends with status 0.
    pub(crate) fn quit(&mut self) {
        drop(self.input.take());
        let deadline = Instant::now() + SOON;
        loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => return assert!(status.success(), "{status}"),
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                None => panic!("it still runs after the end of its input"),
            }
        }
    }

    /// Makes it hang, with its sockets open.
    pub(crate) fn hang(&self) {
        self.signal("STOP");
    }

    /// Lets it continue.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &command]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{command}");
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// That its process still runs.
    pub(crate) fn assert_runs(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert!(ended.is_none(), "the program ended: {ended:?}");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.kill();
    }
}
