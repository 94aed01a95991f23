//! Components and the names of what they offer.

use super::{
    super::{
        components::{describe, is_alike},
        names::AllNames,
        report::{Info, Report},
    },
    *,
};

#[test]
fn the_components_of_a_board_with_one_segment() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let listed: Vec<String> = bench
        .components()
        .iter()
        .map(|component| format!("{} {}", component.key, component.name))
        .collect();
    assert_eq!(
        listed,
        [
            "light:0 Light",
            "number:0 Effect speed",
            "number:1 Effect intensity",
            "select:0 Preset",
            "select:1 Playlist",
            "switch:0 Nightlight",
            "switch:1 Sync send",
            "switch:2 Sync receive",
            "sensor:0 LED current",
            "sensor:1 Wi-Fi signal",
            "sensor:2 Free memory",
            "sensor:3 Uptime",
            "update:0 Firmware",
        ]
    );
    for (key, field, value) in [
        ("light:0", "brightness", json!(50)),
        ("light:0", "rgb", json!([255, 160, 0])),
        ("light:0", "effect", json!("Solid")),
        ("light:0", "palette", json!("Default")),
        ("light:0", "effective_brightness", json!("absent")),
        ("number:0", "value", json!(128)),
        ("number:1", "value", json!(64)),
        ("select:0", "value", json!(null)),
        ("select:0", "options", json!(["Evening", "Movie"])),
        ("select:1", "options", json!(["Party loop"])),
        ("switch:2", "on", json!(true)),
        ("sensor:0", "value", json!(536)),
        ("sensor:1", "value", json!(-44)),
        ("sensor:2", "value", json!(164_804)),
        ("sensor:3", "value", json!(79_769)),
        ("update:0", "installed_version", json!("0.15.0")),
    ] {
        assert_eq!(bench.field(key, field), value, "{key} {field}");
    }
}

#[test]
fn several_segments_have_a_light_each_and_one_for_all() {
    let mut named = segment(5);
    named["n"] = json!("Sofa");
    let mut bench = Bench::ready(&report(&[segment(0), named]));
    let lights: Vec<String> = bench
        .components()
        .iter()
        .filter(|component| component.key.to_string().starts_with("light"))
        .map(|component| format!("{} {}", component.key, component.name))
        .collect();
    assert_eq!(
        lights,
        [
            "light:1000 All segments",
            "light:0 Segment 0",
            "light:5 Sofa"
        ]
    );
    assert!(bench.keys().contains(&"number:81".to_owned()));
    // From one segment to two, and back: the light keeps its number.
    let mut bench = Bench::ready(&report(&[segment(0)]));
    assert!(!bench.keys().contains(&"light:1000".to_owned()));
    bench.receive(&report(&[segment(0), segment(1)]));
    assert!(bench.keys().contains(&"light:1000".to_owned()));
}

#[test]
fn reserved_effects_are_not_offered_and_keep_their_numbers() {
    let mut strip = segment(0);
    strip["fx"] = json!(3);
    let mut bench = Bench::ready(&report(&[strip]));
    let caps = bench.components().swap_remove(0).caps;
    assert_eq!(caps.effects, ["Solid", "Blink", "Rainbow", "Fire 2012"]);
    assert_eq!(bench.field("light:0", "effect"), json!("Rainbow"));
}

#[test]
fn before_names_arrive_the_board_works_with_numbers() {
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    bench.pass(Duration::from_secs(1));
    bench.request(method::DEVICE_SUBSCRIBE, json!({}));
    let caps = bench.components().swap_remove(0).caps;
    assert_eq!(caps.effects, ["0", "1", "2", "3", "4", "5"]);
    let caps = serde_json::to_value(&caps).expect("JSON");
    assert_eq!(caps["palettes"], json!(["0", "1", "2"]));
    let sent = bench.command(method::LIGHT_SET, json!({ "id": 0, "effect": "5" }));
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "fx": 5 }] }));
    // Names that arrive later make the session read the board again, once.
    let mut pushes = 0;
    for (path, body) in LISTS {
        pushes += bench.fetched(path, Ok(body)).pushes().len();
    }
    assert_eq!(pushes, 1);
    assert_eq!(bench.field("light:0", "effect"), json!("Solid"));
}

#[test]
fn names_are_read_again_when_the_board_says_that_they_changed() {
    let before = report(&[segment(0)]);
    for (pointer, path) in [
        ("/info/fxcount", "/json/eff"),
        ("/info/palcount", "/json/pal"),
        ("/info/fs/pmt", "/presets.json"),
    ] {
        let mut bench = Bench::ready(&before);
        let mut push = before.clone();
        if let Some(value) = push.pointer_mut(pointer) {
            *value = json!(99);
        }
        let mut fetches = bench.receive(&push).fetches;
        fetches.extend(bench.pass(Duration::from_secs(6)).fetches);
        assert_eq!(fetches, [path]);
        let body = match path {
            "/json/eff" => r#"["Still"]"#,
            "/json/pal" => r#"["Gray"]"#,
            _ => r#"{"4":{"n":"New"}}"#,
        };
        assert_eq!(bench.fetched(path, Ok(body)).fetches, [""; 0]);
        bench.receive(&push);
        assert_eq!(bench.pass(Duration::from_secs(600)).fetches, [""; 0]);
        let shown = match path {
            "/json/eff" => bench.field("light:0", "effect"),
            "/json/pal" => bench.field("light:0", "palette"),
            _ => bench.field("select:0", "options")[0].clone(),
        };
        assert!(
            ["Still", "Gray", "New"].iter().any(|name| shown == *name),
            "{shown}"
        );
    }
}

#[test]
fn a_board_that_always_says_so_is_not_read_all_the_time() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let mut fetches = 0;
    for second in 0..60 {
        let mut push = report(&[segment(0)]);
        push["info"]["fs"]["pmt"] = json!(second);
        let mut paths = bench.receive(&push).fetches;
        paths.extend(bench.pass(Duration::from_secs(1)).fetches);
        for path in paths {
            fetches += 1;
            bench.fetched(&path, Ok(PRESETS));
        }
    }
    assert!((1..=12).contains(&fetches), "{fetches}");
}

#[test]
fn an_answer_that_was_not_requested_is_ignored() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for path in ["/json/eff", "/json/pal", "/presets.json", "/cfg.json", ""] {
        let done = bench.fetched(path, Ok(r#"["x"]"#));
        assert_eq!((done.messages, done.fetches.len()), (Vec::new(), 0));
    }
    assert_eq!(bench.field("light:0", "effect"), json!("Solid"));
}

#[test]
fn a_name_leads_back_to_its_number() {
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    bench.fetched(
        "/json/eff",
        Ok(r#"["Solid","Twin","Twin","0","","Chase@!,!;;!"]"#),
    );
    bench.fetched("/json/pal", Ok(PALETTES));
    bench.fetched("/presets.json", Ok(PRESETS));
    bench.request(method::DEVICE_SUBSCRIBE, json!({}));
    let effects = bench.components().swap_remove(0).caps.effects;
    assert_eq!(
        effects,
        ["Solid", "Twin", "Twin (2)", "0 (3)", "4", "Chase"]
    );
    for (number, effect) in effects.iter().enumerate() {
        let mut bench = Bench::ready(&report(&[segment(0)]));
        bench
            .wled
            .names
            .read_effects(r#"["Solid","Twin","Twin","0","","Chase@!,!;;!"]"#);
        let sent = bench.command(method::LIGHT_SET, json!({ "id": 0, "effect": effect }));
        assert_eq!(sent["seg"][0]["fx"], json!(number), "{effect}");
    }
}

#[test]
fn older_boards_have_one_set_of_capabilities() {
    for (leds, rgb, white) in [
        (json!({ "lc": 3 }), true, true),
        (json!({ "rgbw": true }), true, true),
        (json!({ "rgbw": false }), true, false),
        (json!({}), true, false),
        (json!({ "lc": 2 }), false, true),
    ] {
        let mut board = report(&[segment(0)]);
        board["info"]["leds"] = leds.clone();
        let mut bench = Bench::ready(&board);
        let caps = serde_json::to_value(bench.components().swap_remove(0).caps).expect("JSON");
        assert_eq!(caps["rgb"] == json!(true), rgb, "{leds}");
        assert_eq!(caps["white"] == json!(true), white, "{leds}");
    }
}

#[test]
fn boards_without_playlists_have_no_choice_of_them() {
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    bench.fetched("/json/eff", Ok(EFFECTS));
    bench.fetched("/json/pal", Ok(PALETTES));
    bench.fetched("/presets.json", Ok(r#"{"0":{}}"#));
    assert!(!bench.keys().iter().any(|key| key.starts_with("select")));
    // An active preset is shown, by its number if it has no name.
    let mut push = report(&[segment(0)]);
    push["state"]["ps"] = json!(12);
    bench.receive(&push);
    assert_eq!(bench.field("select:0", "value"), json!("12"));
}

/// Changes of a report, each in one place.
fn changed_reports() -> Vec<Value> {
    let base = report(&[segment(0), segment(1)]);
    let mut all = vec![
        base.clone(),
        report(&[segment(0)]),
        report(&[segment(1), segment(2)]),
    ];
    for (pointer, value) in [
        ("/state/on", json!(false)),
        ("/state/bri", json!(3)),
        ("/state/ps", json!(1)),
        ("/state/pl", json!(7)),
        ("/state/nl", json!(null)),
        ("/state/udpn", json!({ "send": true })),
        ("/state/udpn", json!({ "recv": true })),
        ("/state/seg/0/n", json!("Sofa")),
        ("/state/seg/0/fx", json!(5)),
        ("/state/seg/0/pal", json!(2)),
        ("/state/seg/0/sx", json!(null)),
        ("/state/seg/0/ix", json!(null)),
        ("/state/seg/0/col", json!([])),
        ("/state/seg/0/lc", json!(7)),
        ("/info/ver", json!("0.15.1")),
        ("/info/name", json!("Desk")),
        ("/info/release", json!("ESP32-S3")),
        ("/info/mac", json!("0200000a1b2d")),
        ("/info/fxcount", json!(7)),
        ("/info/palcount", json!(7)),
        ("/info/uptime", json!(null)),
        ("/info/freeheap", json!(null)),
        ("/info/wifi", json!({})),
        ("/info/leds/maxpwr", json!(0)),
        ("/info/leds/seglc", json!([1, 3])),
    ] {
        let mut changed = base.clone();
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        changed.pointer_mut(parent).expect("it exists")[field] = value;
        all.push(changed);
    }
    all
}

#[test]
fn a_board_is_described_again_if_its_description_changed() {
    let mut names = AllNames::default();
    for known in [false, true] {
        let read = known && names.read_effects(EFFECTS) && names.read_palettes(PALETTES);
        assert_eq!(read && names.read_presets(PRESETS), known);
        let all: Vec<(Info, Report)> = changed_reports()
            .iter()
            .map(|all| {
                let info = super::super::report::info(&all["info"]).expect("it is known");
                let report = super::super::report::report(&all["state"], &all["info"]);
                (info, report.expect("a state"))
            })
            .collect();
        for (old_info, old) in &all {
            for (info, report) in &all {
                let before = describe(old_info, old, &names);
                let after = describe(info, report, &names);
                let same = before.components == after.components && before.info == after.info;
                let alike = is_alike((old_info, old), (info, report));
                // A needless description does no harm.
                assert!(
                    same || !alike,
                    "{:?} {:?}",
                    before.components,
                    after.components
                );
            }
        }
        let (info, report) = &all[0];
        assert!(is_alike((info, report), (info, report)));
    }
}

#[test]
fn every_component_has_a_state_that_is_stored() {
    for board in changed_reports() {
        let mut bench = Bench::ready(&board);
        for component in bench.components() {
            let state = bench.state(&component.key.to_string());
            assert!(
                !state.is_empty() && sanitize::bounds::fits(&state),
                "{}",
                component.key
            );
            assert_eq!(component.kind, component.key.kind);
        }
    }
}
