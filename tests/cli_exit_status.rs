//! The command line against running virtual boards, by address: its output and
//! exit statuses.

#[path = "program/closed.rs"]
mod closed;
mod program;
#[path = "program/terminal.rs"]
mod terminal;

use std::{
    error::Error,
    net::TcpListener,
    process::{Output, Stdio},
    sync::mpsc::sync_channel,
    time::Duration,
};

use closed::ClosedPort;
use engine::Settings;
use fleet::LinkState;
use terminal::on_a_terminal;
use virtual_board::{Options, Profile, VirtualBoards, image::Image};

type Tested = Result<(), Box<dyn Error>>;

/// A board with every kind of component, and its address.
fn board() -> Result<(VirtualBoards, String), Box<dyn Error>> {
    let boards = VirtualBoards::start(Options {
        profile: Profile::Everything,
        mdns: false,
        ..Options::default()
    })?;
    let address = boards
        .list()
        .first()
        .ok_or("no board listens")?
        .address
        .to_string();
    Ok((boards, address))
}

fn switchboard(words: &[&str]) -> Result<Output, Box<dyn Error>> {
    Ok(program::switchboard()
        .args(words)
        .stdin(Stdio::null())
        .output()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn set_values_are_shown_afterwards() -> Tested {
    let (_boards, address) = board()?;
    let set = switchboard(&[
        "set",
        &format!("{address}/light:0"),
        "on=true",
        "brightness=40",
        "rgb=#ff5000",
    ])?;
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
    let show = text(&switchboard(&["show", &address])?.stdout);
    let light = show
        .lines()
        .find(|line| line.starts_with("light:0"))
        .ok_or("no light is shown")?;
    assert!(
        light.contains("On · ") && light.contains(" · 40 %") && light.contains(" · #ff5000"),
        "{light}"
    );
    Ok(())
}

#[test]
fn a_cover_is_opened_closed_and_stopped_and_other_kinds_are_not() -> Tested {
    let (_boards, address) = board()?;
    let blind = format!("{address}/cover:0");
    for (words, said) in [
        (&["close", &blind][..], "Closing"),
        (&["stop", &blind], "Open"),
        (&["open", &blind], "Opening"),
        (&["set", &blind, "position=0"], "Closing"),
    ] {
        let output = switchboard(words)?;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{words:?}: {err}");
        assert!(out.contains(said), "{words:?}: {out}");
    }
    let lamp = format!("{address}/light:0");
    let firmware = format!("{address}/update:0");
    for (words, said) in [
        (["open", &lamp], "a light cannot be opened"),
        (["install", &blind], "a cover cannot be installed"),
        (["install", &firmware], "no method Update.Install"),
    ] {
        let output = switchboard(&words)?;
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {err}");
        assert!(err.contains(said), "{words:?}: {err}");
    }
    Ok(())
}

#[test]
fn every_line_of_json_is_an_object() -> Tested {
    let (_boards, address) = board()?;
    let target = format!("{address}/switch:0");
    for words in [
        &["show", &address, "--json"][..],
        &["toggle", &target, "--json"],
        &["call", &address, "Device.GetInfo"],
    ] {
        let output = switchboard(words)?;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            text(&output.stderr)
        );
        for line in text(&output.stdout).lines() {
            let value: serde_json::Value = serde_json::from_str(line)?;
            assert!(
                value["id"].is_string(),
                "every line says whose it is: {line}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_toggle_is_done_once() -> Tested {
    let (_boards, address) = board()?;
    let target = format!("{address}/switch:0");
    let was_on = || -> Result<bool, Box<dyn Error>> {
        let output = switchboard(&["toggle", &target, "--json"])?;
        let line: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        Ok(line["result"]["was_on"]
            .as_bool()
            .ok_or("was_on is no truth value")?)
    };
    assert_ne!(was_on()?, was_on()?);
    Ok(())
}

#[test]
fn a_refusal_is_1_with_its_reason() -> Tested {
    let (_boards, address) = board()?;
    let light = format!("{address}/light:0");
    for (words, reason) in [
        (&["set", &light, "brightness=400"][..], "out_of_range"),
        (&["toggle", &format!("{address}/switch:99")], "not_found"),
        (
            &["set", &format!("{address}/sensor:0"), "value=1"],
            "no_such_command",
        ),
        (&["call", &address, "Light.Explode"], "-32601"),
    ] {
        let output = switchboard(words)?;
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(
            text(&output.stderr).contains(reason),
            "{words:?}: {}",
            text(&output.stderr)
        );
    }
    Ok(())
}

#[test]
fn a_board_whose_slots_are_taken_is_1_and_is_named() -> Tested {
    let boards = VirtualBoards::start(Options {
        controllers: 1,
        mdns: false,
        ..Options::default()
    })?;
    let address = boards
        .list()
        .first()
        .ok_or("no board listens")?
        .address
        .to_string();
    let fleet = engine::start(Settings {
        discovery: None,
        ..Settings::default()
    })?;
    let (wake, woken) = sync_channel(1);
    let mut watch = fleet.watch(move |_| {
        // Full: the reader will be woken anyway.
        let _ = wake.try_send(());
    });
    let key = fleet.add_address(&address)?;
    while fleet
        .board(key)
        .is_none_or(|board| board.link != LinkState::Connected)
    {
        woken.recv_timeout(Duration::from_secs(20))?;
        watch.drain();
    }
    let output = switchboard(&["show", &address])?;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("slots"),
        "{}",
        text(&output.stderr)
    );
    Ok(())
}

#[test]
fn invalid_arguments_are_2_and_nothing_is_sent() -> Tested {
    for words in [
        &["set", "lamp/light:0"][..],
        &["set", "lamp/light:0", "on"],
        &["set", "lamp/light:0", "on=maybe"],
        &["set", "lamp/light:0", "on=true", "brightnes=40"],
        &["toggle", "lamp"],
        &["call", "lamp", "Light.Set", "[1"],
        &["list", "--for", "2 fortnights"],
        &["demo", "--boards", "0"],
        &["explode"],
    ] {
        assert_eq!(switchboard(words)?.status.code(), Some(2), "{words:?}");
    }
    Ok(())
}

#[test]
fn an_empty_board_or_component_is_2_without_a_search() -> Tested {
    for words in [
        &["show", ""][..],
        &["show", " "],
        &["call", "", "Device.GetInfo"],
        &["set", "", "on=true"],
        &["set", "/light:0", "on=true"],
        &["toggle", ""],
        &["toggle", "/light:0"],
        &["toggle", " /light:0"],
        &["toggle", "lamp/"],
        &["press", "/button:0"],
        &["log", ""],
        &["ota", "", "firmware.bin"],
        &["watch", ""],
        &["compare", ""],
        &["telemetry", ""],
        &["clients", ""],
        &["keys", "list", ""],
        &["keys", "add", ""],
        &["keys", "add", "", "--name", "a", "--role", "view"],
        &["keys", "remove", "", "5f3a91c2"],
        &["keys", "forget", ""],
        &["keys", "export", ""],
        &["keys", "pair", ""],
        &["proxy", "", "--token", "a-long-password"],
        &["scene", "apply", ""],
        &["scene", "take", "file.json", ""],
        &["scene", "take", "file.json", "/light:0"],
        &["scene", "take", "file.json", "lamp/"],
        &["doctor", ""],
        &["check", ""],
        &["channel", ""],
    ] {
        let output = switchboard(words)?;
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            text(&output.stderr)
        );
    }
    Ok(())
}

#[test]
fn addresses_are_accepted_in_every_form_or_refused_with_the_accepted_ones() -> Tested {
    let (_boards, address) = board()?;
    for typed in [
        format!("ws://{address}"),
        format!("ws://{address}/rpc"),
        format!("WS://{address}/rpc"),
        format!("http://{address}/"),
    ] {
        let output = switchboard(&["show", &typed])?;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{typed}: {}",
            text(&output.stderr)
        );
        let output = switchboard(&["toggle", &format!("{typed}/switch:0")])?;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{typed}: {}",
            text(&output.stderr)
        );
    }
    for typed in [format!("wss://{address}"), format!("ftp://{address}")] {
        let output = switchboard(&["show", &typed])?;
        assert_eq!(
            output.status.code(),
            Some(2),
            "{typed}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains("ws://"),
            "{}",
            text(&output.stderr)
        );
    }
    for typed in [format!("http://{address}/"), format!("HTTPS://{address}/")] {
        let output = switchboard(&["channel", &typed])?;
        assert_eq!(
            output.status.code(),
            Some(2),
            "{typed}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains("Accepted: ws://HOST[:PORT][/PATH] or, with TLS, wss://"),
            "{}",
            text(&output.stderr)
        );
    }
    let output = switchboard(&["channel", &format!("WS://{address}/rpc"), "--for", "200ms"])?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    Ok(())
}

/// The time of day at which a board logged this, in seconds, as printed with
/// this `TZ`.
fn printed_time(address: &str, zone: &str) -> Result<(i64, String), Box<dyn Error>> {
    let output = program::switchboard()
        .args(["log", address, "--for", "500ms"])
        .env("TZ", zone)
        .stdin(Stdio::null())
        .output()?;
    let lines = text(&output.stdout);
    let line = lines
        .lines()
        .find(|line| line.contains("reset reason"))
        .ok_or("no such line")?;
    let time = line
        .get(..8)
        .ok_or("no time")?
        .split(':')
        .map(str::parse)
        .collect::<Result<Vec<i64>, _>>()?;
    let [hour, minute, second] = *time.as_slice() else {
        return Err(line.into());
    };
    Ok((hour * 3_600 + minute * 60 + second, text(&output.stderr)))
}

#[test]
fn times_are_in_the_zone_of_tz_and_an_unknown_zone_is_reported() -> Tested {
    let (_boards, address) = board()?;
    let (utc, quiet) = printed_time(&address, "UTC")?;
    assert_eq!(quiet, "");
    for (zone, offsets) in [
        ("Europe/Berlin", &[3_600, 7_200][..]),
        ("Asia/Kathmandu", &[20_700]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", &[3_600, 7_200]),
    ] {
        let (local, said) = printed_time(&address, zone)?;
        let ahead = (local - utc).rem_euclid(86_400);
        // The time of a line is accurate to some milliseconds.
        assert!(
            offsets.iter().any(|offset| (ahead - offset).abs() <= 2),
            "{zone}: {ahead} s ahead of UTC"
        );
        assert_eq!(said, "", "{zone}");
    }
    let (local, said) = printed_time(&address, "Europe/Nowhere")?;
    assert!(
        (local - utc).abs() <= 2 && said.contains("TZ=\"Europe/Nowhere\" is not a known time zone"),
        "{said}"
    );
    Ok(())
}

#[test]
fn an_absent_board_is_3() -> Tested {
    let output = switchboard(&["show", "no-board-is-called-so"])?;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("no-board-is-called-so"));
    Ok(())
}

#[test]
fn no_answer_is_4() -> Tested {
    let closed = ClosedPort::bind()?;
    assert_eq!(
        switchboard(&["show", &closed.address.to_string()])?
            .status
            .code(),
        Some(4)
    );
    Ok(())
}

#[test]
fn a_fault_found_by_the_doctor_is_5_with_advice() -> Tested {
    let closed = ClosedPort::bind()?;
    let free = closed.address.to_string();
    let doctor = switchboard(&["doctor", &free])?;
    assert_eq!(doctor.status.code(), Some(5), "{}", text(&doctor.stderr));
    let found = text(&doctor.stdout);
    let paragraph = found
        .split("fault    ")
        .find(|paragraph| paragraph.starts_with(&free))
        .ok_or("not found")?;
    assert!(
        [
            "does not answer",
            "tried:",
            "observed:",
            "refuse",
            "to do:",
            "ping"
        ]
        .iter()
        .all(|w| paragraph.contains(w))
    );
    Ok(())
}

#[test]
fn a_closed_pipe_is_no_failure() -> Tested {
    let (_boards, address) = board()?;
    let mut show = program::switchboard()
        .args(["show", &address, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(show.stdout.take());
    let output = show.wait_with_output()?;
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    Ok(())
}

#[test]
fn help_and_version_need_no_network() -> Tested {
    let help = switchboard(&["--help"])?;
    assert!(
        help.status.success() && text(&help.stdout).contains("switchboard set desk-lamp/light:0")
    );
    let version = switchboard(&["--version"])?;
    assert_eq!(
        text(&version.stdout).trim(),
        concat!("switchboard ", env!("CARGO_PKG_VERSION"))
    );
    Ok(())
}

#[test]
fn the_log_of_a_board_is_printed_from_its_beginning() -> Tested {
    let (_boards, address) = board()?;
    let log = switchboard(&["log", &address, "--for", "500ms"])?;
    assert_eq!(log.status.code(), Some(0), "{}", text(&log.stderr));
    let lines = text(&log.stdout);
    assert!(
        lines
            .lines()
            .any(|line| line.contains("log info") && line.contains("reset reason: power_on")),
        "{lines}"
    );
    assert!(
        lines
            .lines()
            .any(|line| line.ends_with("controller 1 connected")),
        "{lines}"
    );

    let json = text(&switchboard(&["log", &address, "--for", "500ms", "--json"])?.stdout);
    let first: serde_json::Value = serde_json::from_str(
        json.lines()
            .find(|line| line.contains("reset"))
            .ok_or("empty")?,
    )?;
    assert_eq!(
        (&first["what"], &first["level"]),
        (&"log".into(), &"info".into())
    );
    assert_eq!(
        switchboard(&["log", &address, "--level", "verbose"])?
            .status
            .code(),
        Some(2)
    );
    Ok(())
}

#[test]
fn a_scene_is_captured_to_a_file_and_applied_board_by_board() -> Tested {
    let (boards, address) = board()?;
    let file =
        std::env::temp_dir().join(format!("switchboard-cli-scene-{}.json", std::process::id()));
    let path = file.display().to_string();
    let light = format!("{address}/light:0");
    switchboard(&["set", &light, "on=true", "brightness=30"])?;
    let take = switchboard(&[
        "scene",
        "take",
        &path,
        &light,
        &format!("{address}/switch:0"),
        "--name",
        "Evening",
    ])?;
    assert_eq!(take.status.code(), Some(0), "{}", text(&take.stderr));
    let mut scene: serde_json::Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    assert_eq!(
        (&scene["name"], &scene["steps"][0]["set"]["brightness"]),
        (&"Evening".into(), &30.into())
    );
    // The boards of this test are not announced; they are reached by address.
    for step in scene["steps"].as_array_mut().ok_or("no steps")? {
        step["board"] = address.clone().into();
    }
    std::fs::write(&file, scene.to_string())?;
    switchboard(&["set", &light, "on=false", "brightness=90"])?;
    let unasked = switchboard(&["scene", "apply", &path, "--fade", "0s", "--json"])?;
    assert_eq!(unasked.status.code(), Some(2));
    assert!(
        text(&unasked.stderr).contains("--connect"),
        "{}",
        text(&unasked.stderr)
    );
    let apply = switchboard(&[
        "scene",
        "apply",
        &path,
        "--connect",
        "--fade",
        "0s",
        "--json",
    ])?;
    assert_eq!(apply.status.code(), Some(0), "{}", text(&apply.stderr));
    for line in text(&apply.stdout).lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        assert_eq!(value["outcome"], "done", "{line}");
    }
    let show = text(&switchboard(&["show", &address])?.stdout);
    assert!(show.contains(" · 30 %"), "{show}");
    // One step is refused, one names a board that does not exist and one
    // succeeds: all three are reported, and 1 takes precedence over 3.
    let step = |board: &str, set: serde_json::Value| {
        let component = "light:0";
        serde_json::json!({"board": board, "component": component, "set": set})
    };
    let on = serde_json::json!({"on": true});
    scene["steps"] = serde_json::json!([
        step(&address, serde_json::json!({"brightness": 400})),
        step("lamp-of-another-house", on.clone()),
        step(&address, on.clone())
    ]);
    std::fs::write(&file, scene.to_string())?;
    let apply = switchboard(&["scene", "apply", &path, "--connect"])?;
    assert_eq!(apply.status.code(), Some(1), "{}", text(&apply.stderr));
    let told = text(&apply.stdout);
    assert!(
        told.contains("refused: ") && told.contains("board not found") && told.contains("done in"),
        "{told}"
    );
    assert!(text(&apply.stderr).contains("2 of 3 not applied: 1 refused, 1 on a missing board"));
    scene["steps"] = serde_json::json!([step("lamp-of-another-house", on)]);
    std::fs::write(&file, scene.to_string())?;
    assert_eq!(
        switchboard(&["scene", "apply", &path])?.status.code(),
        Some(3)
    );
    drop(boards);
    std::fs::remove_file(&file)?;
    Ok(())
}

#[test]
fn an_invalid_scene_is_2_and_says_what_is_accepted() -> Tested {
    let file = std::env::temp_dir().join(format!(
        "switchboard-cli-no-scene-{}.json",
        std::process::id()
    ));
    let path = file.display().to_string();
    let words = |output: &Output| text(&output.stderr);
    let none = switchboard(&["scene", "apply", &path])?;
    assert_eq!(none.status.code(), Some(2));
    assert!(
        words(&none).contains("there is no file"),
        "{}",
        words(&none)
    );
    std::fs::write(&file, r#"{"switchboard":"dashboard","name":"Bench"}"#)?;
    let dashboard = switchboard(&["scene", "apply", &path])?;
    assert_eq!(dashboard.status.code(), Some(2));
    assert!(
        words(&dashboard).contains("is a dashboard; expected a scene"),
        "{}",
        words(&dashboard)
    );
    let long = switchboard(&["scene", "take", &path, "127.0.0.1:9", "--fade", "11s"])?;
    assert_eq!(long.status.code(), Some(2));
    assert!(words(&long).contains("at most 10 s"), "{}", words(&long));
    std::fs::remove_file(&file)?;
    Ok(())
}

#[test]
fn the_progress_of_an_update_is_one_line_on_a_narrow_terminal() -> Tested {
    let (_boards, address) = board()?;
    let file =
        std::env::temp_dir().join(format!("switchboard-cli-image-{}.bin", std::process::id()));
    std::fs::write(&file, Image::new("0.2.0")?.to_bytes(60_000))?;
    let command = format!("stty cols 40 rows 24; \"$SWITCHBOARD\" ota {address} \"$IMAGE\"");
    let Some(output) = on_a_terminal(&command, ("IMAGE", &file.to_string_lossy())) else {
        return Ok(());
    };
    std::fs::remove_file(&file)?;
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    let drawn: Vec<&str> = shown
        .split(['\r', '\n'])
        .filter(|line| !line.is_empty())
        .collect();
    let bars: Vec<&&str> = drawn.iter().filter(|line| line.starts_with('[')).collect();
    assert!(
        bars.len() > 3 && bars.iter().all(|bar| bar.chars().count() < 40),
        "{drawn:?}"
    );
    // The progress bar, and the result.
    assert_eq!(shown.matches('\n').count(), 2, "{shown:?}");
    Ok(())
}

#[test]
fn the_program_logs_its_work_on_request() -> Tested {
    let (_boards, address) = board()?;
    let quiet = switchboard(&["toggle", &format!("{address}/switch:0")])?;
    assert_eq!(text(&quiet.stderr), "");
    let told = switchboard(&["--log", "debug", "toggle", &format!("{address}/switch:0")])?;
    let told = text(&told.stderr);
    assert!(
        told.contains("connects to ws://") && told.contains("Switch.Toggle done in"),
        "{told}"
    );
    let file = std::env::temp_dir().join(format!("switchboard-log-{}.txt", std::process::id()));
    let to_file = switchboard(&["show", &address, "--log-file", &file.display().to_string()])?;
    assert_eq!(text(&to_file.stderr), "");
    let kept = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    assert!(kept.contains("Connected"), "{kept}");
    let wrong = switchboard(&["show", &address, "--log", "loud"])?;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("accepted: error, warn, info"),
        "{}",
        text(&wrong.stderr)
    );
    let nowhere = switchboard(&["show", &address, "--log-file", "/nowhere/at/all.txt"])?;
    assert_eq!(nowhere.status.code(), Some(2));
    Ok(())
}

#[test]
fn a_check_of_a_board_is_0_and_of_another_server_6() -> Tested {
    let (_boards, address) = board()?;
    let passed = switchboard(&["check", &format!("ws://{address}"), "--json"])?;
    assert_eq!(passed.status.code(), Some(0), "{}", text(&passed.stdout));
    for line in text(&passed.stdout).lines() {
        let point: serde_json::Value = serde_json::from_str(line)?;
        assert!(
            ["pass", "skipped"].contains(&point["verdict"].as_str().unwrap_or_default()),
            "{line}"
        );
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let elsewhere = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        // Closes every connection.
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    let failed = switchboard(&["check", &elsewhere])?;
    assert_eq!(failed.status.code(), Some(6), "{}", text(&failed.stderr));
    assert!(
        text(&failed.stdout).contains("fail     Connecting             the opening handshake"),
        "{}",
        text(&failed.stdout)
    );
    let closed = ClosedPort::bind()?;
    let unused = closed.address.to_string();
    assert_eq!(switchboard(&["check", &unused])?.status.code(), Some(4));
    assert_eq!(switchboard(&["check", "ftp://a/b"])?.status.code(), Some(2));
    Ok(())
}

#[test]
fn samples_are_summarized_each_second_recorded_and_printed_frame_by_frame() -> Tested {
    let (_boards, address) = board()?;
    let table = std::env::temp_dir().join(format!("switchboard-cli-{}.csv", std::process::id()));
    let path = table.to_string_lossy();
    let output = switchboard(&["telemetry", &address, "--for", "1200ms", "--csv", &path])?;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.contains(" samples/s") && said.contains("Supply current 0."),
        "{said}"
    );
    assert!(
        said.contains("0 frames lost by the board, 0 dropped here"),
        "{said}"
    );
    let recorded = std::fs::read_to_string(&table)?;
    std::fs::remove_file(&table)?;
    assert!(
        recorded.starts_with("time_us,\"Supply voltage (V)\",\"Supply current (A)\"\r\n"),
        "{recorded}"
    );
    assert!(recorded.lines().count() > 500);
    let output = switchboard(&["telemetry", &address, "--for", "300ms", "--json"])?;
    let lines: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let (first, last) = (
        lines.first().ok_or("nothing")?,
        lines.last().ok_or("nothing")?,
    );
    assert_eq!(
        (&first["telemetry"], &lines[1]["lost"], &last["lost"]),
        (&1.into(), &0.into(), &0.into())
    );
    assert!(
        lines[1]["samples"][0]
            .as_array()
            .is_some_and(|row| row.len() == 2),
        "{}",
        lines[1]
    );
    Ok(())
}

#[test]
fn connections_are_listed_and_closed_by_number() -> Tested {
    let (_boards, address) = board()?;
    let listed = text(&switchboard(&["clients", &address])?.stdout);
    assert!(
        listed.starts_with("NUMBER") && listed.contains("1 (this)"),
        "{listed}"
    );
    let output = switchboard(&["clients", &address, "--json"])?;
    let line: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&line["kind"], &line["you"]), (&"rpc".into(), &true.into()));
    let unused = switchboard(&["clients", &address, "--close", "99"])?;
    assert_eq!(unused.status.code(), Some(1));
    assert!(
        text(&unused.stderr).contains("no connection 99"),
        "{}",
        text(&unused.stderr)
    );
    Ok(())
}
