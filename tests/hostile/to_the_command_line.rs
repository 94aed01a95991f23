//! A hostile board against the command line: escape sequences in everything it
//! sends, and endless lists. Each command runs in a process of its own.

use std::{
    fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use comparison::usage::Reading;
use serde_json::{Value, json};
use tungstenite::{
    Error, Message, WebSocket,
    handshake::server::{Request, Response},
    http::HeaderValue,
};

use crate::program;

/// Clears the screen, sets a color with a C1 control, reverses the text
/// direction, is partly invisible, and starts a forged line.
const EVIL: &str =
    "\u{1b}[2J\u{9b}31m\u{7}\u{202e}\u{2066}\u{200b}\u{e0041}\u{2028}\u{7f}\r\nFORGED";

/// Longer than any command here takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// The fake board's response: a result or an error.
type Answers = Arc<dyn Fn(&str, &Value) -> Result<Value, Value> + Send + Sync>;

/// A fake board at this address.
struct Deceiver {
    address: String,
}

impl Deceiver {
    fn that(
        answers: impl Fn(&str, &Value) -> Result<Value, Value> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let answers: Answers = Arc::new(answers);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answers = Arc::clone(&answers);
                // Continues after a command disconnects.
                thread::spawn(move || deceive(stream, &answers));
            }
        });
        Self { address }
    }
}

fn deceive(stream: TcpStream, answers: &Answers) -> Option<()> {
    let mut path = String::new();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .ok()?;
    #[expect(clippy::result_large_err, reason = "tungstenite's own signature")]
    let agree = |request: &Request, mut response: Response| {
        request.uri().path().clone_into(&mut path);
        if path == protocol::RPC_PATH && request.headers().contains_key("Sec-WebSocket-Protocol") {
            response.headers_mut().insert(
                "Sec-WebSocket-Protocol",
                HeaderValue::from_static(protocol::SUBPROTOCOL),
            );
        }
        Ok(response)
    };
    let mut socket = tungstenite::accept_hdr(stream, agree).ok()?;
    if path == protocol::TELEMETRY_PATH {
        let channel = json!({ "name": EVIL, "unit_of_measurement": EVIL });
        let head = json!({
            "telemetry": 1, "epoch": "00c0ffee", "uptime_ms": 1, "interval_us": 1000,
            "channels": [channel],
        });
        socket.send(Message::text(head.to_string())).ok()?;
        let samples = protocol::telemetry::Samples::F32(vec![1.5e-9; 4]);
        for sequence in 0.. {
            let frame = protocol::telemetry::Frame {
                gap: false,
                sequence,
                time_us: u64::from(sequence) * 4_000,
                interval_us: 1_000,
                channels: 1,
                samples: samples.clone(),
            };
            socket.send(Message::binary(frame.encode().ok()?)).ok()?;
            thread::sleep(Duration::from_millis(20));
        }
    }
    let mut subscribed = false;
    let mut seq = 1;
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => {
                let request: Value = serde_json::from_str(&text).ok()?;
                let method = request["method"].as_str().unwrap_or_default();
                subscribed |= method == "Device.Subscribe";
                let (field, value) = match answers(method, &request["params"]) {
                    Ok(result) => ("result", result),
                    Err(error) => ("error", error),
                };
                let mut answer = json!({ "jsonrpc": "2.0", "id": request["id"] });
                answer[field] = value;
                send(&mut socket, &answer)?;
                if method == "Log.Subscribe" {
                    let line = json!({ "uptime_ms": 1, "level": "error", "message": EVIL });
                    send(
                        &mut socket,
                        &push(
                            "NotifyLog",
                            &json!({ "epoch": "00c0ffee", "uptime_ms": 1, "lines": [line] }),
                        ),
                    )?;
                }
            }
            Ok(Message::Close(_)) => return None,
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
        if subscribed {
            let source = if seq % 2 == 0 { "physical" } else { EVIL };
            let mut status = json!({
                "epoch": "00c0ffee", "seq": seq + 1, "prev": seq, "uptime_ms": seq,
                "source": source,
            });
            status[format!("{EVIL}:0")] = json!({ EVIL: EVIL, "value": EVIL });
            send(&mut socket, &push("NotifyStatus", &status))?;
            let event = json!({ "component": format!("{EVIL}:0"), "event": EVIL });
            send(
                &mut socket,
                &push(
                    "NotifyEvent",
                    &json!({ "epoch": "00c0ffee", "uptime_ms": seq, "events": [event] }),
                ),
            )?;
            seq += 1;
        }
    }
}

fn push(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

fn send(socket: &mut WebSocket<TcpStream>, message: &Value) -> Option<()> {
    socket.send(Message::text(message.to_string())).ok()
}

/// A board whose every text is [`EVIL`].
fn evil(method: &str, params: &Value) -> Result<Value, Value> {
    let state = json!({ EVIL: EVIL, "value": EVIL, "on": false, "options": [EVIL] });
    Ok(match method {
        "Device.GetInfo" => json!({
            "id": "sb-evil", "name": EVIL, "mac": EVIL, "version": EVIL, "platform": EVIL,
            "board": EVIL, "proto": 1, "features": [EVIL], "epoch": "00c0ffee", "uptime_ms": 1,
            EVIL: EVIL,
        }),
        "Device.GetComponents" => json!({ "offset": params["offset"], "total": 3, "components": [
            {
                "key": format!("{EVIL}:0"), "kind": EVIL, "name": EVIL,
                "unit_of_measurement": EVIL, EVIL: EVIL,
            },
            { "key": "light:0", "kind": "light", "name": EVIL, "caps": { "effects": [EVIL] } },
            { "key": "button:0", "kind": "button", "name": EVIL },
        ]}),
        "Device.GetStatus" | "Device.Subscribe" => {
            let mut snapshot = json!({
                "epoch": "00c0ffee", "seq": 1, "uptime_ms": 1, "client": 1, "light:0": state,
            });
            snapshot[format!("{EVIL}:0")] = state;
            snapshot
        }
        "Sys.Ping" => json!({ "uptime_ms": 1 }),
        "Log.Subscribe" => json!({}),
        "Keys.List" => {
            json!({ "keys": [{ "kid": EVIL, "name": EVIL, "role": EVIL, "yours": false }] })
        }
        "Keys.Add" => json!({ "kid": EVIL, "name": EVIL, "role": EVIL, "key": EVIL }),
        "Clients.List" => {
            let client = json!({
                "id": 1, "kind": EVIL, "from": EVIL, "since_ms": 1, "heard_ms": 1, "queued": 0,
                "queued_bytes": 0, "kid": EVIL, "key_name": EVIL, "role": EVIL,
            });
            json!({
                "offset": params["offset"], "total": 1, "uptime_ms": 9, "others": 0,
                "clients": [client],
            })
        }
        "Clients.Close" => json!({ EVIL: EVIL }),
        "Light.Toggle" | "Evil.Result" => json!({ EVIL: [EVIL], "seq": 2 }),
        _ => {
            return Err(
                json!({ "code": -32000, "message": EVIL, "data": { "reason": EVIL, EVIL: EVIL } }),
            );
        }
    })
}

fn switchboard(words: &[&str]) -> Command {
    let mut command = program::switchboard();
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A command's output, its time and its peak memory in kilobytes.
struct Ran {
    output: Output,
    took: Duration,
    peak_kb: u64,
}

fn run(words: &[&str]) -> Ran {
    let begun = Instant::now();
    let mut child = switchboard(words).spawn().expect("the program");
    let id = child.id();
    let read = |mut from: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).expect("its output");
            bytes
        })
    };
    let out = read(Box::new(child.stdout.take().expect("piped")));
    let err = read(Box::new(child.stderr.take().expect("piped")));
    let peak = AtomicU64::new(0);
    let status = loop {
        if let Ok(now) = Reading::of(id) {
            peak.fetch_max(now.memory_kib, Ordering::Relaxed);
        }
        if let Some(status) = child.try_wait().expect("its status") {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("killed");
            child.wait().expect("its end");
            panic!("{words:?} did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let output = Output {
        status,
        stdout: out.join().expect("its output"),
        stderr: err.join().expect("its output"),
    };
    Ran {
        output,
        took: begun.elapsed(),
        peak_kb: peak.into_inner(),
    }
}

/// Asserts that the output has no control or invisible characters and no forged
/// line.
fn assert_plain(words: &[&str], bytes: &[u8]) {
    let text = String::from_utf8(bytes.to_vec())
        .unwrap_or_else(|_| panic!("{words:?} prints what is not UTF-8"));
    let unsafe_char = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(
                c,
                '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{e0000}'..='\u{e0fff}'
            )
    };
    assert!(!text.contains(unsafe_char), "{words:?} prints {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("FORGED")),
        "{words:?} prints a forged line: {text}"
    );
}

fn holds(value: &Value) -> bool {
    match value {
        Value::String(text) => text == EVIL,
        Value::Array(values) => values.iter().any(holds),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == EVIL || holds(value)),
        _ => false,
    }
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("switchboard-hostile-{}-{name}", std::process::id()))
}

fn assert_says_nothing_evil(words: &[&str], prints: bool, is_json: bool) {
    let Ran { output, took, .. } = run(words);
    assert_plain(words, &output.stdout);
    assert_plain(words, &output.stderr);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("FORGED") || !prints,
        "{words:?} prints nothing of the board in {took:?}: {said}"
    );
    if words.contains(&"--json") || is_json {
        let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("{words:?}: {line}: {error}"))
            })
            .collect();
        let first = lines.first();
        assert!(
            !is_json || lines.iter().any(holds),
            "{words:?} changes what the board said: {first:?}"
        );
    }
}

#[test]
fn no_command_prints_control_characters_from_a_board() {
    let board = Deceiver::that(evil);
    let address = board.address.as_str();
    let (light, button, table) = (
        format!("{address}/light:0"),
        format!("{address}/button:0"),
        file("table.csv"),
    );
    let (url, csv, image) = (
        format!("ws://{address}/rpc"),
        table.display().to_string(),
        file("image.bin"),
    );
    fs::write(&image, [0; 5_000]).expect("an image");
    let image = image.display().to_string();
    let scene = file("scene.json").display().to_string();
    let kind = format!("{address}/{EVIL}:0");
    // Whether it prints the board's text, and whether as JSON with the exact
    // value.
    let commands: &[(&[&str], bool, bool)] = &[
        (&["show", address], true, false),
        (&["show", address, "--json"], true, true),
        (&["set", &light, "on=true"], true, false),
        (&["set", &kind, "a=1"], true, false),
        (&["toggle", &light], true, false),
        (&["press", &button], true, false),
        (&["call", address, "Evil.Result"], true, true),
        (&["call", address, "Evil.Error"], true, false),
        (&["call", address, EVIL], true, false),
        (&["log", address, "--for", "2s"], true, false),
        (&["log", address, "--for", "2s", "--json"], true, true),
        (&["watch", address, "--for", "2s"], true, false),
        (&["watch", address, "--for", "2s", "--json"], true, true),
        (&["clients", address], true, false),
        (&["clients", address, "--json"], true, true),
        (&["clients", address, "--close", "1", "--json"], true, true),
        (&["keys", "list", address], true, false),
        (&["keys", "list", address, "--json"], true, true),
        (
            &["keys", "add", address, "--name", "a", "--role", "view"],
            true,
            false,
        ),
        (&["keys", "pair", address], false, false),
        (
            &["telemetry", address, "--for", "1500ms", "--csv", &csv],
            true,
            false,
        ),
        (
            &["telemetry", address, "--for", "1s", "--json"],
            true,
            false,
        ),
        (&["ota", address, &image], true, false),
        (&["ota", address, &image, "--json"], false, false),
        (&["scene", "take", &scene, address], false, false),
        (
            &["compare", address, "--seconds", "1", "--alone", "0"],
            true,
            false,
        ),
        (&["check", address, "--verbose"], true, false),
        (&["check", address, "--json"], true, false),
        (&["doctor", address], true, false),
        (&["doctor", address, "--json"], true, false),
        (
            &["proxy", address, "--token", "a-long-password"],
            true,
            false,
        ),
        (
            &[
                "channel",
                &url,
                "--send",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Device.GetInfo\"}",
                "--json",
            ],
            false,
            false,
        ),
        (&["--log", "trace", "show", address], true, false),
        // Arguments, which may come from a script, are quoted.
        (&["show", EVIL], true, false),
        (&["toggle", EVIL], true, false),
        (&[EVIL], true, false),
        (&["channel", EVIL], true, false),
        (&["scene", "apply", EVIL], true, false),
        (&["keys", "add", EVIL], true, false),
        (&["list", "--for", EVIL], true, false),
        (&["--log", EVIL, "list"], true, false),
    ];
    // Several in parallel, because most of them wait.
    for several in commands.chunks(8) {
        thread::scope(|scope| {
            for (words, prints, is_json) in several {
                scope.spawn(|| assert_says_nothing_evil(words, *prints, *is_json));
            }
        });
    }
    let recorded = fs::read_to_string(&table).expect("a table");
    assert!(
        recorded.contains(",1.5e-9\r\n"),
        "{}",
        recorded.lines().take(3).collect::<String>()
    );
    for path in [table.display().to_string(), image, scene] {
        let _ = fs::remove_file(path);
    }
}

#[test]
fn a_list_without_end_ends() {
    let board = Deceiver::that(|method, params| {
        let offset = params["offset"].as_u64().unwrap_or_default();
        match method {
            "Clients.List" => {
                let client = |id| {
                    json!({
                        "id": id, "kind": "rpc", "since_ms": 1, "heard_ms": 1, "queued": 0,
                        "queued_bytes": 0,
                    })
                };
                let clients: Vec<_> = (offset..offset + 3).map(client).collect();
                Ok(json!({
                    "offset": offset, "total": u64::MAX / 2, "uptime_ms": 9, "others": 0,
                    "clients": clients,
                }))
            }
            "Device.GetComponents" => {
                let sensor = |id| {
                    let key = format!("sensor:{}", id % 60_000);
                    json!({ "key": key, "kind": "sensor", "name": "x".repeat(500) })
                };
                let components: Vec<_> = (offset..offset + 20).map(sensor).collect();
                Ok(json!({ "offset": offset, "total": u64::MAX / 2, "components": components }))
            }
            other => evil(other, params),
        }
    });
    for (words, status) in [
        (&["clients", &board.address][..], 4),
        (&["clients", &board.address, "--json"], 4),
        (&["show", &board.address], 0),
        (&["compare", &board.address, "--seconds", "1"], 4),
        (&["check", &board.address], 6),
    ] {
        let Ran {
            output,
            took,
            peak_kb,
        } = run(words);
        let said = String::from_utf8_lossy(&output.stderr);
        let _ = writeln!(
            io::stderr(),
            "ROW | {} of a list without end | {peak_kb} kB | {took:.1?} | {said}",
            words[0]
        );
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        assert!(peak_kb < 64 * 1024, "{words:?}: {peak_kb} kB");
        assert_eq!(
            words[0] == "clients",
            said.contains("does not end"),
            "{words:?}: {said}"
        );
    }
}

/// A recording of about 60 MB, with lines from the given function.
fn recording(name: &str, write: impl FnOnce(&mut dyn Write)) -> PathBuf {
    let path = file(name);
    let mut file = io::BufWriter::new(fs::File::create(&path).expect("a file"));
    write(&mut file);
    file.flush().expect("written");
    path
}

fn large_lists(file: &mut dyn Write, before: &str) {
    write!(file, "{before}").expect("written");
    for _ in 0..30_000 {
        file.write_all("0,".repeat(1_000).as_bytes())
            .expect("written");
    }
    writeln!(file, "0]}}").expect("written");
}

#[test]
fn a_recording_of_sixty_megabytes_is_read_in_bounded_memory() {
    const HEAD: &str = r#"{"what":"recording","version":1,"address":"ws://a/"}"#;
    const AT: &str = r#""at":"2026-01-01T00:00:00Z","offset_ms":1"#;
    let many = recording("many.jsonl", |file| {
        writeln!(file, "{HEAD}").expect("written");
        for number in 0..500_000 {
            writeln!(
                file,
                r#"{{{AT},"what":"message","way":"in","text":"{{\"n\":{number},\"text\":\"aaaaaaaaaaaaaaaaa\"}}"}}"#
            )
            .expect("written");
        }
    });
    let unknown = recording("unknown.jsonl", |file| {
        writeln!(file, "{HEAD}").expect("written");
        large_lists(
            file,
            &format!(r#"{{{AT},"what":"of a newer version","list":["#),
        );
    });
    let in_message = recording("in-message.jsonl", |file| {
        writeln!(file, "{HEAD}").expect("written");
        large_lists(
            file,
            &format!(r#"{{{AT},"what":"message","way":"in","text":"hello","list":["#),
        );
    });
    let in_text = recording("in-text.jsonl", |file| {
        writeln!(file, "{HEAD}").expect("written");
        large_lists(
            file,
            &format!(r#"{{{AT},"what":"message","way":"in","text":"{{\"a\":["#),
        );
    });
    let in_head = recording("in-head.jsonl", |file| {
        large_lists(file, r#"{"what":"recording","version":1,"list":["#);
    });
    let size = |path: &Path| fs::metadata(path).expect("it is there").len() / 1_000_000;
    // The program alone takes 20 MB in a debug build. One line of 60 MB is in
    // memory twice, as bytes and decoded.
    for (path, words, status, most_mb) in [
        (&many, &[][..], 0, 32),
        (&many, &["--json"], 0, 32),
        (&many, &["--path", "/n"], 0, 32),
        (&unknown, &["--json"], 0, 256),
        (&in_message, &["--json"], 0, 256),
        (&in_text, &["--path", "/a/0"], 2, 256),
        (&in_head, &[], 2, 32),
    ] {
        let place = path.display().to_string();
        let Ran {
            output,
            took,
            peak_kb,
        } = run(&[&["channel", "--read", &place], words].concat());
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let _ = writeln!(
            io::stderr(),
            "ROW | {name} of {} MB, {words:?} | {} MB | {took:.1?} |",
            size(path),
            peak_kb / 1_024
        );
        assert_eq!(
            output.status.code(),
            Some(status),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(peak_kb < most_mb * 1_024, "{name} {words:?}: {peak_kb} kB");
    }
    for path in [many, unknown, in_message, in_text, in_head] {
        fs::remove_file(path).expect("it is there");
    }
}
