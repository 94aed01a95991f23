//! Commands that arrive at a bridge. The first line is the topic, the rest the
//! payload.
#![no_main]

use std::time::Instant;

use bridge::{Context, claim::Claim, commands, target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (topic, payload) = input.split_at(end.unwrap_or(input.len()));
    let payload = payload.get(1..).unwrap_or_default();
    let names = Context {
        prefix: "s".to_owned(),
        site: "l".to_owned(),
        bridge: "b".to_owned(),
        discovery_prefix: "h".to_owned(),
        version: "0".to_owned(),
    };
    if let Some(target) = target(&names, &String::from_utf8_lossy(topic)) {
        assert!(protocol::board_id(target.board()).is_ok());
    }
    let reply_to = match commands::parse(&names, payload) {
        Ok(request) => {
            assert!(!request.method.starts_with("Keys."));
            request.reply_to
        }
        Err(rejected) => {
            assert!(!rejected.error.message.is_empty());
            rejected.reply_to
        }
    };
    // A reply must not be a command or a state.
    assert!(reply_to.is_none_or(|topic| {
        topic.starts_with("s/l/$replies/") && mqtt::topic::can_publish(&topic)
    }));
    if let Ok(fields) = commands::fields(payload) {
        assert!(!fields.contains_key("id"));
    }
    let mut claim = Claim::new("b", 1);
    let now = Instant::now();
    claim.subscribed(now);
    claim.message(payload, now);
    assert!(!claim.is_active());
});
