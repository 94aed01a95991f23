//! What users of other clients complained about, in the order of the facts that
//! were collected: each is a thread in a public issue tracker.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    device::{Device, Firmware},
    rig::Rig,
};
use crate::Problem;

const SECOND: Duration = Duration::from_secs(1);

fn connected(firmware: Firmware) -> Rig {
    let rig = Rig::new(Device::with_password(firmware, "secret"), Some("secret"));
    assert_eq!(rig.ended, None);
    assert!(rig.outcome(3).is_some_and(Result::is_ok), "it was not read");
    rig
}

fn switch(rig: &mut Rig, on: bool) -> i64 {
    rig.request("Switch.Set", json!({ "id": 0, "on": on }))
}

/// home-assistant/core#177257, aioshelly#1263.
#[test]
fn after_429_nothing_is_sent_for_a_while_and_then_one_frame_without_auth() {
    let mut rig = connected(Firmware::Two);
    rig.device.throttled = true;
    let before = rig.device.received.len();
    let request = switch(&mut rig, true);
    assert_eq!(rig.device.received.len(), before + 1);
    assert!(rig.device.received[before]["auth"].is_object());
    let ping = rig.request("Sys.Ping", json!({}));
    rig.pass(2 * SECOND);
    assert_eq!(rig.device.received.len(), before + 1, "it waits");
    rig.device.throttled = false;
    rig.device.nonces.clear();
    rig.pass(SECOND);
    assert_eq!(rig.device.received[before + 1].get("auth"), None);
    assert!(rig.outcome(request).is_some_and(Result::is_ok));
    assert!(rig.outcome(ping).is_some_and(Result::is_ok));
    assert_eq!(rig.ended, None);

    // While it lasts, the waits get longer, and nothing acts too late.
    rig.device.throttled = true;
    let before = rig.device.received.len();
    let request = switch(&mut rig, false);
    rig.pass(30 * SECOND);
    let sent = &rig.device.received[before..];
    assert!(sent.len() <= 3, "{sent:?}");
    let Some(Err(error)) = rig.outcome(request) else {
        unreachable!("a command that was not obeyed is refused");
    };
    assert_eq!(error.data.reason, "not_sent");
    rig.device.throttled = false;
    rig.pass(30 * SECOND);
    let request = switch(&mut rig, false);
    assert!(rig.outcome(request).is_some_and(Result::is_ok));
}

/// aioshelly#1230.
#[test]
fn a_stale_nonce_never_surfaces() {
    for firmware in [Firmware::One, Firmware::Two] {
        let mut rig = connected(firmware);
        for hour in 0..30 {
            rig.device.nonces.clear();
            let before = rig.device.received.len();
            let request = switch(&mut rig, hour % 2 == 0);
            assert!(
                rig.outcome(request).is_some_and(Result::is_ok),
                "hour {hour}"
            );
            assert_eq!(
                rig.device.received.len(),
                before + 2,
                "once more, with a new nonce"
            );
        }
        assert_eq!(rig.ended, None);
    }
}

/// aioshelly#1230, several requests at once: one new nonce is enough.
#[test]
fn requests_in_flight_share_the_new_nonce() {
    let mut rig = connected(Firmware::Two);
    rig.device.nonces.clear();
    rig.device.silent = vec!["Switch.Set"];
    let before = rig.device.received.len();
    for on in [true, false, true] {
        switch(&mut rig, on);
    }
    let frames = rig.device.received[before..].to_vec();
    assert_eq!(frames.len(), 3);
    rig.device.silent.clear();
    for frame in &frames {
        for answer in rig.device.receive(&frame.to_string()) {
            rig.receive(&answer);
        }
    }
    assert_eq!(rig.ended, None);
    let results = (4..7).filter(|id| rig.outcome(*id).is_some_and(Result::is_ok));
    assert_eq!(results.count(), 3);
}

/// node-red-contrib-shelly#296, ioBroker.shelly#1588.
#[test]
fn the_first_use_of_a_nonce_has_nc_1_and_the_nonce_is_used_whole() {
    let mut rig = connected(Firmware::Two);
    switch(&mut rig, true);
    rig.device.nonces.clear();
    switch(&mut rig, false);
    let auths = rig
        .device
        .received
        .iter()
        .filter_map(|frame| frame.get("auth"));
    let uses: Vec<_> = auths
        .map(|auth| {
            (
                auth["nonce"].as_str().unwrap(),
                auth["nc"].as_u64().unwrap(),
            )
        })
        .collect();
    let (first, second) = ("q1w2e31725185413==", "q1w2e31725185414==");
    assert_eq!(
        uses,
        [
            (first, 1),
            (first, 2),
            (first, 3),
            (first, 4),
            (first, 5),
            (second, 1)
        ]
    );
}

/// openhab-addons#21393, aioshelly#307.
#[test]
fn after_a_reconnect_a_push_arrives_without_a_command() {
    for _ in 0..2 {
        let mut rig = Rig::new(Device::plus_1pm(), None);
        assert!(rig.device.knows_client);
        rig.push(json!({ "switch:0": { "id": 0, "output": true, "source": "button" } }));
        assert_eq!(rig.pushed()["switch:0"], json!({ "on": true }));
    }
}

/// home-assistant/core#119933 and #98807: the session compares the id.
#[test]
fn the_id_is_reported_before_any_state() {
    let mut device = Device::plus_1pm();
    device.info["id"] = json!("shellyplus1pm-000000000001");
    device.silent = vec!["Shelly.GetStatus"];
    let mut rig = Rig::new(device, None);
    rig.push(json!({ "switch:0": { "id": 0, "output": true } }));
    assert_eq!(rig.messages.len(), 1, "{:?}", rig.messages);
    assert_eq!(rig.result(1)["id"], "shellyplus1pm-000000000001");
}

/// openhab-addons#17892: [`super::rig::Rig`] fails on anything but frames.
#[test]
fn everything_goes_over_the_one_connection() {
    let mut rig = connected(Firmware::Two);
    switch(&mut rig, true);
    rig.request("Sys.Ping", json!({}));
    rig.pass(600 * SECOND);
    assert_eq!(rig.ended, None);
}

#[test]
fn a_wrong_password_ends_the_connection_and_is_tried_once() {
    for firmware in [Firmware::One, Firmware::Two] {
        let device = Device::with_password(firmware, "secret");
        let mut rig = Rig::new(device, Some("guess"));
        assert_eq!(rig.ended, Some(Problem::WrongCredential));
        assert!(rig.outcome(1).is_some_and(Result::is_ok), "the id is known");
        assert!(rig.outcome(3).is_none());
        let auths = rig
            .device
            .received
            .iter()
            .filter(|frame| frame.get("auth").is_some());
        assert_eq!(auths.count(), 1);
        let sent = rig.device.received.len();
        rig.pass(600 * SECOND);
        assert_eq!(
            rig.device.received.len(),
            sent,
            "failed attempts are counted"
        );
    }
}

/// The session closes the connection; until then, more attempts would be
/// counted.
#[test]
fn nothing_is_sent_after_the_password_was_rejected() {
    let mut rig = connected(Firmware::Two);
    rig.device.password = Some("changed".to_owned());
    rig.device.silent = vec!["Switch.Set"];
    let before = rig.device.received.len();
    for on in [true, false, true, false, true, false] {
        switch(&mut rig, on);
    }
    let frames = rig.device.received[before..].to_vec();
    assert_eq!(frames.len(), 4, "two wait");
    rig.device.silent.clear();
    for frame in &frames {
        for answer in rig.device.receive(&frame.to_string()) {
            rig.receive(&answer);
        }
    }
    assert_eq!(rig.ended, Some(Problem::WrongCredential));
    let sent = rig.device.received.len();
    rig.request("Sys.Ping", json!({}));
    rig.pass(600 * SECOND);
    assert_eq!(rig.device.received.len(), sent);
}

#[test]
fn a_board_without_a_free_nonce_is_full() {
    let mut device = Device::with_password(Firmware::Two, "secret");
    device.throttled = true;
    let mut rig = Rig::new(device, Some("secret"));
    assert_eq!(rig.methods(0), ["Shelly.GetDeviceInfo", "Shelly.GetConfig"]);
    rig.pass(9 * SECOND);
    assert_eq!(rig.ended, Some(Problem::Full));
    assert!(rig.device.received.len() <= 4, "{:?}", rig.methods(0));

    // It has one again in time.
    let mut device = Device::with_password(Firmware::Two, "secret");
    device.throttled = true;
    let mut rig = Rig::new(device, Some("secret"));
    rig.pass(SECOND);
    rig.device.throttled = false;
    rig.pass(2 * SECOND);
    assert!(rig.outcome(3).is_some_and(Result::is_ok));
}

#[test]
fn a_missing_password_is_asked_for() {
    let device = Device::with_password(Firmware::Two, "secret");
    let rig = Rig::new(device, None);
    assert_eq!(rig.ended, Some(Problem::CredentialNeeded));
    assert!(rig.outcome(1).is_some_and(Result::is_ok));
}

#[test]
fn a_board_without_a_password_is_used_although_one_is_held() {
    let rig = Rig::new(Device::plus_1pm(), Some("secret"));
    assert!(rig.outcome(3).is_some_and(Result::is_ok));
    let has_auth = |frame: &Value| frame.get("auth").is_some();
    assert!(!rig.device.received.iter().any(has_auth));
}

#[test]
fn a_challenge_that_cannot_be_read_is_no_wrong_password() {
    let mut device = Device::plus_1pm();
    device
        .refusals
        .insert("Shelly.GetConfig", (401, "Unauthorized"));
    let rig = Rig::new(device, Some("secret"));
    assert!(matches!(rig.ended, Some(Problem::NotABoard(_))));
}
