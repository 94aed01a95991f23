//! Several bridges at one site.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    lab::{Bridge, PATIENCE, boards, measured},
    mosquitto::{Broker, OPEN},
};

#[test]
fn of_two_bridges_with_one_shard_the_second_takes_over_within_seconds() {
    let Some(broker) = Broker::start("takeover", OPEN) else {
        return;
    };
    let boards = boards(2, 31);
    let id = boards.list()[0].id.clone();
    let first = Bridge::start(&broker.url(), &boards, &["--name", "first"]);
    first.says("Active");
    let second = Bridge::start(&broker.url(), &boards, &["--name", "second"]);
    second.says("Standing by: the bridge \"first\" is active on shard 1/1");
    let seen = broker.subscribe("switchboard/lab/#");
    let availability = format!("switchboard/lab/{id}/$availability");
    seen.with(&availability, "bridge", &json!("first"));
    // A counter that every command raises once: the number of replies.
    let reply_to = "switchboard/lab/$replies/test/1";
    let request = json!({ "id": 1, "method": "Switch.Toggle", "params": { "id": 0 },
        "reply_to": reply_to })
    .to_string();
    let command = format!("switchboard/lab/{id}/$command");
    broker.publish(&command, &request, &[]);
    assert!(seen.on(reply_to).json()["result"].is_object());
    let killed = Instant::now();
    first.kill();
    let (active, _) = second.says_within(PATIENCE, "Active");
    let took = active.saturating_duration_since(killed);
    measured(
        "active bridge of two killed",
        &[("the other is active after", took)],
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
    seen.with(&availability, "bridge", &json!("second"));
    broker.publish(&command, &request, &[]);
    assert!(seen.on(reply_to).json()["result"].is_object());
    // One that comes back does not take over again.
    let first = Bridge::start(&broker.url(), &boards, &["--name", "first"]);
    first.says("Standing by: the bridge \"second\"");
    broker.publish(&command, &request, &[]);
    assert!(seen.on(reply_to).json()["result"].is_object());
    let second_reply =
        seen.next_within(Duration::from_secs(1), |message| message.topic == reply_to);
    assert!(second_reply.is_none(), "{second_reply:?}");
    // One that leaves in an orderly way hands over too.
    let ended = Instant::now();
    assert!(second.terminate());
    let (active, _) = first.says_within(PATIENCE, "Active");
    let took = active.saturating_duration_since(ended);
    measured(
        "active bridge of two ended",
        &[("the other is active after", took)],
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn each_board_is_published_by_the_bridge_of_its_shard() {
    let Some(broker) = Broker::start("shards", OPEN) else {
        return;
    };
    let boards = boards(12, 32);
    let url = broker.url();
    let bridges = ["1/2", "2/2"].map(|shard| {
        let name = shard.replace('/', "of");
        Bridge::start(&url, &boards, &["--shard", shard, "--name", &name])
    });
    for bridge in &bridges {
        bridge.says("Active");
    }
    let seen = broker.subscribe("switchboard/lab/+/$availability");
    let mut by = BTreeMap::new();
    while by.len() < 12 {
        let message = seen.find("twelve boards", |message| {
            message.json()["state"] == json!("online")
        });
        let bridge = message.json()["bridge"].as_str().map(str::to_owned);
        let before = by.insert(message.topic, bridge.clone());
        assert!(before.is_none_or(|before| before == bridge));
    }
    let of = |name: &str| by.values().filter(|by| by.as_deref() == Some(name)).count();
    assert!(
        of("1of2") > 0 && of("2of2") > 0 && of("1of2") + of("2of2") == 12,
        "{by:?}"
    );
}

#[test]
fn bridges_that_count_different_shards_are_told() {
    let Some(broker) = Broker::start("counts", OPEN) else {
        return;
    };
    let boards = boards(1, 33);
    let url = broker.url();
    let first = Bridge::start(&url, &boards, &["--shard", "1/2", "--name", "a"]);
    first.says("Active");
    let second = Bridge::start(&url, &boards, &["--shard", "1/3", "--name", "b"]);
    let said = second.says("The bridge \"a\" has shard 1/2, this one 1/3");
    assert!(said.contains("must use the same number of shards"));
}
