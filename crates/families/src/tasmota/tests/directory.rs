//! Which boards there are, by the messages of a broker.

use serde_json::json;

use super::rig::{config, config_with};
use crate::{Change, Directory, Found, tasmota::Boards};

const CONFIG: &str = "tasmota/discovery/AABBCC00EE01/config";
const SENSORS: &str = "tasmota/discovery/AABBCC00EE01/sensors";
const WILL: &str = "tele/kitchen_plug/LWT";
const ID: &str = "tasmota-aabbcc00ee01";

fn found(changes: &[Change]) -> Option<&Found> {
    changes.iter().find_map(|change| match change {
        Change::Found(found) => Some(&**found),
        _ => None,
    })
}

fn hear(boards: &mut Boards, topic: &str, payload: &str) -> Vec<Change> {
    boards.message(topic, payload.as_bytes())
}

#[test]
fn a_description_is_a_board_with_its_topics() {
    let mut boards = Boards::default();
    let changes = hear(&mut boards, CONFIG, &config().to_string());
    let found = found(&changes).unwrap();
    assert_eq!(found.announcement.id, ID);
    assert_eq!(found.announcement.friendly_name, "Kitchen plug");
    assert_eq!(found.announcement.mac, "aa:bb:cc:00:ee:01");
    assert_eq!(
        found.filters,
        ["stat/kitchen_plug/+", "tele/kitchen_plug/+"]
    );
    assert!(changes.contains(&Change::Watch(WILL.to_owned())));
}

#[test]
fn a_new_connection_is_given_what_is_known_the_description_last() {
    let mut boards = Boards::default();
    hear(&mut boards, SENSORS, r#"{"sn":{},"ver":1}"#);
    assert!(boards.known(ID).is_empty(), "sensors alone are no board");
    hear(&mut boards, CONFIG, &config().to_string());
    hear(&mut boards, WILL, "Online");
    let known = boards.known(ID);
    let topics: Vec<_> = known.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(topics, [SENSORS, WILL, CONFIG]);
}

/// Tasmota#12140, HA core#44053: a broker that restarts with an empty store
/// has no descriptions; the boards say only that they are there.
#[test]
fn boards_come_back_after_a_broker_forgot_everything() {
    let mut boards = Boards::default();
    hear(&mut boards, CONFIG, &config().to_string());
    hear(&mut boards, WILL, "Offline");
    boards.disconnected();
    let topics: Vec<_> = boards
        .known(ID)
        .into_iter()
        .map(|(topic, _)| topic)
        .collect();
    assert_eq!(
        topics,
        [CONFIG],
        "who was offline then says nothing about now"
    );
    let changes = hear(&mut boards, WILL, "Online");
    assert!(changes.contains(&Change::Online(ID.to_owned())));
}

/// HA core#106698.
#[test]
fn a_board_that_moves_to_other_topics_is_watched_there() {
    let mut boards = Boards::default();
    hear(&mut boards, CONFIG, &config().to_string());
    hear(&mut boards, WILL, "Online");
    let moved = config_with(&json!({ "t": "pantry" }));
    let changes = hear(&mut boards, CONFIG, &moved.to_string());
    assert!(changes.contains(&Change::Unwatch(WILL.to_owned())));
    assert!(changes.contains(&Change::Watch("tele/pantry/LWT".to_owned())));
    let filters = &found(&changes).unwrap().filters;
    assert_eq!(filters, &["stat/pantry/+", "tele/pantry/+"]);
    assert!(changes.contains(&Change::Forward(ID.to_owned())));
    assert_eq!(
        boards.known(ID).len(),
        1,
        "the old topic's word is forgotten"
    );
}

#[test]
fn two_boards_with_one_topic_are_both_told() {
    let mut boards = Boards::default();
    hear(&mut boards, CONFIG, &config().to_string());
    let other = config_with(&json!({ "mac": "AABBCC00EE02" }));
    let topic = CONFIG.replace("EE01", "EE02");
    let changes = hear(&mut boards, &topic, &other.to_string());
    assert!(
        !changes
            .iter()
            .any(|change| matches!(change, Change::Watch(_)))
    );
    assert_eq!(hear(&mut boards, WILL, "Online").len(), 4);
    let changes = hear(&mut boards, CONFIG, "");
    assert_eq!(changes, [Change::Gone(ID.to_owned())]);
    let changes = hear(&mut boards, &topic, "");
    assert!(changes.contains(&Change::Unwatch(WILL.to_owned())));
}

#[test]
fn a_description_under_a_wrong_address_or_with_a_wildcard_is_ignored() {
    let mut boards = Boards::default();
    for (fields, topic) in [
        (json!({ "mac": "AABBCC00EE02" }), CONFIG),
        (json!({ "mac": "hello" }), CONFIG),
        (json!({ "ft": "%prefix%/#/" }), CONFIG),
        (json!({ "t": "+" }), CONFIG),
        (json!({ "ft": "$SYS/%prefix%" }), CONFIG),
        (json!({ "tp": ["cmnd"] }), CONFIG),
        (json!({ "ver": 2 }), CONFIG),
        (json!({}), "tasmota/discovery/unknown/config"),
    ] {
        let message = config_with(&fields).to_string();
        assert!(hear(&mut boards, topic, &message).is_empty(), "{fields}");
    }
    assert!(boards.known(ID).is_empty());
}
