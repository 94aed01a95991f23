//! A Shelly as its clients see it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use client::{Client, PATIENCE, http};
use doubles::{
    Shelly, ShellyOptions,
    shelly::{Firmware, Model, NonceRules, Transport},
};
use serde_json::{Value, json};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};

fn start(options: ShellyOptions) -> Shelly {
    Shelly::start(options).unwrap()
}

fn call(client: &mut Client, id: u64, method: &str, params: &Value) -> Value {
    client.send(&json!({ "id": id, "method": method, "src": "me", "params": params }));
    client.until(|frame| frame["id"] == id)
}

#[test]
fn a_command_is_pushed_to_all_clients() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    let mut other = Client::open(shelly.address(), "/rpc");
    let info = call(&mut client, 1, "Shelly.GetDeviceInfo", &json!({}));
    assert_eq!(info["result"]["id"], shelly.id());
    assert_eq!(info["result"]["auth_en"], false);
    assert!(info.get("jsonrpc").is_none());
    call(&mut other, 1, "Sys.GetStatus", &json!({}));
    let answer = call(
        &mut client,
        2,
        "Switch.Set",
        &json!({ "id": 0, "on": true }),
    );
    assert_eq!(answer["result"], json!({ "was_on": false }));
    for client in [&mut client, &mut other] {
        let push = client.until(|frame| frame["method"] == "NotifyStatus");
        assert_eq!(push["params"]["switch:0"]["output"], true);
        assert_eq!(push["dst"], "me");
    }
    let (status, _, body) = http(
        shelly.address(),
        "GET",
        "/rpc/Switch.Set?id=0&on=false",
        "",
        "",
    );
    assert_eq!((status, body), (200, json!({ "was_on": true })));
    client.until(|frame| frame["params"]["switch:0"]["output"] == false);
    assert_eq!(shelly.status("switch:0")["source"], "HTTP_in");
    let counts = shelly.counts();
    assert_eq!((counts.websockets, counts.http_requests), (2, 1));
}

#[test]
fn what_happens_at_the_device_is_pushed() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    call(&mut client, 1, "Shelly.GetStatus", &json!({}));
    shelly.set_output(1, true);
    let push = client.until(|frame| frame["params"]["switch:1"]["output"] == true);
    assert_eq!(push["params"]["switch:1"]["source"], "button");
    shelly.press("input:1", "double_push");
    let event = client.until(|frame| frame["params"]["events"][0]["event"] == "double_push");
    assert_eq!(event["params"]["events"][0]["component"], "input:1");
    shelly.press("input:0", "single_push");
    client.until(|frame| frame["params"]["input:0"]["state"] == true);
}

#[test]
fn a_client_that_has_sent_no_source_is_not_told() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    client.send(&json!({ "id": 1, "method": "Switch.Set", "params": { "id": 0, "on": true } }));
    assert_eq!(client.next().unwrap()["id"], 1);
    client.send(&json!({ "id": 2, "method": "Sys.GetStatus", "src": "me" }));
    assert_eq!(client.next().unwrap()["id"], 2, "no push came in between");
}

#[test]
fn the_seventh_client_is_refused_until_a_slot_is_free() {
    let shelly = start(ShellyOptions::default());
    let mut clients: Vec<Client> = (0..6)
        .map(|_| Client::open(shelly.address(), "/rpc"))
        .collect();
    for client in &mut clients {
        call(client, 1, "Sys.GetStatus", &json!({}));
    }
    assert!(Client::connect(shelly.address(), "/rpc").is_none());
    drop(clients.pop());
    let end = Instant::now() + PATIENCE;
    while Client::connect(shelly.address(), "/rpc").is_none() {
        assert!(Instant::now() < end);
    }
}

#[test]
fn without_the_password_only_the_device_info_is_answered() {
    for (firmware, is_number) in [(Firmware::V1, true), (Firmware::V2, false)] {
        let shelly = start(ShellyOptions {
            firmware,
            password: Some("secret".into()),
            ..ShellyOptions::default()
        });
        let mut client = Client::open(shelly.address(), "/rpc");
        let info = call(&mut client, 1, "Shelly.GetDeviceInfo", &json!({}));
        assert_eq!(info["result"]["auth_domain"], shelly.id());
        let refused = call(&mut client, 2, "Shelly.GetStatus", &json!({}));
        assert_eq!(refused["error"]["code"], 401);
        let challenge = refused["error"]["message"].as_str().unwrap();
        let challenge: Value = serde_json::from_str(challenge).unwrap();
        assert_eq!(challenge["realm"], shelly.id());
        assert_eq!(challenge["nonce"].is_u64(), is_number);
        let (status, head, _) = http(shelly.address(), "GET", "/rpc/Shelly.GetStatus", "", "");
        assert_eq!(status, 401);
        assert!(head.contains("WWW-Authenticate: Digest"), "{head}");
        let (status, ..) = http(shelly.address(), "GET", "/shelly", "", "");
        assert_eq!(status, 200);
    }
}

#[test]
fn a_full_list_of_nonces_answers_429_until_a_request_makes_room() {
    let shelly = start(ShellyOptions {
        firmware: Firmware::V2,
        password: Some("secret".into()),
        nonces: NonceRules {
            full: Duration::from_millis(200),
            ..NonceRules::default()
        },
        ..ShellyOptions::default()
    });
    shelly.exhaust_nonces();
    let mut client = Client::open(shelly.address(), "/rpc");
    let refused = call(&mut client, 1, "Shelly.GetStatus", &json!({}));
    assert_eq!(refused["error"]["code"], 429);
    let end = Instant::now() + PATIENCE;
    let mut id = 1;
    let code = loop {
        id += 1;
        let code = call(&mut client, id, "Shelly.GetStatus", &json!({}))["error"]["code"].clone();
        if code != 429 || Instant::now() > end {
            break code;
        }
    };
    assert_eq!(code, 401);
    let log = shelly.log();
    assert!(log.iter().all(|seen| !seen.authenticated));
    assert_eq!(log.first().map(|seen| seen.code), Some(429));
}

#[test]
fn components_come_and_go_with_an_event() {
    let shelly = start(ShellyOptions {
        model: Model::Everything,
        ..ShellyOptions::default()
    });
    let mut client = Client::open(shelly.address(), "/rpc");
    call(&mut client, 1, "Sys.GetStatus", &json!({}));
    shelly.add_component(
        "number:201",
        &json!({ "id": 201 }),
        &json!({ "id": 201, "value": 1 }),
    );
    let event = client.until(|frame| frame["params"]["events"][0]["event"] == "component_added");
    assert_eq!(event["params"]["events"][0]["target"], "number:201");
    shelly.remove_component("number:201");
    client.until(|frame| frame["params"]["events"][0]["event"] == "component_removed");
    let answer = call(
        &mut client,
        2,
        "Number.Set",
        &json!({ "id": 201, "value": 2 }),
    );
    assert_eq!(answer["error"]["code"], -105);
}

#[test]
fn an_update_is_reported_and_the_device_restarts_with_it() {
    let shelly = start(ShellyOptions {
        update: Some("1.6.0".into()),
        ..ShellyOptions::default()
    });
    let mut client = Client::open(shelly.address(), "/rpc");
    let found = call(&mut client, 1, "Shelly.CheckForUpdate", &json!({}));
    assert_eq!(found["result"]["stable"]["version"], "1.6.0");
    call(
        &mut client,
        2,
        "Shelly.Update",
        &json!({ "stage": "stable" }),
    );
    client.until(|frame| frame["params"]["events"][0]["event"] == "ota_success");
    assert!(client.ends());
    let mut client = Client::open(shelly.address(), "/rpc");
    let info = call(&mut client, 1, "Shelly.GetDeviceInfo", &json!({}));
    assert_eq!(info["result"]["ver"], "1.6.0");
}

#[test]
fn the_power_can_be_cut_and_the_link_dropped() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    call(&mut client, 1, "Sys.GetStatus", &json!({}));
    shelly.drop_link();
    assert!(client.next().is_none());
    let mut client = Client::open(shelly.address(), "/rpc");
    shelly.power_off();
    assert!(client.next().is_none());
    assert!(Client::connect(shelly.address(), "/rpc").is_none());
    shelly.power_on().unwrap();
    let mut client = Client::open(shelly.address(), "/rpc");
    call(&mut client, 1, "Sys.GetStatus", &json!({}));
    assert_eq!(shelly.counts().open_websockets, 1);
}

#[test]
fn what_was_requested_ends_with_the_power() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    call(&mut client, 1, "Shelly.Reboot", &json!({ "delay_ms": 300 }));
    shelly.power_off();
    shelly.power_on().unwrap();
    let mut client = Client::open(shelly.address(), "/rpc");
    client.wait_at_most(Duration::from_millis(800));
    assert!(!client.ends());
}

#[test]
fn a_battery_powered_one_connects_and_says_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shelly = start(ShellyOptions {
        model: Model::HtG3,
        password: Some("secret".into()),
        server: Some(format!("ws://{address}/outbound")),
        sleep: Duration::from_secs(600),
        ..ShellyOptions::default()
    });
    let accept = || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let socket = tungstenite::accept_hdr(stream, offers_json_rpc).unwrap();
        Client(socket)
    };
    let mut client = accept();
    let first = client.next().unwrap();
    assert_eq!(first["method"], "NotifyFullStatus");
    assert_eq!(first["src"], shelly.id());
    assert_eq!(first["params"]["temperature:0"]["tC"], 21.4);
    // This channel needs no password.
    let answer = call(&mut client, 1, "Shelly.GetConfig", &json!({}));
    assert!(answer["result"]["sys"].is_object());
    assert_eq!(shelly.log()[0].transport, Transport::Outbound);
    drop(client);
    shelly.wake();
    assert_eq!(accept().next().unwrap()["method"], "NotifyFullStatus");
}

/// Accepts only the subprotocol that the device offers.
#[expect(clippy::result_large_err, reason = "tungstenite wants this error")]
fn offers_json_rpc(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let name = "Sec-WebSocket-Protocol";
    let offered = request.headers().get(name).unwrap();
    assert_eq!(offered, "json-rpc");
    response.headers_mut().insert(name, offered.clone());
    Ok(response)
}

#[test]
fn it_can_be_renamed_and_can_answer_nonsense() {
    let shelly = start(ShellyOptions::default());
    let mut client = Client::open(shelly.address(), "/rpc");
    let name = json!({ "config": { "device": { "name": "Porch" } } });
    let answer = call(&mut client, 1, "Sys.SetConfig", &name);
    assert_eq!(answer["result"]["restart_required"], false);
    let info = call(&mut client, 2, "Shelly.GetDeviceInfo", &json!({}));
    assert_eq!(info["result"]["name"], "Porch");
    shelly.answer_with("Shelly.GetStatus", Some(&json!([1, 2])));
    let answer = call(&mut client, 3, "Shelly.GetStatus", &json!({}));
    assert_eq!(answer["result"], json!([1, 2]));
    shelly.answer_with("Shelly.GetStatus", None);
    let answer = call(&mut client, 4, "Shelly.GetStatus", &json!({}));
    assert!(answer["result"]["sys"].is_object());
}
