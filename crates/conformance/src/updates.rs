//! Firmware updates that a board has to refuse before anything is written. Runs
//! only if the user allows changes, because a nonconforming board might begin
//! one. No image is sent.

use serde_json::{Value, json};

use super::{
    exchanges,
    finding::{Point, Report},
    queries::BoardFacts,
    session::{RpcSession, request},
};

const PARAMETERS: Point = Point {
    section: "Firmware update",
    name: "parameters that an update does not accept",
    expected: "-32602 with missing, wrong_type or out_of_range",
};

const SIGNATURES: Point = Point {
    section: "Firmware update",
    name: "firmware without the right signature",
    expected: "-32003 with unsigned, bad_signature or no_signing_key, and no update in progress",
};

/// All points of this module.
pub(super) const POINTS: &[Point] = &[PARAMETERS, SIGNATURES];

/// The hash of no image that anyone has.
const SHA256: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Sends all of them.
pub(super) async fn check(session: &mut RpcSession, facts: &BoardFacts, report: &mut Report<'_>) {
    let features = facts.info["features"].as_array();
    if !features.is_some_and(|all| all.contains(&json!("ota"))) {
        return report.skip_rest(
            POINTS.iter().copied(),
            "the board accepts no firmware over the network",
        );
    }
    let state = session
        .call("Device.GetStatus", json!({}))
        .await
        .unwrap_or_default()["update:0"]
        .clone();
    let begin = |field: &str, value: Value| {
        let mut params = json!({ "size": 1_000, "sha256": SHA256 });
        params[field] = value;
        ("Ota.Begin", params)
    };
    let mut wrong = vec![
        (begin("size", Value::Null), "missing"),
        (begin("size", json!(0)), "out_of_range"),
        (begin("size", json!("1000")), "wrong_type"),
        (begin("sha256", Value::Null), "missing"),
        (begin("sha256", json!("00")), "out_of_range"),
        (begin("signature", json!(1)), "wrong_type"),
    ];
    // Version 1 had no signatures at first.
    if state["signature_required"].is_boolean() {
        let set = |params| ("Ota.SetConfig", params);
        wrong.push((set(json!({})), "missing"));
        wrong.push((set(json!({ "require_signature": 1 })), "wrong_type"));
    }
    refused(
        session,
        report,
        PARAMETERS,
        wrong
            .into_iter()
            .map(|(request, reason)| (request, -32602, vec![reason])),
    )
    .await;
    if state["signature_required"] != true {
        return report.skip(SIGNATURES, "the board does not require signatures");
    }
    let forged = protocol::ota::base64(&[0xa5; 164]);
    let unsigned = [
        begin("version", Value::Null),
        begin("signature", json!(forged)),
    ];
    let reasons = ["unsigned", "bad_signature"];
    let unsigned = unsigned
        .into_iter()
        .zip(reasons)
        .map(|(request, reason)| (request, -32003, vec![reason, "no_signing_key"]));
    refused(session, report, SIGNATURES, unsigned).await;
}

/// Sends requests that have to be refused with this code and one of these
/// reasons. An update that was begun nevertheless is aborted.
async fn refused(
    session: &mut RpcSession,
    report: &mut Report<'_>,
    point: Point,
    requests: impl Iterator<Item = ((&'static str, Value), i64, Vec<&'static str>)>,
) {
    let (mut last, mut outcome) = ((String::new(), String::new()), Ok(()));
    for ((method, params), code, reasons) in requests {
        let request = request(method, &params);
        let received = session.ask(&request).await;
        outcome = match &received {
            Ok(text) => exchanges::envelope(text)
                .and_then(|answer| exchanges::error(&answer, code, &reasons)),
            Err(_) => Err("no answer".to_owned()),
        };
        last = (request, received.unwrap_or_else(|instead| instead));
        if outcome.is_err() {
            break;
        }
    }
    if outcome.is_err() {
        // An error if there is no update.
        let _ = session.call("Ota.Abort", json!({})).await;
    }
    report.record(point, &last.0, &last.1, outcome);
}
