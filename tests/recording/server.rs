//! A real PostgreSQL server, which runs for a test alone.

use std::{
    fs,
    io::{self, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A server with a database `lab` of the user `me`.
pub(crate) struct Server {
    pub(crate) programs: PathBuf,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    /// It refuses to run as root.
    as_root: bool,
}

impl Server {
    /// `None` if it is not installed; the test then says so.
    pub(crate) fn start(test: &str) -> Option<Self> {
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

    fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let mut command = match self.as_root {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output();
        let output = output.expect("a program of PostgreSQL");
        assert!(output.status.success(), "{program}: {}", told(&output));
    }

    /// Starts the server and waits until it accepts connections.
    pub(crate) fn again(&self) {
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

    /// Restarts the server with TLS and a self-signed certificate for
    /// `localhost`, whose file is returned. The user `recorder` has a password,
    /// and is refused without TLS.
    pub(crate) fn encrypt(&self) -> PathBuf {
        self.psql(
            "lab",
            &[
                "CREATE USER recorder PASSWORD 'open sesame'",
                "GRANT CREATE, USAGE ON SCHEMA public TO recorder",
            ],
        );
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::new(["localhost".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .expect("a certificate");
        for (name, content) in [
            ("server.key", key.serialize_pem()),
            ("server.crt", certificate.pem()),
        ] {
            let path = self.data().join(name);
            fs::write(&path, content).expect("a file");
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&path, private).expect("permissions");
            if self.as_root {
                let owned = Command::new("chown").arg("postgres").arg(&path).status();
                assert!(owned.expect("chown").success());
            }
        }
        self.psql("lab", &["ALTER SYSTEM SET ssl = on"]);
        // The first rule that matches applies.
        let rules = self.data().join("pg_hba.conf");
        let before = fs::read_to_string(&rules).expect("a file");
        let own = "hostssl all recorder all scram-sha-256\nhost all recorder all reject\n";
        fs::write(&rules, own.to_owned() + &before).expect("a file");
        self.kill();
        self.again();
        self.data().join("server.crt")
    }

    /// Ends the server at once, as a power cut would.
    pub(crate) fn kill(&self) {
        let data = self.data();
        let data = data.to_str().expect("a path");
        self.run("pg_ctl", &["-D", data, "-m", "immediate", "-w", "stop"]);
    }

    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://me@127.0.0.1:{}/{database}", self.port)
    }

    /// What statements return, line by line.
    pub(crate) fn psql(&self, database: &str, statements: &[&str]) -> Vec<String> {
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
        if self.data().join("postmaster.pid").exists() {
            // A test that failed must not leave it running.
            let mut stop = self.command("pg_ctl");
            stop.arg("-D").arg(self.data());
            let _ = stop.args(["-m", "immediate", "-w", "stop"]).output();
        }
    }
}

/// Everything that a program printed.
pub(crate) fn told(output: &Output) -> String {
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
