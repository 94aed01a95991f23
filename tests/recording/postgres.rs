//! Recordings in a real PostgreSQL server, which runs for the test alone.

use std::{
    fs,
    io::{self, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::mpsc::{Receiver, channel},
};

use protocol::State;
use record::{Destination, FileSettings, Item, Notice, Reader, Recorded, Recording, Selection};
use virtual_board::Profile;

use crate::bench::{Bench, PATIENCE, board};

/// A server with a database `lab` of the user `me`.
struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    /// It refuses to run as root.
    as_root: bool,
}

impl Server {
    /// `None` if it is not installed; the test then says so.
    fn start(test: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            // Not printed by a macro, whose output the test runner would
            // capture.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED recording: {test}: PostgreSQL is missing (Debian: postgresql)"
            );
            return None;
        };
        let user = Command::new("id").arg("-u").output().expect("id").stdout;
        let as_root = user.trim_ascii() == b"0";
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        if as_root {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.expect("chown").success());
        }
        let server = Self {
            programs,
            folder,
            port,
            as_root,
        };
        let data = server.data();
        let data = data.to_str().expect("a path");
        server.run(
            "initdb",
            &["-D", data, "-A", "trust", "-U", "me", "--no-sync"],
        );
        server.again();
        server.psql("postgres", &["CREATE DATABASE lab"]);
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let mut command = match self.as_root {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.args(arguments).current_dir(self.folder.path());
        let output = command.output().expect("a program of PostgreSQL");
        assert!(output.status.success(), "{program}: {}", told(&output));
    }

    /// Starts the server and waits until it accepts connections.
    fn again(&self) {
        let (data, log) = (self.data(), self.folder.path().join("log"));
        let options = format!(
            "-F -p {} -h 127.0.0.1 -k {}",
            self.port,
            self.folder.path().display()
        );
        let text = |path: &Path| path.to_str().expect("a path").to_owned();
        let arguments = [
            "-D",
            &text(&data),
            "-l",
            &text(&log),
            "-o",
            &options,
            "-w",
            "start",
        ];
        self.run("pg_ctl", &arguments);
    }

    /// Ends the server at once, as a power cut would.
    fn kill(&self) {
        let data = self.data();
        let data = data.to_str().expect("a path");
        self.run("pg_ctl", &["-D", data, "-m", "immediate", "-w", "stop"]);
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://me@127.0.0.1:{}/{database}", self.port)
    }

    /// What statements return, line by line.
    fn psql(&self, database: &str, statements: &[&str]) -> Vec<String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-At", "-v", "ON_ERROR_STOP=1", &self.address(database)]);
        for statement in statements {
            command.args(["-c", statement]);
        }
        let output = command.output().expect("psql");
        assert!(output.status.success(), "{}", told(&output));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() && !std::thread::panicking() {
            self.kill();
        } else if std::thread::panicking() {
            let data = self.data();
            let _ = Command::new("runuser")
                .args(["-u", "postgres", "--"])
                .arg(self.programs.join("pg_ctl"))
                .arg("-D")
                .arg(data)
                .args(["-m", "immediate", "stop"])
                .output();
        }
    }
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

/// Where Debian has the programs of the newest version.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop()
}

/// Records a fleet into the server, and what is told about it.
fn record(bench: &Bench, server: &Server) -> (Recording, Receiver<Notice>) {
    let (told, notices) = channel();
    let to: Destination = server.address("lab").parse().expect("an address");
    let prepared = Recording::prepare(&bench.fleet, Selection::all());
    let tell = move |notice| {
        let _ = told.send(notice);
    };
    let started = prepared.start(&to, FileSettings::default(), tell);
    (started.expect("a recording"), notices)
}

/// The recorded values of the light's brightness, in order.
const BRIGHTNESS: &str = "SELECT record #>> '{components,light:0,brightness}'
    FROM switchboard_records
    WHERE what = 'push' AND record #> '{components,light:0,brightness}' IS NOT NULL
    ORDER BY number";

#[test]
fn nothing_is_lost_or_stored_twice_while_the_database_is_away() {
    let Some(server) = Server::start("the database is away") else {
        return;
    };
    let (boards, address) = board(Profile::Lamp);
    let id = boards.list().first().expect("a board").id.clone();
    let light = "light:0".parse().expect("a component");
    let mut bench = Bench::new();
    let key = bench.add(&address);
    let (recording, notices) = record(&bench, &server);
    let mut set = |brightness: u8| {
        let change = State::new().with("brightness", brightness);
        boards.set(&id, &light, change).expect("a change");
        bench.until("the push", |bench| {
            bench.state(key, "light:0").brightness() == Some(brightness)
        });
    };
    let next = || notices.recv_timeout(PATIENCE).expect("a notice");
    assert!(matches!(next(), Notice::Database(_)));
    set(11);
    server.kill();
    set(12);
    let Notice::Trouble(problem) = next() else {
        panic!("the outage is not reported");
    };
    assert!(problem.contains("database"), "{problem}");
    set(13);
    server.again();
    set(14);
    let resumed = loop {
        match next() {
            Notice::Resumed { lost } => break lost,
            Notice::Trouble(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(resumed, 0);
    set(15);
    recording.stop().expect("a recording");
    assert_eq!(
        server.psql("lab", &[BRIGHTNESS]),
        ["11", "12", "13", "14", "15"]
    );
    let numbers = "SELECT count(*) = max(number) + 1 FROM switchboard_records";
    assert_eq!(server.psql("lab", &[numbers]), ["t"], "each number once");
    let last = "SELECT what FROM switchboard_records ORDER BY number DESC LIMIT 1";
    assert_eq!(server.psql("lab", &[last]), ["end"]);
}

#[test]
fn a_session_in_the_database_can_be_exported_and_read_as_a_file() {
    let Some(server) = Server::start("a session as a file") else {
        return;
    };
    let (boards, address) = board(Profile::Lamp);
    let id = boards.list().first().expect("a board").id.clone();
    let mut bench = Bench::new();
    let key = bench.add(&address);
    let (recording, _) = record(&bench, &server);
    let light = "light:0".parse().expect("a component");
    let change = State::new().with("brightness", 42_u8);
    boards.set(&id, &light, change).expect("a change");
    bench.until("the push", |bench| {
        bench.state(key, "light:0").brightness() == Some(42)
    });
    recording.stop().expect("a recording");
    let lines = server.psql(
        "lab",
        &[
            "SELECT header FROM switchboard_sessions",
            "SELECT record FROM switchboard_records ORDER BY number",
        ],
    );
    let reader = Reader::of_bytes((lines.join("\n") + "\n").into_bytes()).expect("a recording");
    let items: Vec<_> = reader.map(|item| item.expect("an item")).collect();
    assert!(matches!(items.first(), Some(Item::Header(_))));
    let pushed = items.iter().any(|item| {
        matches!(item, Item::Record(record)
            if matches!(&record.what, Recorded::Push { components, .. }
                if components.get(&light).and_then(State::brightness) == Some(42)))
    });
    assert!(pushed, "{items:#?}");
    let last = "SELECT board FROM switchboard_records WHERE what = 'push' LIMIT 1";
    assert_eq!(server.psql("lab", &[last]), [id]);
}

#[test]
fn a_database_that_cannot_be_used_is_named_with_the_reason() {
    let Some(server) = Server::start("refusals") else {
        return;
    };
    server.psql("postgres", &["CREATE USER reader", "CREATE DATABASE other"]);
    let bench = Bench::new();
    for (address, reason) in [
        (
            server.address("nothing"),
            "database \"nothing\" does not exist",
        ),
        (
            server.address("other").replace("me@", "reader@"),
            "permission denied for schema public",
        ),
        (
            "postgres://me@127.0.0.1:1/lab".to_owned(),
            "cannot reach the database: Connection refused",
        ),
    ] {
        let to: Destination = address.parse().expect("an address");
        let prepared = Recording::prepare(&bench.fleet, Selection::all());
        let Err(error) = prepared.start(&to, FileSettings::default(), |_| ()) else {
            panic!("{address} is recorded to");
        };
        let error = error.to_string();
        assert!(
            error.starts_with(&format!("cannot record to {address}: ")),
            "{error}"
        );
        assert!(error.contains(reason), "{error}");
    }
}
