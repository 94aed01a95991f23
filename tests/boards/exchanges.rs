//! Plays the exchanges of `exchanges/v1` against a board.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    client::{Client, Heard, Response, http, post},
    expected::{Memory, Verdict, alike, judge},
    program::{Bench, Make, SOON},
};

/// A board with sensors of its own may report another value before the one that
/// was set at the board: a `set` is then given again. A `press` is not, as it
/// would have an effect twice.
const AGAIN: Duration = Duration::from_secs(2);

const BARRIER: &str = "barrier";

/// Plays every file, each against a board of its own.
pub(crate) fn all(make: Make) {
    let mut played = 0;
    let mut problems = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).expect("a file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        played += 1;
        if let Err(problem) = Play::start(make, &file).play(&file) {
            problems.push(format!("{}: {problem}", path.display()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(played > 10, "only {played} exchanges were found");
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boards/exchanges/v1");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the exchanges")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files
}

struct Controller {
    client: Client,
    memory: Memory,
    /// The board closed it in an earlier step, as expected.
    closed: bool,
}

/// A board and its controllers.
struct Play {
    bench: Bench,
    controllers: BTreeMap<String, Controller>,
    clients: BTreeMap<String, u64>,
}

impl Play {
    fn start(make: Make, file: &Value) -> Self {
        let mut play = Self {
            bench: Bench::start(make),
            controllers: BTreeMap::new(),
            clients: BTreeMap::new(),
        };
        for name in file["controllers"].as_array().expect("controllers") {
            play.connect(name.as_str().expect("a name"))
                .expect("the board answers");
        }
        play
    }

    /// Connects and subscribes; a board that restarts may need a moment.
    fn connect(&mut self, name: &str) -> Result<&Memory, String> {
        let mut client =
            Client::connect_soon(self.bench.address).map_err(|problem| format!("{problem:?}"))?;
        let answer = client.call("Device.Subscribe", &json!({}));
        let snapshot = &answer["result"];
        let number = snapshot["client"].as_u64().ok_or("no client number")?;
        self.clients.insert(name.to_owned(), number);
        let memory = Memory::of(snapshot);
        self.controllers.remove(name);
        let entry = self.controllers.entry(name.to_owned());
        let controller = entry.or_insert(Controller {
            client,
            memory,
            closed: false,
        });
        Ok(&controller.memory)
    }

    fn play(&mut self, file: &Value) -> Result<(), String> {
        for (number, step) in file["steps"].as_array().expect("steps").iter().enumerate() {
            self.step(step)
                .map_err(|problem| format!("step {}, {step}: {problem}", number + 1))?;
            self.bench.assert_runs();
        }
        Ok(())
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        for controller in self.controllers.values_mut() {
            controller.memory.begin();
        }
        if let Some(message) = step.get("send") {
            let from = step["from"].as_str().ok_or("from is missing")?;
            let controller = self.controllers.get_mut(from).ok_or("not connected")?;
            let several = step["then_send"].as_array().map_or(&[][..], Vec::as_slice);
            for message in [message].into_iter().chain(several) {
                if !controller.client.say(&text(message, &self.clients)) {
                    return Err("the connection has ended".to_owned());
                }
            }
        } else if let Some(body) = step.get("post") {
            let response = post(self.bench.address, &text(body, &self.clients))
                .map_err(|error| error.to_string())?;
            self.responds(step, &response)?;
        } else if let Some(lines) = step["http"].as_array() {
            let address = self.bench.address.to_string();
            let lines = lines.iter().map(|line| line.as_str().expect("a line"));
            let request = lines.collect::<Vec<_>>().join("\r\n");
            let request = request.replace("$address", &address) + "\r\n\r\n";
            let response = http(self.bench.address, &request).map_err(|error| error.to_string())?;
            self.responds(step, &response)?;
        } else if let Some(line) = step["at_the_board"].as_str() {
            self.bench.line(line);
        } else if let Some(name) = step["connect"].as_str() {
            let before = self.controllers.get(name).map(|it| it.memory.epoch.clone());
            let after = self.connect(name)?.epoch.clone();
            let new = step["epoch"] == "new";
            if before.is_some_and(|before| (before != after) != new) {
                return Err(format!("the epoch is {after}"));
            }
        } else {
            return Err("nothing is done".to_owned());
        }
        let names: Vec<_> = self.controllers.keys().cloned().collect();
        for name in names {
            self.receive(&name, step)
                .map_err(|problem| format!("controller {name}: {problem}"))?;
        }
        Ok(())
    }

    /// Compares a response over HTTP; the answers of `POST` are JSON.
    fn responds(&self, step: &Value, response: &Response) -> Result<(), String> {
        if step["status"].as_u64() != Some(response.status.into()) {
            return Err(format!("{response:?}"));
        }
        for (name, value) in step["fields"].as_object().into_iter().flatten() {
            if response.field(name) != value.as_str() {
                return Err(format!("{name}: {response:?}"));
            }
        }
        let Some(expected) = step.get("answer") else {
            return Ok(());
        };
        let body = &response.body;
        let answer = serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?;
        // A client of `POST` has seen nothing before.
        alike(&answer, expected, &mut Memory::default(), &self.clients)
            .map_err(|problem| format!("{answer}: {problem}"))
    }

    fn receive(&mut self, name: &str, step: &Value) -> Result<(), String> {
        let expected = step["receive"][name]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let closed = step["closed"][name].as_u64();
        let line = step["at_the_board"].as_str();
        let mut next = expected.iter().peekable();
        while next.peek().is_some() {
            let got = self.hear(name, line)?;
            match self.judge(name, &got, next.peek().copied())? {
                Verdict::Expected => drop(next.next()),
                Verdict::Continues | Verdict::Background => {}
            }
        }
        let Some(code) = closed else {
            return self.nothing_more(name);
        };
        let controller = self.controllers.get_mut(name).ok_or("not connected")?;
        match controller.client.hear(SOON) {
            Heard::Closed(Some(got)) if u64::from(got) == code => {
                controller.closed = true;
                Ok(())
            }
            other => Err(format!("instead of a close with {code}: {other:?}")),
        }
    }

    /// The answer to a further request must be the next message.
    fn nothing_more(&mut self, name: &str) -> Result<(), String> {
        let request = json!({ "jsonrpc": "2.0", "id": BARRIER, "method": "Sys.Ping" });
        let controller = self.controllers.get_mut(name).ok_or("not connected")?;
        if controller.closed {
            return Ok(());
        }
        if !controller.client.say(&request.to_string()) {
            return Err("the connection has ended".to_owned());
        }
        loop {
            let got = self.hear(name, None)?;
            if got["id"] == BARRIER {
                return Ok(());
            }
            self.judge(name, &got, None)?;
        }
    }

    fn hear(&mut self, name: &str, line: Option<&str>) -> Result<Value, String> {
        let controller = self.controllers.get_mut(name).ok_or("not connected")?;
        let deadline = Instant::now() + SOON;
        loop {
            match controller.client.hear(AGAIN) {
                Heard::Json(got) => return Ok(got),
                Heard::Nothing if Instant::now() < deadline => {}
                other => return Err(format!("received {other:?}")),
            }
            if let Some(line) = line.filter(|line| line.starts_with("set ")) {
                self.bench.line(line);
            }
        }
    }

    fn judge(&mut self, name: &str, got: &Value, next: Option<&Value>) -> Result<Verdict, String> {
        let controller = self.controllers.get_mut(name).ok_or("not connected")?;
        judge(got, next, &mut controller.memory, &self.clients).map_err(|problem| {
            let next = next.map_or_else(|| "nothing".to_owned(), Value::to_string);
            format!("{problem}\n  received {got}\n  expected {next}")
        })
    }
}

/// A message as it is sent, with the numbers of controllers.
fn text(message: &Value, clients: &BTreeMap<String, u64>) -> String {
    if let Some(text) = message.as_str() {
        return text.to_owned();
    }
    let mut text = message.to_string();
    for (name, number) in clients {
        text = text.replace(&format!("\"${name}\""), &number.to_string());
    }
    text
}
