use super::*;
use crate::trigger::Trigger;

#[test]
fn a_command_is_confirmed_when_its_effect_is_seen() {
    let mut bench = Bench::connected();
    bench.command(1, set(60));
    assert_eq!(bench.wanted().unwrap().brightness(), Some(60));
    bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
    assert_eq!(bench.outcome(1), None);
    bench.push(EPOCH, 10, 11, json!({ "brightness": 60 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    assert_eq!(bench.wanted(), None);
}

#[test]
fn an_effect_seen_before_the_response_also_confirms() {
    let mut bench = Bench::connected();
    bench.command(1, set(60));
    bench.push(EPOCH, 10, 11, json!({ "brightness": 60 }));
    bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
}

#[test]
fn a_dragged_slider_has_one_command_in_flight_and_the_newest_queued() {
    let mut bench = Bench::connected();
    for (ticket, brightness) in [(1, 10), (2, 20), (3, 30)] {
        bench.command(ticket, set(brightness));
    }
    assert_eq!(bench.asked(method::LIGHT_SET), 1);
    assert_eq!(bench.outcome(2), Some(Outcome::Superseded));
    assert_eq!(bench.wanted().unwrap().brightness(), Some(30));
    bench.answer(method::LIGHT_SET, json!({ "seq": 10 }));
    assert_eq!(bench.take(method::LIGHT_SET).params["brightness"], 30);
    assert_eq!(bench.wanted().unwrap().brightness(), Some(30));
}

#[test]
fn a_queued_set_keeps_the_fields_that_the_newer_one_lacks() {
    let mut bench = Bench::connected();
    bench.command(1, set(10));
    bench.command(2, set(20));
    let mut color = set(0);
    color.params = Object::from_iter([("id".into(), json!(0)), ("on".into(), json!(true))]);
    color.wanted = Some(State::new().with("on", true));
    bench.command(3, color);
    bench.answer(method::LIGHT_SET, json!({ "seq": 10 }));
    let sent = bench.take(method::LIGHT_SET).params;
    assert_eq!(
        (&sent["brightness"], &sent["on"]),
        (&json!(20), &json!(true))
    );
}

#[test]
fn of_a_queued_color_and_color_temperature_only_the_newer_is_sent() {
    let hue = |field: &str, value: serde_json::Value| {
        let mut hue = set(0);
        hue.params = Object::from_iter([("id".into(), json!(0)), (field.into(), value.clone())]);
        hue.wanted = Some(State::new().with(field, value));
        hue
    };
    let (color, white) = (json!([255, 0, 0]), json!(2700));
    for (older, newer) in [
        (("rgb", &color), ("ct_k", &white)),
        (("ct_k", &white), ("rgb", &color)),
    ] {
        let mut bench = Bench::connected();
        bench.command(1, set(10));
        bench.command(2, hue(older.0, older.1.clone()));
        bench.command(3, hue(newer.0, newer.1.clone()));
        let wanted = bench.wanted().unwrap();
        assert_eq!(
            (wanted.get(older.0), wanted.get(newer.0)),
            (None, Some(newer.1))
        );
        bench.answer(method::LIGHT_SET, json!({ "seq": 10 }));
        let sent = bench.take(method::LIGHT_SET).params;
        assert_eq!(
            (sent.get(older.0), sent.get(newer.0)),
            (None, Some(newer.1))
        );
    }
}

#[test]
fn a_refused_command_reverts_the_requested_value() {
    let mut bench = Bench::connected();
    bench.command(1, set(60));
    let error = RpcError::new(
        Code::FailedPrecondition,
        "overheated",
        "the light is too hot",
    );
    bench.refuse(method::LIGHT_SET, &error);
    assert_eq!(bench.outcome(1), Some(Outcome::Refused(error)));
    assert_eq!(bench.wanted(), None);
}

#[test]
fn a_command_without_a_response_is_unconfirmed_after_five_seconds() {
    let mut bench = Bench::connected();
    bench.command(1, set(60));
    bench.pass(limits::COMMAND_TIMEOUT);
    assert_eq!(bench.outcome(1), Some(Outcome::Unconfirmed));
    assert_eq!(bench.wanted(), None);
    bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
    assert_eq!(bench.disconnects, 0, "a late answer changes nothing");
}

#[test]
fn the_timeout_of_a_queued_command_counts_from_the_click() {
    let mut bench = Bench::connected();
    bench.command(1, toggle());
    bench.pass(SECOND);
    bench.command(2, toggle());
    bench.command(3, toggle());
    bench.pass(limits::COMMAND_TIMEOUT - SECOND);
    assert_eq!(
        (bench.outcome(1), bench.outcome(2)),
        (Some(Outcome::Unconfirmed), None)
    );
    bench.pass(SECOND);
    assert_eq!(
        (bench.outcome(2), bench.outcome(3)),
        (Some(Outcome::Unconfirmed), Some(Outcome::Unconfirmed))
    );
    assert_eq!(
        bench.asked(method::SWITCH_TOGGLE),
        2,
        "what was given up while it waited is not sent"
    );
    bench.command(4, toggle());
    assert_eq!(
        bench.asked(method::SWITCH_TOGGLE),
        3,
        "the next one goes at once"
    );
}

#[test]
fn a_value_that_replaces_a_queued_one_has_its_own_timeout() {
    let mut bench = Bench::connected();
    bench.command(1, set(10));
    bench.command(2, set(20));
    bench.pass(4 * SECOND);
    bench.command(3, set(30));
    bench.pass(SECOND);
    assert_eq!(
        (bench.outcome(1), bench.outcome(3)),
        (Some(Outcome::Unconfirmed), None)
    );
    bench.pass(4 * SECOND);
    assert_eq!(bench.outcome(3), Some(Outcome::Unconfirmed));
}

#[test]
fn toggles_are_kept_in_order_and_each_is_sent() {
    let mut bench = Bench::connected();
    for ticket in 1..=3 {
        bench.command(ticket, toggle());
    }
    for _ in 1..=3 {
        assert_eq!(bench.asked(method::SWITCH_TOGGLE), 1);
        bench.answer(method::SWITCH_TOGGLE, json!({ "seq": 10 }));
    }
    assert!((1..=3).all(|ticket| matches!(bench.outcome(ticket), Some(Outcome::Done { .. }))));
}

#[test]
fn more_toggles_than_can_be_queued_are_refused() {
    let mut bench = Bench::connected();
    for ticket in 1..=12 {
        bench.command(ticket, toggle());
    }
    let refused = (1..=12)
        .filter(|ticket| matches!(bench.outcome(*ticket), Some(Outcome::Refused(_))))
        .count();
    assert_eq!(refused, 3);
}

#[test]
fn a_toggle_is_never_sent_again_when_the_link_was_lost() {
    let mut bench = Bench::connected();
    bench.command(1, toggle());
    bench.command(2, toggle());
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    assert_eq!(bench.outcome(1), Some(Outcome::LinkLost));
    assert_eq!(bench.outcome(2), Some(Outcome::NotConnected));
    bench.pass(2 * SECOND);
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.asked(method::SWITCH_TOGGLE), 0);
}

#[test]
fn without_a_link_nothing_is_sent() {
    let mut bench = Bench::new();
    bench.command(1, toggle());
    assert_eq!(bench.outcome(1), Some(Outcome::NotConnected));
}

fn blind() -> ComponentKey {
    ComponentKey::new(Kind::Cover, 0)
}

fn position(percent: u8) -> Command {
    let change = State::new().with("position", percent);
    Command::set(CommandId(0), blind(), change)
}

fn told(trigger: Trigger) -> Command {
    Command::trigger(CommandId(0), blind(), trigger)
}

#[test]
fn a_stop_does_not_wait_and_replaces_what_waits() {
    let mut bench = Bench::connected();
    bench.command(1, told(Trigger::Open));
    bench.command(2, position(20));
    bench.command(3, told(Trigger::Close));
    bench.command(4, told(Trigger::Stop));
    assert_eq!(bench.asked(method::COVER_STOP), 1, "it is sent at once");
    for waiting in [2, 3] {
        assert_eq!(bench.outcome(waiting), Some(Outcome::Superseded));
    }
    // The one that was sent keeps its own outcome.
    bench.answer(method::COVER_OPEN, json!({ "seq": 10 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    assert_eq!(bench.outcome(4), None);
    bench.answer(method::COVER_STOP, json!({ "seq": 10 }));
    assert!(matches!(bench.outcome(4), Some(Outcome::Done { .. })));
    for replaced in [method::COVER_SET, method::COVER_CLOSE] {
        assert_eq!(bench.asked(replaced), 0, "{replaced}");
    }
}

#[test]
fn an_unanswered_stop_is_unconfirmed_like_any_other_command() {
    let mut bench = Bench::connected();
    bench.command(1, told(Trigger::Open));
    bench.command(2, told(Trigger::Stop));
    bench.pass(limits::COMMAND_TIMEOUT);
    for sent in [1, 2] {
        assert_eq!(bench.outcome(sent), Some(Outcome::Unconfirmed));
    }
}

#[test]
fn a_component_of_another_kind_is_refused_what_it_lacks() {
    for trigger in Trigger::ALL {
        let lamp = ComponentKey::new(Kind::Light, 0);
        let command = Command::trigger(CommandId(0), lamp, trigger);
        assert!(command.refusal.is_some(), "{trigger:?}");
        let own = ComponentKey::new(trigger.kind(), 0);
        let command = Command::trigger(CommandId(0), own.clone(), trigger);
        assert_eq!((command.refusal, command.component), (None, Some(own)));
        assert_eq!(Trigger::of(trigger.method()), Some(trigger));
    }
}

#[test]
fn a_called_method_of_a_cover_keeps_its_order() {
    let params = Object::from_iter([("id".into(), json!(0))]);
    for called in [method::COVER_OPEN, method::COVER_SET] {
        let command = Command::call(CommandId(0), called, params.clone());
        assert_eq!(command.component, Some(blind()), "{called}");
    }
    let install = Command::call(CommandId(0), method::UPDATE_INSTALL, params);
    assert_eq!(install.component, Some(ComponentKey::new(Kind::Update, 0)));
}
