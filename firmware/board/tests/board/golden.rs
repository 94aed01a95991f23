//! Sends every golden request of the protocol to a board.

use std::{fs, path::Path, time::Duration};

use protocol::{Code, FromBoard, Request};
use serde_json::json;

use crate::fixtures::{everything, key, state, with_flash};

#[test]
fn every_golden_request_gets_a_response_with_its_id() {
    let mut plan = everything();
    for component in &mut plan.components {
        if component.descriptor.key == key("number:0") {
            component.state = state(json!({ "value": 20, "min": 5, "max": 30, "step": 0.5 }));
        }
        if component.descriptor.key == key("light:0") {
            let caps = &mut component.descriptor.caps;
            (caps.white, caps.palettes) = (true, vec!["forest".into()]);
            let more = state(json!({ "white": 0, "palette": "forest" }));
            component.state.merge(&more);
        }
        if component.descriptor.key == key("select:0") {
            component.state = state(json!({ "value": "eco", "options": ["eco", "boost"] }));
        }
    }
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/protocol/tests/golden/v1");
    let mut requests = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("request_") {
            continue;
        }
        requests += 1;
        let text = fs::read_to_string(&path).unwrap();
        let request = Request::parse(&text).unwrap();
        // A new board for each: one of the requests restarts it.
        let mut board = with_flash(plan.clone());
        let client = board.connect(Duration::ZERO).unwrap();
        board.receive(Duration::ZERO, client, &text);
        let answer = std::iter::from_fn(|| board.next_outgoing(Duration::ZERO, client)).find_map(
            |outgoing| match outgoing {
                switchboard_board::Outgoing::Text(text) => match FromBoard::parse(&text).unwrap() {
                    FromBoard::Response(response) => Some(response),
                    _ => None,
                },
                _ => None,
            },
        );
        assert_eq!(
            answer.as_ref().and_then(|answer| answer.id.clone()),
            request.id,
            "{name}"
        );
        let error = answer
            .and_then(|answer| answer.outcome.err())
            .map(|error| error.code);
        let expected = match name.as_str() {
            // This board downloads no images.
            "request_unknown_method_and_fields.json" | "request_update_install.json" => {
                Some(Code::MethodNotFound)
            }
            // No update has been begun.
            "request_ota_write.json" | "request_ota_commit.json" | "request_ota_abort.json" => {
                Some(Code::FailedPrecondition)
            }
            // It was built without a signing key.
            "request_ota_set_config.json" => Some(Code::FailedPrecondition),
            // No connection has this number.
            "request_clients_close.json" => Some(Code::NotFound),
            // The board is open.
            "request_keys_list.json" | "request_keys_add.json" | "request_keys_remove.json" => {
                Some(Code::FailedPrecondition)
            }
            _ => None,
        };
        assert_eq!(error, expected, "{name}");
    }
    assert!(
        requests >= 28,
        "only {requests} golden requests in {}",
        folder.display()
    );
}
