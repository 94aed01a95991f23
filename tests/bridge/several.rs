//! Several bridges at one site.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use engine::Shard;
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
    // Each command is carried out once: it has exactly one reply.
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
    // A board has four slots: too few for six bridges that stay connected to
    // each.
    let boards = boards(24, 32);
    let url = broker.url();
    let bridges: Vec<_> = (1..=6)
        .map(|number| {
            let (shard, name) = (format!("{number}/6"), format!("{number}of6"));
            Bridge::start(&url, &boards, &["--shard", &shard, "--name", &name])
        })
        .collect();
    for bridge in &bridges {
        bridge.says("Active");
    }
    let seen = broker.subscribe("switchboard/lab/+/$availability");
    let mut by = BTreeMap::new();
    while by.len() < 24 {
        let message = seen.find("24 boards", |message| {
            message.json()["state"] == json!("online")
        });
        let bridge = message.json()["bridge"]
            .as_str()
            .expect("a name")
            .to_owned();
        let board = message.topic.rsplit('/').nth(1).expect("a board");
        let shard: Shard = format!("{}/6", &bridge[..1]).parse().expect("a shard");
        assert!(shard.contains(board), "{board} by {bridge}");
        by.insert(message.topic.clone(), bridge);
    }
    let shards: BTreeSet<_> = by.values().collect();
    assert!(shards.len() > 4, "{by:?}");
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
