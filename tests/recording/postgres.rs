//! Recordings in a real PostgreSQL server.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use protocol::State;
use record::{Destination, FileSettings, Item, Notice, Reader, Recorded, Recording, Selection};
use virtual_board::Profile;

use crate::{
    bench::{Bench, PATIENCE, board},
    command_line::switchboard,
    server::{Server, told},
};

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

#[test]
fn a_database_with_tls_is_verified_and_the_connection_is_encrypted() {
    let Some(server) = Server::start("TLS") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let plain = format!(
        "postgres://me@127.0.0.1:{}/lab?sslmode=require",
        server.port
    );
    let certificate = folder.path().join("ca.pem");
    let record = |to: &str, trusts: bool| {
        let mut arguments = vec!["record", "--to", to, "--for", "100ms", "nothing"];
        if trusts {
            arguments.extend(["--ca", "ca.pem"]);
        }
        let mut command = switchboard(folder.path(), &arguments);
        let output = command.env("PGPASSWORD", "open sesame").output();
        let output = output.expect("the program");
        (output.status.success(), told(&output))
    };
    let (success, said) = record(&plain, false);
    assert!(!success && said.contains("does not support TLS"), "{said}");

    fs::copy(server.encrypt(), &certificate).expect("the certificate");
    let address = |host: &str, mode: &str| {
        let port = server.port;
        format!("postgres://recorder@{host}:{port}/lab?sslmode={mode}")
    };
    for (to, trusts, reason) in [
        (address("localhost", "disable"), true, "rejects connection"),
        (address("localhost", "require"), false, "self-signed"),
        (address("127.0.0.1", "require"), true, "not for 127.0.0.1"),
    ] {
        let (success, said) = record(&to, trusts);
        assert!(!success && said.contains(reason), "{to}: {said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    for mode in ["require", "verify-full"] {
        let (success, said) = record(&address("localhost", mode), true);
        assert!(success, "{said}");
    }
    let ends = "SELECT count(*) FROM switchboard_records WHERE what = 'end'";
    assert_eq!(server.psql("lab", &[ends]), ["2"]);
}

#[test]
fn a_database_that_hangs_delays_the_end_by_ten_seconds_at_most() {
    let Some(server) = Server::start("a database that hangs") else {
        return;
    };
    let (_boards, address) = board(Profile::Lamp);
    let mut bench = Bench::new();
    let (recording, notices) = record(&bench, &server);
    let notice = notices.recv_timeout(PATIENCE).expect("a notice");
    assert!(matches!(notice, Notice::Database(_)));
    let mut psql = Command::new(server.programs.join("psql"));
    psql.args(["-At", &server.address("lab")]);
    let piped = psql.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut lock = piped.spawn().expect("psql");
    let mut typed = lock.stdin.take().expect("its input");
    let statements = b"BEGIN; LOCK TABLE switchboard_records; SELECT 'locked';\n";
    typed.write_all(statements).expect("statements");
    let printed = BufReader::new(lock.stdout.take().expect("its output"));
    let locked = printed.lines().map(|line| line.expect("a line"));
    assert!(locked.into_iter().any(|line| line == "locked"));
    bench.add(&address);
    let began = Instant::now();
    let error = recording.stop().expect_err("nothing can be written");
    // The answer to a statement is awaited for 30 s otherwise.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let reason = "the database does not respond; ";
    assert!(error.starts_with(reason), "{error}");
    // Ends the transaction.
    drop(typed);
    assert!(lock.wait().expect("psql").success());
}
