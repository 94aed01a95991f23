//! Two computers and a cable: `here`, where the doctor is asked, and `there`.
//! Each is a network namespace, gone with the test.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
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
    /// A network, or `None`, and a line that says so, where this process may
    /// not make one.
    pub(crate) fn of_two() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |side: &str| format!("sbdoc-{}-{number}-{side}", process::id());
        let lan = Self {
            here: name("here"),
            there: name("there"),
        };
        if let Err(problem) = lan.may_be() {
            skipped("it needs root, network namespaces and nft", &problem);
            return None;
        }
        lan.lay().expect("a network");
        Some(lan)
    }

    /// Makes the namespaces, where that is allowed and everything is there.
    fn may_be(&self) -> Result<(), String> {
        run("nft", &["--version"])?;
        for host in [&self.here, &self.there] {
            run("ip", &["netns", "add", host])?;
        }
        Ok(())
    }

    fn lay(&self) -> Result<(), String> {
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
            // Without IPv6: its addresses are of no use for seconds.
            run(
                "ip",
                &["-n", host, "link", "set", "e0", "addrgenmode", "none"],
            )?;
            run("ip", &["-n", host, "address", "add", address, "dev", "e0"])?;
            run("ip", &["-n", host, "link", "set", "e0", "up"])?;
        }
        // The kernel takes its time to see the cable, and mDNS passes over an
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
    pub(crate) fn here(&self, line: &str) {
        self.run(&self.here, line);
    }

    /// Runs a command there.
    pub(crate) fn yonder(&self, line: &str) {
        self.run(&self.there, line);
    }

    fn run(&self, host: &str, line: &str) {
        let words: Vec<_> = ["netns", "exec", host]
            .into_iter()
            .chain(line.split_whitespace())
            .collect();
        run("ip", &words).expect(line);
    }

    /// Somebody who does this there.
    pub(crate) fn there(&self, task: &str) -> Actor {
        Actor::at(&self.there, task)
    }

    /// Somebody who does this here.
    pub(crate) fn at_home(&self, task: &str) -> Actor {
        Actor::at(&self.here, task)
    }

    /// Asks the doctor here: its exit status and its findings.
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
    /// Runs the program here: its exit status, and what it printed on both
    /// outputs.
    pub(crate) fn switchboard(&self, words: &[&str]) -> (i32, String) {
        self.switchboard_with(&[], words)
    }

    /// The same with these variables.
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
        // Neither the keys nor the settings of the person who runs the tests.
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

    /// A name that leads to these addresses here.
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

/// The names that a host knows, until they are dropped: `ip netns exec` has
/// them for `/etc/hosts`.
pub(crate) struct Names(PathBuf);

impl Drop for Names {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Only where no other test has names.
        let _ = fs::remove_dir("/etc/netns");
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for host in [&self.here, &self.there] {
            // One that was never made cannot be taken away.
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

/// A process of this program on a host, ready; ended when dropped, without a
/// word to anybody.
pub(crate) struct Actor(Child);

impl Actor {
    fn at(host: &str, task: &str) -> Self {
        let own = env::current_exe().expect("this program");
        let mut start = Command::new("ip");
        start.args(["netns", "exec", host]).arg(own).args([
            "--exact",
            "actors::somebody",
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

    /// Its number; `ip netns exec` becomes the program it runs.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says that the running test cannot run here, in the form that `./check`
/// counts. Not by a macro, whose output the test runner would keep to itself.
fn skipped(needs: &str, problem: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(io::stderr(), "SKIPPED doctor: {test}: {needs}: {problem}");
}
