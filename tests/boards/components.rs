//! The components of a bench board: their descriptors, first states and order
//! are those of `exchanges/components.json`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    client::Client,
    program::{Bench, Make},
};

/// What changes in a board with sensors of its own.
const MEASURED: [&str; 3] = ["binary_sensor:0", "sensor:0", "text_sensor:0"];

/// What every bench board supports, besides the minimum.
const FEATURES: [&str; 3] = ["http_rpc", "log", "clients"];

/// Compares them.
pub(crate) fn all(make: Make) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boards/exchanges/components.json");
    let text = fs::read_to_string(file).expect("the components");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let bench = Bench::start(make);
    let (mut client, status) = Client::subscribed(bench.address);
    let listed = listed(&mut client);
    for descriptor in expected["descriptors"].as_array().expect("a list") {
        let key = &descriptor["key"];
        let got = listed.iter().find(|listed| listed["key"] == *key);
        assert_eq!(got, Some(descriptor), "{key}");
    }
    for (key, state) in expected["states"].as_object().expect("an object") {
        if MEASURED.contains(&key.as_str()) {
            let fields = |state: &Value| {
                state
                    .as_object()
                    .map(|it| it.keys().cloned().collect::<Vec<_>>())
            };
            assert_eq!(fields(&status[key]), fields(state), "{key}");
        } else {
            assert_eq!(status[key], *state, "{key}");
        }
    }
    let info = &client.call("Device.GetInfo", &json!({}))["result"];
    assert_eq!(
        (&info["id"], &info["name"]),
        (&json!(bench.id), &json!(bench.name))
    );
    assert_eq!(info["proto"], 1);
    let features = info["features"].as_array().expect("a list");
    for feature in FEATURES {
        assert!(
            features.contains(&json!(feature)),
            "{feature}: {features:?}"
        );
    }
}

/// All descriptors, page by page.
fn listed(client: &mut Client) -> Vec<Value> {
    let mut listed = Vec::new();
    loop {
        let page = client.call("Device.GetComponents", &json!({ "offset": listed.len() }));
        let page = &page["result"];
        let components = page["components"].as_array().expect("a page");
        assert_eq!(page["offset"], listed.len());
        listed.extend(components.iter().cloned());
        if components.is_empty() || page["total"] == listed.len() {
            assert_eq!(page["total"], listed.len());
            return listed;
        }
    }
}
