//! The log of a board.

use protocol::{FromBoard, Level};
use serde_json::json;

use super::{
    board::{Bench, bytes, set_fields},
    vectors,
};

#[test]
fn the_log_is_subscribed_and_its_lines_are_passed_on() {
    let mut bench = Bench::ready();
    let id = bench.request("Log.Subscribe", &json!({"level": "warn"}));
    let heard = bench.take_heard();
    let [(28, payload)] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(
        set_fields(payload),
        set_fields(&bytes(vectors::LOG_REQUEST.1))
    );
    assert_eq!(bench.answer(id), Some(Ok(json!({"level": "warn"}))));
    bench.forget();
    bench.say_vector(vectors::LOG);
    let [FromBoard::Log(log)] = bench.said.as_slice() else {
        panic!("{:?}", bench.said);
    };
    assert_eq!(log.lines.len(), 1);
    assert_eq!(log.lines[0].level, Level::Warn);
    assert_eq!(log.lines[0].message, "[W][wifi:012]: no address");
}

#[test]
fn the_log_can_be_turned_off() {
    let mut bench = Bench::ready();
    let id = bench.request("Log.Subscribe", &json!({"level": "off"}));
    let heard = bench.take_heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(set_fields(&heard[0].1), Vec::<String>::new(), "level 0");
    assert_eq!(bench.answer(id), Some(Ok(json!({"level": "off"}))));
    let id = bench.request("Log.Subscribe", &json!({"level": "loud"}));
    assert!(bench.answer(id).expect("an answer").is_err());
}
