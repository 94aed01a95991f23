//! Two hosts joined by a cable: `here`, where the doctor runs, and `there`.
//! Each is a network namespace that is removed after the test.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::actors;

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(10);

/// The network: `here` is 10.77.0.1, `there` 10.77.0.2.
pub(crate) struct Lan {
    here: String,
    there: String,
}

impl Lan {
    /// Creates the network. Returns `None`, and prints a line that says so, if
    /// this process lacks the permission.
    pub(crate) fn of_two() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |side: &str| format!("sbdoc-{}-{number}-{side}", process::id());
        let lan = Self {
            here: name("here"),
            there: name("there"),
        };
        if let Err(problem) = lan.check_prerequisites() {
            skipped("it needs root, network namespaces and nft", &problem);
            return None;
        }
        lan.create().expect("a network");
        Some(lan)
    }

    /// Creates the namespaces, if that is permitted and all tools exist.
    fn check_prerequisites(&self) -> Result<(), String> {
        run("nft", &["--version"])?;
        for host in [&self.here, &self.there] {
            run("ip", &["netns", "add", host])?;
        }
        Ok(())
    }

    fn create(&self) -> Result<(), String> {
        let Self { here, there } = self;
        run(
            "ip",
            &[
                "link", "add", "e0", "netns", here, "type", "veth", "peer", "name", "e0", "netns",
                there,
            ],
        )?;
        for (host, address) in [(here, "10.77.0.1/24"), (there, "10.77.0.2/24")] {
            run("ip", &["-n", host, "link", "set", "lo", "up"])?;
            // Without IPv6: its addresses are not usable for several seconds.
            run(
                "ip",
                &["-n", host, "link", "set", "e0", "addrgenmode", "none"],
            )?;
            run("ip", &["-n", host, "address", "add", address, "dev", "e0"])?;
            run("ip", &["-n", host, "link", "set", "e0", "up"])?;
        }
        // The kernel takes time to detect the carrier, and mDNS ignores an
        // interface without one.
        let end = Instant::now() + SOON;
        for host in [here, there] {
            while !run("ip", &["-n", host, "-br", "link", "show", "dev", "e0"])?.contains(" UP ") {
                if Instant::now() > end {
                    return Err("the cable never carried anything".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Runs a command here.
    pub(crate) fn run_here(&self, line: &str) {
        self.run(&self.here, line);
    }

    /// Waits until the interface here has a carrier, which the kernel reports a
    /// moment after it was set up.
    pub(crate) fn has_carrier_here(&self) {
        let end = Instant::now() + SOON;
        loop {
            let mut shown = Command::new("ip");
            shown.args(["-n", &self.here, "link", "show", "dev", "e0"]);
            let shown = shown.output().expect("ip").stdout;
            if String::from_utf8_lossy(&shown).contains("LOWER_UP") {
                return;
            }
            assert!(Instant::now() < end, "no carrier");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a command there.
    pub(crate) fn run_there(&self, line: &str) {
        self.run(&self.there, line);
    }

    fn run(&self, host: &str, line: &str) {
        let words: Vec<_> = ["netns", "exec", host]
            .into_iter()
            .chain(line.split_whitespace())
            .collect();
        run("ip", &words).expect(line);
    }

    /// Starts an actor with this task there.
    pub(crate) fn actor_there(&self, task: &str) -> Actor {
        Actor::at(&self.there, task)
    }

    /// Starts an actor with this task here.
    pub(crate) fn actor_here(&self, task: &str) -> Actor {
        Actor::at(&self.here, task)
    }

    /// Runs the doctor here; returns its exit status and its findings.
    pub(crate) fn doctor(&self, words: &[&str]) -> (i32, Vec<Value>) {
        let switchboard = env!("CARGO_BIN_EXE_switchboard");
        let mut ask = Command::new("ip");
        ask.args(["netns", "exec", &self.here, switchboard, "doctor", "--json"])
            .args(words);
        let output = ask.stdin(Stdio::null()).output().expect("the doctor");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let findings = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let status = output.status.code().expect("an exit status");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(status, 0 | 5), "{status}: {said}");
        (status, findings)
    }
}

impl Lan {
    /// Runs the program here; returns its exit status and its output on both
    /// streams.
    pub(crate) fn switchboard(&self, words: &[&str]) -> (i32, String) {
        self.switchboard_with(&[], words)
    }

    /// The same with these environment variables.
    pub(crate) fn switchboard_with(
        &self,
        variables: &[(&str, &str)],
        words: &[&str],
    ) -> (i32, String) {
        let mut ask = Command::new("ip");
        ask.args([
            "netns",
            "exec",
            &self.here,
            env!("CARGO_BIN_EXE_switchboard"),
        ])
        .args(words);
        // Isolated from the keys and settings of the user who runs the tests.
        ask.env("XDG_CONFIG_HOME", "/nonexistent")
            .env("SWITCHBOARD_KEYS", "/nonexistent/keys");
        ask.envs(variables.iter().copied());
        let output = ask.stdin(Stdio::null()).output().expect("the program");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().expect("an exit status"),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// A host name that resolves to these addresses here.
    pub(crate) fn name_here(&self, name: &str, addresses: &[&str]) -> Names {
        let names = Names(format!("/etc/netns/{}", self.here).into());
        fs::create_dir_all(&names.0).expect("a folder");
        let lines = addresses
            .iter()
            .map(|address| format!("{address} {name}\n"))
            .collect::<String>();
        fs::write(
            names.0.join("hosts"),
            format!("127.0.0.1 localhost\n{lines}"),
        )
        .expect("a file");
        names
    }
}

/// The host names of a namespace, until dropped: `ip netns exec` uses this file
/// as `/etc/hosts`.
pub(crate) struct Names(PathBuf);

impl Drop for Names {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Only if no other test has host names.
        let _ = fs::remove_dir("/etc/netns");
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for host in [&self.here, &self.there] {
            // It may not have been created.
            let _ = run("ip", &["netns", "del", host]);
        }
    }
}

fn run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{program} {}: {}", words.join(" "), said.trim()))
    }
}

/// A process of this program on a host that is ready; killed when dropped.
pub(crate) struct Actor(Child);

impl Actor {
    fn at(host: &str, task: &str) -> Self {
        let own = env::current_exe().expect("this program");
        let mut start = Command::new("ip");
        start.args(["netns", "exec", host]).arg(own).args([
            "--exact",
            "actors::act",
            "--ignored",
            "--nocapture",
        ]);
        start
            .env(actors::TASK, task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = start.spawn().expect("a process");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line.ends_with(actors::READY)));
        assert!(ready, "{task:?} ended before it was ready");
        Self(child)
    }

    /// Its process id; `ip netns exec` replaces itself with the program.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reports that the running test was skipped, in the form that `./check`
/// counts. Not printed by a macro, whose output the test harness would capture.
fn skipped(needs: &str, problem: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(io::stderr(), "SKIPPED doctor: {test}: {needs}: {problem}");
}
