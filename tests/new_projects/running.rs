//! A generated board that runs, and what every one has to do, whatever its
//! language.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::program::switchboard;

/// How long a board may take to listen, and to measure.
const PATIENCE: Duration = Duration::from_secs(20);

/// A board that runs until this is dropped.
pub(crate) struct Running {
    board: Child,
    pub(crate) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.board.kill();
        let _ = self.board.wait();
    }
}

impl Running {
    /// Starts a program that prints its address when it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut board = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the board runs");
        let output = board.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines();
        let port: Option<String> = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("127.0.0.1:")?;
            Some(rest.chars().take_while(char::is_ascii_digit).collect())
        });
        let port = port.expect("an address");
        // Nothing may block because it is not read.
        thread::spawn(move || lines.for_each(drop));
        let running = Self {
            board,
            address: format!("127.0.0.1:{port}"),
        };
        until("the board listens", || {
            TcpStream::connect(&running.address).ok().map(drop)
        });
        running
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        let output = switchboard()
            .args(["call", &self.address, method, &params.to_string()])
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{method}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The board has the components of the first list, described alike in every
    /// language, its button toggles its light, and its event component reports
    /// an event when `trigger` is typed.
    pub(crate) fn behaves(&mut self, measures: bool, trigger: &str) {
        let page = self.call("Device.GetComponents", &json!({}));
        assert_eq!(page["components"], first_list(), "{}", self.address);
        let light = || self.call("Device.GetStatus", &json!({}))["light:0"].clone();
        assert_eq!(light(), json!({ "on": false, "brightness": 100 }));
        self.call("Button.Press", &json!({ "id": 0 }));
        assert_eq!(light()["on"], true);
        self.call("Button.Press", &json!({ "id": 0, "event": "long_press" }));
        assert_eq!(light()["on"], true);
        self.call("Button.Press", &json!({ "id": 0 }));
        assert_eq!(light()["on"], false);
        self.call("Cover.Open", &json!({ "id": 0 }));
        until("the cover moves", || {
            let state = self.call("Device.GetStatus", &json!({}));
            let cover = &state["cover:0"];
            let position = cover["position"].as_u64()?;
            (cover["state"] == "opening" && position > 0).then_some(())
        });
        self.call("Cover.Stop", &json!({ "id": 0 }));
        self.triggers(trigger);
        if measures {
            until("the sensor measures", || {
                let state = self.call("Device.GetStatus", &json!({}));
                let value = state["sensor:0"]["value"].as_f64()?;
                (18.0..=26.0).contains(&value).then_some(())
            });
        }
    }

    /// A line of standard input causes an event, which is pushed.
    fn triggers(&mut self, line: &str) {
        let url = format!("ws://{}/rpc", self.address);
        let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;
        let mut follower = switchboard()
            .args(["channel", &url, "--send", subscribe, "--for", "20s"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut said = BufReader::new(follower.stdout.take().expect("its output")).lines();
        let mut seen = Vec::new();
        let mut comes = |part: &str| {
            let found = said.by_ref().map_while(Result::ok).find(|line| {
                seen.push(line.clone());
                line.contains(part)
            });
            found.is_some()
        };
        let has_subscribed = comes(r#""result""#);
        let input = self.board.stdin.as_mut().expect("its input");
        writeln!(input, "{line}").expect("it reads");
        let has_come = has_subscribed && comes(r#""event":"triggered""#);
        let _ = follower.kill();
        let _ = follower.wait();
        assert!(has_come, "{line}: {seen:?}");
    }
}

/// The descriptions of the components in [`crate::project::LISTS`]`[0]`.
fn first_list() -> Value {
    json!([
        { "key": "light:0", "kind": "light", "name": "Light", "caps": { "brightness": true } },
        { "key": "switch:0", "kind": "switch", "name": "Outlet", "device_class": "outlet" },
        { "key": "button:0", "kind": "button", "name": "Button" },
        { "key": "sensor:0", "kind": "sensor", "name": "Temperature",
          "device_class": "temperature", "unit_of_measurement": "°C", "accuracy_decimals": 1,
          "state_class": "measurement" },
        { "key": "binary_sensor:0", "kind": "binary_sensor", "name": "Motion",
          "device_class": "motion" },
        { "key": "text_sensor:0", "kind": "text_sensor", "name": "Text sensor" },
        { "key": "number:0", "kind": "number", "name": "Number", "unit_of_measurement": "%" },
        { "key": "select:0", "kind": "select", "name": "Select" },
        { "key": "text:0", "kind": "text", "name": "Text" },
        { "key": "cover:0", "kind": "cover", "name": "Blind", "device_class": "blind",
          "caps": { "position": true } },
        { "key": "event:0", "kind": "event", "name": "Doorbell", "device_class": "doorbell",
          "event_types": ["triggered"] },
    ])
}

fn until(what: &str, mut has_come: impl FnMut() -> Option<()>) {
    let end = Instant::now() + PATIENCE;
    while has_come().is_none() {
        assert!(Instant::now() < end, "{what} within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(50));
    }
}
