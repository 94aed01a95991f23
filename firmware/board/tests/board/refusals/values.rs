//! Parameters with values that are not accepted.

use protocol::{Code, method};
use serde_json::json;

use super::{T0, assert_refused, refusal};
use crate::fixtures::{answer, board, connected, everything, key, state};

#[test]
fn a_value_out_of_range_is_refused_with_the_range() {
    use Code::InvalidParams as Bad;
    let refused =
        |params, message| assert_refused(method::LIGHT_SET, params, Bad, "out_of_range", message);
    refused(
        json!({ "id": 0, "brightness": 150 }),
        "brightness is 0 to 100 %, not 150",
    );
    refused(
        json!({ "id": 0, "brightness": -1 }),
        "brightness is 0 to 100 %, not -1",
    );
    refused(
        json!({ "id": 0, "brightness": 1e300 }),
        "brightness is 0 to 100 %, not 1e+300",
    );
    refused(
        json!({ "id": 0, "ct_k": 2199 }),
        "ct_k is 2200 to 6500 K, not 2199",
    );
    refused(
        json!({ "id": 0, "on": true, "transition_ms": 10_001 }),
        "transition_ms is 0 to 10000 ms, not 10001",
    );
    let rgb = "rgb is a list of red, green and blue, 0 to 255 each, for example [255,120,0]; it \
         cannot have 256";
    refused(json!({ "id": 0, "rgb": [0, 256, 0] }), rgb);
    refused(
        json!({ "id": 0, "rgb": [0, 0] }),
        "rgb is a list of red, green and blue, 0 to 255 each, for example [255,120,0], not [0,0]",
    );
    let brightness = "brightness is a whole number from 0 to 100, not 0.5";
    refused(json!({ "id": 0, "brightness": 0.5 }), brightness);
    let number = "value is 0 to 10, not 10.5";
    assert_refused(
        method::NUMBER_SET,
        json!({ "id": 0, "value": 10.5 }),
        Bad,
        "out_of_range",
        number,
    );
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_the_right_one() {
    use Code::InvalidParams as Bad;
    let refused =
        |method, params, message| assert_refused(method, params, Bad, "wrong_type", message);
    refused(
        method::SWITCH_SET,
        json!({ "id": 0, "on": "yes" }),
        "on is true or false, not \"yes\"",
    );
    refused(
        method::SWITCH_SET,
        json!({ "id": 0, "on": 1 }),
        "on is true or false, not 1",
    );
    let brightness = "brightness is a whole number from 0 to 100, not \"60\"";
    refused(
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": "60" }),
        brightness,
    );
    refused(
        method::NUMBER_SET,
        json!({ "id": 0, "value": "5" }),
        "value is a number, not \"5\"",
    );
    refused(
        method::TEXT_SET,
        json!({ "id": 0, "value": 5 }),
        "value is a text, not 5",
    );
    let id = "id is the number in the component's key, a whole number, not \"light:0\"";
    refused(
        method::LIGHT_SET,
        json!({ "id": "light:0", "on": true }),
        id,
    );
}

#[test]
fn a_missing_parameter_is_named() {
    use Code::InvalidParams as Bad;
    let refused = |method, params, message| assert_refused(method, params, Bad, "missing", message);
    let id = "Switch.Set needs id: the number in the component's key, a whole number";
    refused(method::SWITCH_SET, json!({ "on": true }), id);
    refused(
        method::SWITCH_SET,
        json!({ "id": 0 }),
        "Switch.Set needs on: true or false",
    );
    let light =
        "Light.Set needs something to change: on, brightness, rgb, ct_k, white, effect or palette";
    refused(
        method::LIGHT_SET,
        json!({ "id": 0, "transition_ms": 100 }),
        light,
    );
    refused(method::LIGHT_SET, json!({ "id": 0, "on": null }), light);
    refused(
        method::DEVICE_SET_NAME,
        json!({}),
        "Device.SetName needs name: 1 to 63 bytes of UTF-8",
    );
}

#[test]
fn an_unknown_component_is_refused_with_the_known_ones() {
    use Code::NotFound;
    let refused =
        |method, params, message| assert_refused(method, params, NotFound, "not_found", message);
    refused(
        method::LIGHT_SET,
        json!({ "id": 3, "on": true }),
        "no light:3; this board has light:0",
    );
    refused(
        method::SWITCH_TOGGLE,
        json!({ "id": 7 }),
        "no switch:7; this board has switch:0, switch:1",
    );
    let far = "no switch:18446744073709551615; this board has switch:0, switch:1";
    refused(method::SWITCH_TOGGLE, json!({ "id": u64::MAX }), far);
}

#[test]
fn a_light_refuses_what_it_does_not_support() {
    let mut plan = everything();
    for component in &mut plan.components {
        if component.descriptor.key == key("light:0") {
            component.descriptor.caps = protocol::Caps::default();
            component.state = state(json!({ "on": false }));
        }
    }
    let mut board = board(plan);
    let client = connected(&mut board);
    let error = answer(
        &mut board,
        T0,
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": 5 }),
    )
    .error();
    assert_eq!(
        (error.code, error.data.reason.as_str()),
        (Code::InvalidParams, "not_supported")
    );
    assert_eq!(error.message, "light:0 has no brightness; it has on");
}

#[test]
fn an_unknown_option_is_refused_with_the_options() {
    let options = "value is one of \"slow\", \"fast\", not \"Fast\"";
    let params = json!({ "id": 0, "value": "Fast" });
    assert_refused(
        method::SELECT_SET,
        params,
        Code::InvalidParams,
        "not_an_option",
        options,
    );
    let effects = "effect is one of \"none\", \"candle\", not \"disco\"";
    let params = json!({ "id": 0, "effect": "disco" });
    assert_refused(
        method::LIGHT_SET,
        params,
        Code::InvalidParams,
        "not_an_option",
        effects,
    );
    let events = "event is one of \"press\", \"double_press\", \"long_press\", not \"hug\"";
    let params = json!({ "id": 0, "event": "hug" });
    assert_refused(
        method::BUTTON_PRESS,
        params,
        Code::InvalidParams,
        "not_an_option",
        events,
    );
}

#[test]
fn a_value_other_than_text_has_the_wrong_type() {
    let options = "value is one of \"slow\", \"fast\", not 0";
    let params = json!({ "id": 0, "value": 0 });
    assert_refused(
        method::SELECT_SET,
        params,
        Code::InvalidParams,
        "wrong_type",
        options,
    );
    let effects = "effect is one of \"none\", \"candle\", not true";
    let params = json!({ "id": 0, "effect": true });
    assert_refused(
        method::LIGHT_SET,
        params,
        Code::InvalidParams,
        "wrong_type",
        effects,
    );
}

#[test]
fn a_text_is_one_line_of_at_most_255_bytes() {
    let refused = |value: String, reason| {
        let error = refusal(method::TEXT_SET, json!({ "id": 0, "value": value }));
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason)
        );
    };
    refused("ä".repeat(128), "out_of_range");
    refused("two\nlines".into(), "control_character");
}

#[test]
fn a_name_has_1_to_63_bytes_and_no_control_characters() {
    let refused = |name: String, reason| {
        let error = refusal(method::DEVICE_SET_NAME, json!({ "name": name }));
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason)
        );
    };
    refused(String::new(), "out_of_range");
    refused("x".repeat(64), "out_of_range");
    refused("bell\u{7}".into(), "control_character");
}
