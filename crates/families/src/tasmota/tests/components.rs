//! What a board is taken for, and what its reports mean.

use serde_json::json;

use super::rig::{Rig, config, config_with};

#[test]
fn relays_are_switches_with_the_names_that_they_were_given() {
    let mut rig = Rig::live(&config());
    let components = rig.components();
    assert_eq!(components[0], ("switch:0".into(), "Kitchen plug".into()));
    assert_eq!(components[1], ("switch:1".into(), "Fan".into()));
    assert_eq!(rig.state("switch:0").on(), Some(false));
    assert_eq!(rig.state("switch:1").on(), Some(true));
    assert_eq!(rig.state("sensor:61440").number(), Some(-60.0));
    // The only output of a board is not called like the board.
    let mut rig = Rig::live(&config_with(&json!({ "rl": [1], "fn": ["Kitchen plug"] })));
    assert_eq!(rig.components()[0].1, "Switch");
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER":"ON"}"#);
    assert_eq!(rig.state("switch:0").on(), Some(true));
}

#[test]
fn a_change_at_the_board_is_pushed() {
    let mut rig = Rig::live(&config());
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER1":"ON"}"#);
    // The same as plain text, which a board sends too.
    rig.hear("stat/kitchen_plug/POWER1", "ON");
    let changes = rig.changes();
    assert_eq!(changes.len(), 1);
    let key = "switch:0".parse().unwrap();
    assert_eq!(changes[0].components[&key].on(), Some(true));
}

#[test]
fn the_texts_of_on_and_off_are_those_of_the_board() {
    let own = json!({ "state": ["aus", "an", "wechseln", "halten"], "rl": [1] });
    let mut rig = Rig::live(&config_with(&own));
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER":"an"}"#);
    assert_eq!(rig.state("switch:0").on(), Some(true));
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER":"OFF"}"#);
    assert_eq!(rig.state("switch:0").on(), Some(true), "not its word");
    rig.request("Switch.Set", json!({ "id": 0, "on": false }));
    let expected = ("cmnd/kitchen_plug/POWER1".to_owned(), "aus".to_owned());
    assert_eq!(rig.sent, [expected]);
}

#[test]
fn a_full_topic_has_any_shape() {
    for (full, stat) in [
        ("%topic%/%prefix%/", "kitchen_plug/stat/"),
        ("home/%hostname%/%prefix%", "home/tasmota-49A3BC-0956/stat/"),
        ("%prefix%/x/%id%/y/", "stat/x/00EE01/y/"),
        ("%prefix%//%topic%", "stat/kitchen_plug/"),
    ] {
        let config = config_with(&json!({ "ft": full, "rl": [1] }));
        let mut rig = Rig::new();
        rig.retained("tasmota/discovery/AABBCC00EE01/config", &config.to_string());
        let asked = format!("{}STATE", stat.replace("stat", "cmnd"));
        assert!(rig.sent.iter().any(|(topic, _)| *topic == asked), "{full}");
        rig.hear(&format!("{stat}RESULT"), r#"{"Uptime":"1","POWER":"ON"}"#);
        assert_eq!(rig.state("switch:0").on(), Some(true), "{full}");
    }
}

#[test]
fn sensors_are_numbered_by_their_paths_and_have_units() {
    let mut rig = Rig::new();
    let sensors = json!({ "sn": {
        "Time": "2026-11-30T10:00:00",
        "ENERGY": { "TotalStartTime": "2026-01-01T00:00:00", "Total": 1.5, "Power": [0, 0] },
        "DS18B20-1": { "Id": "0000", "Temperature": 21.5 }, "TempUnit": "C",
        "Switch1": "ON",
    }, "ver": 1 });
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/sensors",
        &sensors.to_string(),
    );
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/config",
        &config().to_string(),
    );
    rig.hear("stat/kitchen_plug/RESULT", &super::rig::state_report());
    let reading = json!({ "StatusSNS": { "ENERGY": { "Total": 1.6, "Power": [5, 7] },
        "DS18B20-1": { "Id": "0000", "Temperature": 22.0 }, "TempUnit": "C" } });
    rig.hear("stat/kitchen_plug/STATUS10", &reading.to_string());
    let components = rig.components();
    let key = |name: &str| {
        let found = components.iter().find(|(_, own)| own == name);
        found.map(|(key, _)| key.clone()).unwrap()
    };
    assert!(!components.iter().any(|(_, name)| name.contains("Switch1")));
    let total = key("ENERGY Total");
    let described = rig.descriptor(&total);
    assert_eq!(described["unit_of_measurement"], "kWh");
    assert_eq!(described["device_class"], "energy");
    assert_eq!(rig.state(&total).number(), Some(1.6));
    assert_eq!(rig.state(&key("ENERGY Power 1")).number(), Some(7.0));
    let temperature = key("DS18B20-1 Temperature");
    assert_eq!(rig.descriptor(&temperature)["unit_of_measurement"], "°C");
    // Reported now and then.
    rig.hear(
        "tele/kitchen_plug/SENSOR",
        r#"{"DS18B20-1":{"Temperature":23.5}}"#,
    );
    assert_eq!(rig.state(&temperature).number(), Some(23.5));
    assert_eq!(rig.state(&total).number(), Some(1.6), "not in that report");
}

#[test]
fn a_light_has_what_its_type_has() {
    let of = |light_type: u8, linked: u8, outputs: &[u8]| {
        let fields = json!({ "rl": outputs, "lt_st": light_type, "lk": linked });
        Rig::live(&config_with(&fields))
    };
    let caps = |rig: &mut Rig, key: &str| rig.descriptor(key)["caps"].clone();
    assert_eq!(caps(&mut of(1, 1, &[2]), "light:0")["brightness"], true);
    let mut white = of(2, 1, &[2]);
    assert_eq!(caps(&mut white, "light:0")["ct_k"], json!([2000, 6536]));
    let mut all = of(5, 1, &[2]);
    let all = caps(&mut all, "light:0");
    assert_eq!(
        (&all["rgb"], &all["ct_k"]),
        (&json!(true), &json!([2000, 6536]))
    );
    // Color and white apart.
    let mut apart = of(5, 0, &[2, 2]);
    assert_eq!(caps(&mut apart, "light:0")["rgb"], true);
    assert_eq!(caps(&mut apart, "light:0").get("ct_k"), None);
    assert_eq!(caps(&mut apart, "light:1")["ct_k"], json!([2000, 6536]));
    apart.hear(
        "stat/kitchen_plug/RESULT",
        r#"{"POWER1":"ON","Dimmer1":40,"Dimmer2":70,"HSBColor":"120,100,40"}"#,
    );
    assert_eq!(apart.state("light:0").brightness(), Some(40));
    assert_eq!(apart.state("light:1").brightness(), Some(70));
    assert_eq!(apart.state("light:0").rgb(), Some([0, 255, 0]));
    // Relays as lights.
    let own = json!({ "rl": [1], "so": { "30": 1 } });
    let mut plain = Rig::live(&config_with(&own));
    assert_eq!(plain.components()[0].0, "light:0");
    assert_eq!(plain.descriptor("light:0").get("caps"), None);
}

#[test]
fn a_light_shows_its_color_or_its_white() {
    let fields = json!({ "rl": [2], "lt_st": 5, "lk": 1, "so": { "82": 1 } });
    let mut rig = Rig::live(&config_with(&fields));
    let caps = rig.descriptor("light:0")["caps"].clone();
    assert_eq!(caps["ct_k"], json!([2632, 5000]), "a reduced range");
    let report = r#"{"POWER":"ON","Dimmer":80,"Color":"CC000000","HSBColor":"0,100,80",
        "White":0,"CT":250,"Scheme":0}"#;
    rig.hear("tele/kitchen_plug/STATE", report);
    let state = rig.state("light:0");
    assert_eq!(state.rgb(), Some([255, 0, 0]));
    assert_eq!((state.ct_k(), state.effect()), (None, Some("Solid")));
    let report = r#"{"POWER":"ON","Dimmer":80,"HSBColor":"0,100,0","White":80,"CT":250}"#;
    rig.hear("tele/kitchen_plug/STATE", report);
    let state = rig.state("light:0");
    assert_eq!((state.rgb(), state.ct_k()), (None, Some(4000)));
}

#[test]
fn a_shutter_is_a_cover_whichever_way_it_counts() {
    for (bits, position, movement) in [(0, 25, "opening"), (1, 75, "closing")] {
        let fields = json!({ "rl": [3, 3], "sho": [bits] });
        let mut rig = Rig::live(&config_with(&fields));
        assert_eq!(rig.components()[0].0, "cover:0");
        let report = r#"{"Shutter1":{"Position":25,"Direction":1,"Target":100}}"#;
        rig.hear("stat/kitchen_plug/RESULT", report);
        let state = rig.state("cover:0");
        assert_eq!(state.position(), Some(position));
        assert_eq!(state.movement(), Some(movement));
        let report = r#"{"StatusSNS":{"Shutter1":{"Position":0,"Direction":0,"Target":0}}}"#;
        rig.hear("stat/kitchen_plug/STATUS10", report);
        let expected = if bits == 0 { "closed" } else { "open" };
        assert_eq!(rig.state("cover:0").movement(), Some(expected));
    }
}

#[test]
fn switch_inputs_have_a_state_or_events_depending_on_their_mode() {
    let fields = json!({ "swc": [1, 8, 13, -1], "swn": ["Door", null, null, null] });
    let mut rig = Rig::live(&config_with(&fields));
    let keys: Vec<_> = rig.components().into_iter().map(|(key, _)| key).collect();
    for key in ["binary_sensor:0", "event:257", "binary_sensor:2"] {
        assert!(keys.contains(&key.to_owned()), "{key} of {keys:?}");
    }
    assert!(!keys.contains(&"binary_sensor:1".to_owned()));
    rig.hear("stat/kitchen_plug/RESULT", r#"{"Door":{"Action":"ON"}}"#);
    assert_eq!(rig.state("binary_sensor:0").on(), Some(true));
    rig.hear("tele/kitchen_plug/SENSOR", r#"{"Door":"OFF"}"#);
    assert_eq!(rig.state("binary_sensor:0").on(), Some(false));
    rig.hear(
        "stat/kitchen_plug/RESULT",
        r#"{"Switch2":{"Action":"HOLD"}}"#,
    );
    let key = "event:257".parse().unwrap();
    assert_eq!(rig.events(), [(key, "double_press".to_owned())]);
    // A motion detector only ever says that it saw something.
    rig.hear("stat/kitchen_plug/RESULT", r#"{"Switch3":{"Action":"ON"}}"#);
    assert_eq!(rig.state("binary_sensor:2").on(), Some(true));
    rig.advance(std::time::Duration::from_secs(1));
    assert_eq!(rig.state("binary_sensor:2").on(), Some(false));
}

#[test]
fn presses_of_a_button_are_events_unless_they_are_from_before() {
    let mut rig = Rig::live(&config());
    let expected = rig.descriptor("event:0")["event_types"].clone();
    assert_eq!(expected[1], "double_press");
    rig.hear(
        "stat/kitchen_plug/RESULT",
        r#"{"Button1":{"Action":"DOUBLE"}}"#,
    );
    rig.retained(
        "stat/kitchen_plug/RESULT",
        r#"{"Button1":{"Action":"HOLD"}}"#,
    );
    let key = "event:0".parse().unwrap();
    assert_eq!(rig.events(), [(key, "double_press".to_owned())]);
    // Without SetOption73 a button switches its relay, and reports nothing.
    let mut silent = Rig::live(&config_with(&json!({ "so": { "73": 0 } })));
    let keys = silent.components();
    assert!(!keys.iter().any(|(key, _)| key.starts_with("event")));
}

#[test]
fn the_speed_of_a_fan_and_the_telemetry_period_can_be_set() {
    let mut rig = Rig::live(&config_with(&json!({ "if": 1, "rl": [2, 0, 0, 0] })));
    rig.hear(
        "stat/kitchen_plug/RESULT",
        r#"{"FanSpeed":2,"TelePeriod":300}"#,
    );
    assert_eq!(rig.state("select:0").text(), Some("medium"));
    assert_eq!(rig.state("number:0").number(), Some(300.0));
    assert_eq!(
        rig.descriptor("light:0").get("caps"),
        None,
        "it only switches"
    );
    let fan = rig.request("Select.Set", json!({ "id": 0, "value": "high" }));
    let period = rig.request("Number.Set", json!({ "id": 0, "value": 60 }));
    assert_eq!(
        rig.sent,
        [
            ("cmnd/kitchen_plug/FanSpeed".to_owned(), "3".to_owned()),
            ("cmnd/kitchen_plug/TelePeriod".to_owned(), "60".to_owned()),
        ]
    );
    rig.hear("stat/kitchen_plug/RESULT", r#"{"FanSpeed":3}"#);
    rig.hear("stat/kitchen_plug/RESULT", r#"{"TelePeriod":60}"#);
    assert!(rig.is_confirmed(fan) && rig.is_confirmed(period));
    let wrong = rig.request("Number.Set", json!({ "id": 0, "value": 5 }));
    assert!(rig.refusal(wrong).contains("10 to 3600"));
}
