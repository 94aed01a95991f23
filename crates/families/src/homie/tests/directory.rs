//! Which devices there are, by the messages of a broker.

use serde_json::json;

use super::rig::{TOPIC, description};
use crate::{Change, Directory, Found, homie::Devices};

const ID: &str = "homie-bench-1";

fn hear(devices: &mut Devices, topic: &str, payload: &str) -> Vec<Change> {
    devices.message(topic, payload.as_bytes())
}

fn found(changes: &[Change]) -> Option<&Found> {
    changes.iter().find_map(|change| match change {
        Change::Found(found) => Some(&**found),
        _ => None,
    })
}

#[test]
fn a_device_is_there_once_it_has_a_state_and_a_description() {
    for state_first in [true, false] {
        let mut devices = Devices::default();
        let description = description().to_string();
        let mut messages = [("$state", "ready"), ("$description", &description)];
        if !state_first {
            messages.reverse();
        }
        let mut all = Vec::new();
        for (attribute, payload) in messages {
            all.push(hear(&mut devices, &format!("{TOPIC}/{attribute}"), payload));
        }
        assert!(found(&all[0]).is_none());
        let found = found(&all[1]).unwrap();
        assert_eq!(found.announcement.id, ID);
        assert_eq!(found.announcement.friendly_name, "Bench");
        let filters = [format!("{TOPIC}/+/+"), format!("{TOPIC}/+/+/$target")];
        assert_eq!(found.filters, filters);
    }
}

#[test]
fn a_device_that_clears_its_state_is_gone() {
    let mut devices = Devices::default();
    hear(
        &mut devices,
        &format!("{TOPIC}/$description"),
        &description().to_string(),
    );
    hear(&mut devices, &format!("{TOPIC}/$state"), "ready");
    let changes = hear(&mut devices, &format!("{TOPIC}/$state"), "");
    assert_eq!(changes, [Change::Gone(ID.to_owned())]);
    assert!(devices.known(ID).is_empty());
}

#[test]
fn what_happens_to_the_root_happens_to_its_children() {
    let mut devices = Devices::default();
    let mut child = description();
    child["root"] = json!("hub");
    hear(
        &mut devices,
        &format!("{TOPIC}/$description"),
        &child.to_string(),
    );
    hear(&mut devices, &format!("{TOPIC}/$state"), "ready");
    let changes = hear(&mut devices, "homie/5/hub/$state", "lost");
    assert!(changes.contains(&Change::Forward(ID.to_owned())));
    let known = devices.known(ID);
    assert!(known.contains(&("homie/5/hub/$state".to_owned(), b"lost".to_vec())));
    let changes = hear(&mut devices, "homie/5/hub/$state", "ready");
    assert!(changes.contains(&Change::Online(ID.to_owned())));
}

#[test]
fn another_domain_has_devices_of_its_own_and_nothing_else_is_one() {
    let mut devices = Devices::default();
    for topic in ["attic/5/bench-1", TOPIC] {
        hear(&mut devices, &format!("{topic}/$state"), "ready");
        let description = description().to_string();
        let changes = hear(&mut devices, &format!("{topic}/$description"), &description);
        assert!(found(&changes).is_some(), "{topic}");
    }
    for topic in [
        "homie/4/bench-1/$state",
        "homie/5/Bench/$state",
        "homie/5/bench-1/lamp/$state",
        "homie/5/$broadcast/$state",
        "$SYS/5/bench-1/$state",
    ] {
        assert!(hear(&mut devices, topic, "ready").is_empty(), "{topic}");
    }
    // A device whose id looks like one of another domain does not get its id.
    let other = devices
        .known(ID)
        .first()
        .map(|(topic, _)| topic.starts_with("homie/"));
    assert_eq!(other, Some(true));
}
