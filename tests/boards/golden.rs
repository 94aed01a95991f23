//! Every golden request of `crates/protocol/tests/golden/v1` is sent to a board
//! and must be answered as `exchanges/golden_requests.json` says.

use std::{collections::BTreeSet, fs, path::PathBuf};

use protocol::FromBoard;
use serde_json::{Value, json};

use crate::{
    client::{Client, Heard},
    program::{Bench, Make, SOON},
};

/// Its answer follows everything that a request causes at once.
const BARRIER: &str = r#"{"jsonrpc":"2.0","id":"barrier","method":"Sys.Ping"}"#;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn golden(name: &str) -> String {
    let file = folder().join(format!("crates/protocol/tests/golden/v1/{name}.json"));
    fs::read_to_string(file).expect("a golden file")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Every request, on a board that has just started.
pub(crate) fn all(make: Make) {
    let file = folder().join("tests/boards/exchanges/golden_requests.json");
    let answers = json(&fs::read_to_string(file).expect("the expected answers"));
    let answers = answers.as_object().expect("an object");
    let requests: BTreeSet<String> = fs::read_dir(folder().join("crates/protocol/tests/golden/v1"))
        .expect("the golden files")
        .filter_map(|entry| {
            let name = entry.expect("a file").file_name().into_string().ok()?;
            let name = name.strip_suffix(".json")?;
            name.starts_with("request_").then(|| name.to_owned())
        })
        .collect();
    let known: BTreeSet<String> = answers.keys().cloned().collect();
    assert_eq!(
        requests, known,
        "each golden request has an expected answer"
    );
    let problems: Vec<_> = answers
        .iter()
        .filter_map(|(name, expected)| {
            let problem = send(make, &golden(name), expected).err()?;
            Some(format!("{name}: {problem}"))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn send(make: Make, request: &str, expected: &Value) -> Result<(), String> {
    let mut bench = Bench::start(make);
    let (mut client, before) = Client::subscribed(bench.address);
    let restarts = expected["restarts"] == true;
    client.say(request);
    if !restarts {
        client.say(BARRIER);
    }
    let mut answer = Value::Null;
    let mut rebooting = false;
    loop {
        let message = match client.hear(SOON) {
            Heard::Json(message) if message["id"] == "barrier" => break,
            Heard::Json(message) => message,
            Heard::Closed(Some(1012)) if restarts && rebooting => break,
            other => return Err(format!("{other:?}, after {answer}")),
        };
        FromBoard::parse(&message.to_string()).map_err(|error| format!("{message}: {error}"))?;
        rebooting |= message["params"]["events"][0]["event"] == "rebooting";
        if message.get("method").is_none() {
            if answer != Value::Null {
                return Err(format!("a second answer, {message}"));
            }
            if restarts && message.get("error").is_some() {
                client.say(BARRIER);
            }
            answer = message;
        }
    }
    bench.assert_runs();
    let id = json(request).get("id").cloned().unwrap_or_default();
    if answer["id"] != id {
        return Err(format!("the answer is {answer}"));
    }
    fits(&answer, expected).map_err(|problem| format!("{problem}: {answer}"))?;
    if answer.get("result").is_some() && restarts {
        drop(client);
        let mut client = Client::connect_soon(bench.address)
            .map_err(|refusal| format!("after the restart: {refusal:?}"))?;
        let after = client.call("Device.GetStatus", &json!({}));
        if after["result"]["epoch"] == before["epoch"] {
            return Err("the epoch is the same after the restart".to_owned());
        }
    }
    Ok(())
}

fn fits(answer: &Value, expected: &Value) -> Result<(), String> {
    if let Some(several) = expected["any_of"].as_array() {
        return if several.iter().any(|one| fits(answer, one).is_ok()) {
            Ok(())
        } else {
            Err(format!("none of {}", expected["any_of"]))
        };
    }
    if expected["silent"] == true {
        return match answer {
            Value::Null => Ok(()),
            _ => Err("it must not be answered".to_owned()),
        };
    }
    if let Some(code) = expected["error"].as_i64() {
        let error = &answer["error"];
        let said = error["message"].as_str().unwrap_or_default();
        let fits = error["code"].as_i64() == Some(code)
            && error["data"]["reason"] == expected["reason"]
            && !said.is_empty()
            && said.len() <= 600;
        return if fits {
            Ok(())
        } else {
            Err(format!("instead of {expected}"))
        };
    }
    let model = expected["like"].as_str().ok_or("what is expected?")?;
    has_the_fields_of(&answer["result"], &json(&golden(model))["result"])
}

/// The result has every field of the golden one, with the same type: states of
/// components and what depends on the board excepted.
fn has_the_fields_of(result: &Value, model: &Value) -> Result<(), String> {
    let result = result.as_object().ok_or("there is no result")?;
    for (name, value) in model.as_object().ok_or("the golden file has no result")? {
        if name.contains(':') {
            continue;
        }
        let got = result.get(name).ok_or_else(|| format!("no {name}"))?;
        if std::mem::discriminant(got) != std::mem::discriminant(value) {
            return Err(format!("{name} is {got}, unlike {value}"));
        }
    }
    Ok(())
}
