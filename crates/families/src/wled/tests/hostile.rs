//! A board that sends anything.

use super::*;

/// The memory of a description, roughly: the bytes of its JSON.
fn size(bench: &mut Bench) -> usize {
    let components = serde_json::to_string(&bench.components()).map_or(0, |text| text.len());
    let done = bench.request(method::DEVICE_GET_STATUS, json!({}));
    let status = done
        .outcome(bench.requests)
        .map_or(0, |outcome| format!("{outcome:?}").len());
    components + status
}

#[test]
fn deep_nesting_is_skipped() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for (open, close) in [("[", "]"), ("{\"state\":", "}"), ("{\"seg\":[", "]}")] {
        for depth in [100, 1_000, 10_000, 1_000_000] {
            let text = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
            assert_eq!(bench.text(&text).end, None);
            for path in ["/json/eff", "/json/pal", "/presets.json"] {
                bench.wled.fetching = super::super::Fetching::new();
                bench.receive(&report(&[segment(0)]));
                bench.fetched(path, Ok(&text));
            }
        }
    }
    bench.names();
}

#[test]
fn a_million_segments_are_bounded() {
    let few: Vec<Value> = (0..2_000).map(|id| json!({ "id": id })).collect();
    let mut bench = Bench::new();
    bench.receive(&report(&few));
    bench.pass(Duration::from_secs(2));
    let keys = bench.keys();
    assert!(keys.len() < 300, "{}", keys.len());
    // More than fits into a message is not read at all.
    let many = vec![r#"{"id":1}"#; 1_000_000].join(",");
    let text = format!(r#"{{"state":{{"seg":[{many}]}},"info":{{"mac":"0200000a1b2c"}}}}"#);
    let before = bench.wled.unreadable;
    bench.text(&text);
    assert_eq!(bench.wled.unreadable, before + 1);
    assert_eq!(bench.keys(), keys);
}

#[test]
fn strange_segments_do_no_harm() {
    let strange = [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!({ "id": -1 }),
        json!({ "id": 1_000 }),
        json!({ "id": 70_000 }),
        json!({ "id": 1e300 }),
        json!({ "id": 3, "stop": 0 }),
        json!({ "id": 4, "bri": 256, "col": [[300, 0, 0]], "fx": -1, "sx": "fast", "cct": 6_500 }),
        json!({ "id": 4, "on": "t" }),
        json!({ "id": 5, "col": [], "n": "\u{202e}evil\u{0}" }),
        json!({ "id": 6, "col": ["ff0000"], "n": "" }),
        json!({ "id": 999, "col": [[1, 2, 3, 4, 5]] }),
    ];
    let mut bench = Bench::new();
    bench.receive(&report(&strange));
    bench.pass(Duration::from_secs(2));
    let lights: Vec<String> = bench
        .keys()
        .into_iter()
        .filter(|key| key.starts_with("light"))
        .collect();
    assert_eq!(
        lights,
        [
            "light:1000",
            "light:3",
            "light:4",
            "light:5",
            "light:6",
            "light:999"
        ]
    );
    assert_eq!(bench.field("light:4", "rgb"), json!(null));
    let components = bench.components();
    let name = components
        .iter()
        .find(|component| component.key.id == 5)
        .map(|one| &one.name);
    assert_eq!(name.map(String::as_str), Some("\u{fffd}evil\u{fffd}"));
}

#[test]
fn huge_names_are_cut() {
    let long = "x".repeat(50_000);
    let mut board = report(&[segment(0)]);
    board["info"]["name"] = json!(long);
    board["state"]["seg"][0]["n"] = json!(long.get(..9_000));
    let mut bench = Bench::new();
    assert_eq!(bench.receive(&board).end, None);
    let list = json!(vec![&long; 20]).to_string();
    bench.fetched("/json/eff", Ok(&list));
    bench.fetched("/json/pal", Ok(&list));
    let presets: serde_json::Map<String, Value> = (0..20)
        .map(|at| (at.to_string(), json!({ "n": long })))
        .collect();
    bench.fetched("/presets.json", Ok(&Value::Object(presets).to_string()));
    assert!(size(&mut bench) < 20_000, "{}", size(&mut bench));
}

#[test]
fn long_lists_are_cut() {
    let names: Vec<String> = (0..30_000)
        .map(|at| format!("Effect number {at}"))
        .collect();
    let list = json!(names).to_string();
    let presets: serde_json::Map<String, Value> = (0..20_000)
        .map(|at| {
            (
                at.to_string(),
                json!({ "n": format!("A rather long name, number {at}") }),
            )
        })
        .collect();
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    bench.fetched("/json/eff", Ok(&list));
    bench.fetched("/json/pal", Ok(&list));
    bench.fetched("/presets.json", Ok(&Value::Object(presets).to_string()));
    bench.request(method::DEVICE_SUBSCRIBE, json!({}));
    assert_eq!(bench.components().swap_remove(0).caps.effects.len(), 256);
    assert!(
        sanitize::bounds::fits(&bench.state("select:0")),
        "it is stored whole"
    );
    assert!(size(&mut bench) < 40_000, "{}", size(&mut bench));
    // More than 1 MB is not read at all.
    let mut bench = Bench::new();
    bench.receive(&report(&[segment(0)]));
    let huge = format!("[{}1]", "1,".repeat(1_000_000));
    assert_eq!(bench.fetched("/json/eff", Ok(&huge)).fetches, ["/json/pal"]);
}

#[test]
fn counts_that_cannot_be_true_are_bounded() {
    let mut board = report(&[segment(0)]);
    board["info"]["fxcount"] = json!(u64::MAX);
    board["info"]["palcount"] = json!(u64::MAX);
    board["info"]["uptime"] = json!(u64::MAX);
    board["info"]["freeheap"] = json!(-1);
    let mut bench = Bench::new();
    bench.receive(&board);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.components().swap_remove(0).caps.effects.len(), 256);
}

#[test]
fn answers_that_nothing_asked_for_do_not_pile_up() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    for _ in 0..10_000 {
        for text in [
            r#"{"error":3}"#,
            r#"{"success":true}"#,
            "pong",
            r#"{"error":9}"#,
        ] {
            let done = bench.text(text);
            // The last ping is answered.
            assert!(done.messages.len() <= 1 && done.fetches.is_empty());
        }
        bench.request(method::SYS_PING, json!({}));
    }
    let sent = bench.pass(Duration::from_secs(10)).sent.len();
    assert!(sent <= 5, "{sent}");
}

#[test]
fn a_message_that_is_too_large_is_called_so() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    let large = format!(
        "\"{}\"",
        "x".repeat(protocol::limits::MESSAGE_INTO_CONTROLLER)
    );
    for (text, why) in [(large.as_str(), "it is too large"), ("{", "it is not JSON")] {
        let decoded = bench.text(text).decoded.concat();
        assert!(decoded.contains(why), "{decoded}");
    }
}
