//! Hostile and oversized messages, and floods: the connection that sends them
//! is refused or closed as the protocol says, and the others are served.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use comparison::usage::Reading;
use serde_json::{Value, json};

use crate::{
    attacks::{self, frame, websocket},
    client::Client,
    program::{Bench, Make, SOON},
};

/// How long each flood lasts.
const FLOOD: Duration = Duration::from_millis(600);

/// An answer to an honest client during a flood, also on a loaded machine.
const SERVED_WITHIN: Duration = Duration::from_secs(5);

/// The memory that all floods together may cost: there are few connections,
/// each with little memory.
const MEMORY_KIB: u64 = 4 * 1024;

/// The close code of what the board sends next, or 0 for the end of the
/// connection without one.
fn close_code(stream: &mut TcpStream) -> u16 {
    let deadline = Instant::now() + SOON;
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    while Instant::now() < deadline {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    // The close frame is the last one: its payload begins with the code.
    let at = bytes.iter().rposition(|byte| *byte == 0x88);
    match at.and_then(|at| bytes.get(at + 2..at + 4)) {
        Some(code) => u16::from_be_bytes([code[0], code[1]]),
        None => 0,
    }
}

/// Each of these ends its own connection with this code.
fn fatal() -> Vec<(&'static str, Vec<u8>, u16)> {
    let too_long = vec![b' '; 2_049];
    let unmasked = b"\x81\x02{}".to_vec();
    vec![
        ("a message over the limit", frame(0x81, &too_long), 1009),
        (
            "a message over the limit in fragments",
            [
                frame(0x01, &too_long[..1_500]),
                frame(0x80, &too_long[..1_500]),
            ]
            .concat(),
            1009,
        ),
        (
            "a header that announces 100 MB",
            attacks::header(0x81, 100 << 20),
            1009,
        ),
        ("a binary message", frame(0x82, b"{}"), 1003),
        ("text that is not UTF-8", frame(0x81, b"{\"\xff\"}"), 1007),
        ("an unmasked frame", unmasked, 1002),
        ("a reserved bit", frame(0xc1, b"{}"), 1002),
        ("an unknown opcode", frame(0x83, b"{}"), 1002),
        ("a continuation of nothing", frame(0x80, b"{}"), 1002),
        ("a fragmented ping", frame(0x09, b""), 1002),
        ("a ping that is too long", frame(0x89, &[0; 126]), 1002),
    ]
}

/// Each of these is answered with an error, and the connection stays open.
fn answered() -> Vec<(String, i64, &'static str)> {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let ids = "1".repeat(65);
    let call = |rest: &str| format!(r#"{{"jsonrpc":"2.0","id":1{rest}}}"#);
    vec![
        (String::new(), -32700, "not_json"),
        ("{".to_owned(), -32700, "not_json"),
        ("{\"a\":NaN}".to_owned(), -32700, "not_json"),
        ("{\"a\":1e400}".to_owned(), -32700, "not_json"),
        ("{\"a\":\"\\ud800\"}".to_owned(), -32700, "not_json"),
        ("{\"a\":01}".to_owned(), -32700, "not_json"),
        ("{} {}".to_owned(), -32700, "not_json"),
        (deep, -32700, "nested_too_deeply"),
        ("[]".to_owned(), -32600, "batch"),
        ("[{}]".to_owned(), -32600, "batch"),
        ("null".to_owned(), -32600, "not_an_object"),
        (
            r#"{"id":1,"method":"Sys.Ping"}"#.to_owned(),
            -32600,
            "not_json_rpc",
        ),
        (call(""), -32600, "no_method"),
        (
            format!(r#"{{"jsonrpc":"2.0","id":"{ids}","method":"Sys.Ping"}}"#),
            -32600,
            "bad_id",
        ),
        (
            call(r#","method":"Sys.Ping","params":null"#),
            -32602,
            "params_not_by_name",
        ),
        (
            call(r#","method":"Sys.Ping","params":[1]"#),
            -32602,
            "params_not_by_name",
        ),
        (call(r#","method":"__proto__""#), -32601, "no_such_method"),
    ]
}

pub(crate) fn messages(make: Make) {
    let mut bench = Bench::start(make);
    let address = bench.address.to_string();
    let (mut honest, _) = Client::subscribed(bench.address);
    for (what, bytes, code) in fatal() {
        let mut stream = websocket(&address, "/rpc").unwrap_or_else(|| panic!("{what}: no slot"));
        stream.write_all(&bytes).expect("the board reads");
        assert_eq!(close_code(&mut stream), code, "{what}");
        serves(&mut honest);
    }
    let (mut client, _) = Client::subscribed(bench.address);
    for (text, code, reason) in answered() {
        client.say(&text);
        let answer = client.until(reason, |message| message.get("error").is_some());
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
        assert_eq!(
            answer["error"]["data"]["reason"], reason,
            "{text}: {answer}"
        );
        serves(&mut honest);
    }
    bench.assert_runs();
    // A slot is free again for each that was closed.
    let more: Vec<_> = (0..2)
        .map(|_| Client::connect_soon(bench.address))
        .collect();
    assert!(more.iter().all(Result::is_ok), "slots are lost");
}

/// An honest client's command is answered; how long that took.
fn serves(honest: &mut Client) -> Duration {
    let asked = Instant::now();
    let answer = honest.call("Switch.Toggle", &json!({ "id": 0 }));
    assert!(answer["result"]["seq"].is_u64(), "{answer}");
    let took = asked.elapsed();
    assert!(took < SERVED_WITHIN, "answered after {took:?}");
    took
}

type Attack = fn(&str, &attacks::Over);

const ATTACKS: [(&str, Attack); 10] = [
    ("200 connections at once", attacks::crowd),
    ("100 heads, byte by byte", attacks::slow_heads),
    ("messages of 100 MB", attacks::huge),
    ("bodies of 100 MB", attacks::huge_post),
    ("fragments without end", attacks::fragments),
    ("empty fragments without end", attacks::empty_fragments),
    ("pings, pongs not read", attacks::pings),
    ("requests, answers not read", attacks::deaf),
    ("deeply nested messages", attacks::deep),
    ("controllers that come and go", attacks::come_and_go),
];

pub(crate) fn attacks(make: Make) {
    let mut bench = Bench::start(make);
    let (mut honest, _) = Client::subscribed(bench.address);
    serves(&mut honest);
    let memory = |bench: &Bench| Reading::of(bench.process()).map(|it| it.memory_kib).ok();
    let before = memory(&bench);
    for (what, attack) in ATTACKS {
        let over = Arc::new(AtomicBool::new(false));
        let attacker = {
            let (address, over) = (bench.address.to_string(), Arc::clone(&over));
            thread::spawn(move || attack(&address, &over))
        };
        let begun = Instant::now();
        let (mut served, mut slowest) = (0, Duration::ZERO);
        while begun.elapsed() < FLOOD {
            slowest = slowest.max(serves(&mut honest));
            served += 1;
            thread::sleep(Duration::from_millis(20));
        }
        // A newcomer gets a slot, during the flood and after it.
        let newcomer = Client::connect_soon(bench.address);
        assert!(newcomer.is_ok(), "{what}: no slot during the flood");
        drop(newcomer);
        let slot = begun.elapsed().saturating_sub(FLOOD);
        over.store(true, Ordering::Relaxed);
        attacker.join().unwrap_or_else(|_| panic!("{what}"));
        bench.assert_runs();
        let newcomer = Client::connect_soon(bench.address);
        assert!(newcomer.is_ok(), "after {what}: no slot");
        println!(
            "{make:?}, {what}: {served} commands, the slowest {slowest:.0?}; a slot in {slot:.0?}"
        );
    }
    if let (Some(before), Some(after)) = (before, memory(&bench)) {
        println!("{make:?}: {before} kB before the floods, {after} kB after them");
        assert!(after < before + MEMORY_KIB, "{before} kB, then {after} kB");
    }
    let status = honest.call("Device.GetStatus", &json!({}));
    assert_ne!(status["result"], Value::Null);
}
