//! The components of virtual boards and the plausibility of their values.
//! Without sockets: the tests run the board core with a simulated clock.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "parameters are written in place with json!"
)]

use std::{collections::BTreeSet, time::Duration};

use board::{Board, Plan};
use clap::ValueEnum;
use protocol::{ComponentKey, Epoch, Kind, Snapshot, Source, State};
use serde_json::{Value, json};
use virtual_board::{
    profile::{Profile, plan, restless},
    simulation::Simulation,
};

const SEED: u64 = 7;

fn key(text: &str) -> ComponentKey {
    text.parse().unwrap()
}

fn only(profile: Profile) -> Plan {
    plan(profile, 0, SEED, None, 4)
}

fn running(plan: Plan, samples_per_second: Option<f64>) -> Board<Simulation> {
    let simulation = Simulation::new(SEED, &plan, samples_per_second);
    Board::new(plan, &[], Epoch(1), simulation).unwrap()
}

/// Runs the board at each of its deadlines, up to a time.
fn run_to(board: &mut Board<Simulation>, until: Duration) {
    while let Some(due) = board.next_deadline().filter(|due| *due <= until) {
        let ((), _) = board.handle(|board| board.run_until(due));
    }
}

fn call(board: &mut Board<Simulation>, now: Duration, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let (answer, _) = board.handle(|board| board.call(now, &request.to_string()));
    serde_json::from_str(&answer.unwrap()).unwrap()
}

fn snapshot(board: &mut Board<Simulation>, now: Duration) -> Snapshot {
    serde_json::from_value(call(board, now, "Device.GetStatus", json!({}))["result"].clone())
        .unwrap()
}

fn value(board: &mut Board<Simulation>, now: Duration, sensor: &str) -> Option<f64> {
    snapshot(board, now)
        .components
        .get(&key(sensor))
        .and_then(State::number)
}

#[test]
fn every_profile_makes_a_board() {
    for profile in Profile::value_variants().iter().copied() {
        let mut board = running(only(profile), None);
        run_to(&mut board, Duration::from_secs(120));
        let snapshot = snapshot(&mut board, Duration::from_secs(120));
        let unknown: Vec<_> = snapshot
            .components
            .iter()
            .filter(|(_, state)| state.get("value") == Some(&Value::Null))
            .collect();
        assert!(unknown.is_empty(), "{profile:?}: {unknown:?}");
    }
}

#[test]
fn a_thousand_boards_of_one_seed_have_unique_names_ids_and_addresses() {
    let plans: Vec<Plan> = (0..1000)
        .map(|index| plan(Profile::Mixed, index, SEED, None, 4))
        .collect();
    let distinct = |of: fn(&Plan) -> &str| plans.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(|plan| &plan.identity.id), 1000);
    assert_eq!(distinct(|plan| &plan.identity.mac), 1000);
    assert_eq!(distinct(|plan| &plan.identity.name), 1000);
    for plan in &plans {
        let digits = plan.identity.id.strip_prefix("sb-").unwrap();
        assert!(
            digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
            "{}",
            plan.identity.id
        );
        let first = u8::from_str_radix(plan.identity.mac.get(..2).unwrap(), 16).unwrap();
        assert_eq!(
            first & 0b11,
            0b10,
            "locally administered and of one station"
        );
    }
}

#[test]
fn the_same_seed_and_number_make_the_same_board_and_another_seed_another() {
    assert_eq!(
        plan(Profile::Strip, 5, SEED, None, 4),
        plan(Profile::Strip, 5, SEED, None, 4)
    );
    assert_ne!(
        plan(Profile::Strip, 5, 8, None, 4).identity.id,
        plan(Profile::Strip, 5, SEED, None, 4).identity.id
    );
}

#[test]
fn boards_have_friendly_names_and_numbers_from_2_on() {
    let names: Vec<String> = (0..5)
        .map(|index| plan(Profile::Mixed, index, SEED, None, 4).identity.name)
        .collect();
    assert_eq!(
        names,
        [
            "Desk lamp",
            "Power strip",
            "Weather station",
            "Desk lamp 2",
            "Power strip 2"
        ]
    );
    assert_eq!(
        plan(Profile::Mixed, 0, SEED, Some("Bench"), 4)
            .identity
            .name,
        "Bench"
    );
    assert_eq!(
        plan(Profile::Mixed, 4, SEED, Some("Bench"), 4)
            .identity
            .name,
        "Bench 5"
    );
}

#[test]
fn the_button_of_a_lamp_toggles_its_light() {
    let mut board = running(only(Profile::Lamp), None);
    let (pressed, _) = board.handle(|board| board.press(Duration::ZERO, &key("button:0"), "press"));
    pressed.unwrap();
    assert_eq!(
        snapshot(&mut board, Duration::ZERO).components[&key("light:0")].on(),
        Some(true)
    );
}

#[test]
fn the_power_of_an_outlet_follows_its_switch() {
    let mut board = running(only(Profile::Strip), None);
    let second = Duration::from_secs(1);
    for (step, on) in [(1, true), (2, false), (3, true)] {
        call(
            &mut board,
            second * step,
            "Switch.Set",
            json!({ "id": 2, "on": on }),
        );
        run_to(&mut board, second * step + Duration::from_millis(1100));
        let watts = value(
            &mut board,
            second * step + Duration::from_millis(1100),
            "sensor:2",
        )
        .unwrap();
        assert!(
            if on {
                (5.0..=121.0).contains(&watts)
            } else {
                watts == 0.0
            },
            "{watts} W while on={on}"
        );
    }
}

#[test]
fn the_weather_changes_slowly_and_stays_near_its_start() {
    let mut board = running(only(Profile::Weather), None);
    let first = value(&mut board, Duration::ZERO, "sensor:0").unwrap();
    let (mut last, mut changes) = (first, 0);
    for second in 1..=3600 {
        let now = Duration::from_secs(second);
        run_to(&mut board, now);
        let value = value(&mut board, now, "sensor:0").unwrap();
        assert!(
            (value - last).abs() < 0.25,
            "from {last} to {value} in a second"
        );
        assert!(
            (value - first).abs() < 5.0,
            "from {first} to {value} in an hour"
        );
        changes += usize::from(value != last);
        last = value;
    }
    assert!(
        (100..2000).contains(&changes),
        "{changes} changes in an hour"
    );
}

#[test]
fn with_a_sample_rate_each_reading_has_a_new_value() {
    for profile in [Profile::Weather, Profile::Strip] {
        let mut board = running(restless(only(profile), 5.0), Some(5.0));
        let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;
        let (client, _) = board.handle(|board| {
            let client = board.connect(Duration::ZERO).unwrap();
            board.receive(Duration::ZERO, client, subscribe);
            client
        });
        let mut pushes = 0;
        for hundredth in 0..1000 {
            let now = Duration::from_millis(hundredth * 10);
            run_to(&mut board, now);
            while let Some(outgoing) = board.next_outgoing(now, client) {
                pushes += usize::from(format!("{outgoing:?}").contains("NotifyStatus"));
            }
        }
        assert!(
            (49..=51).contains(&pushes),
            "{profile:?}: {pushes} pushes in 10 s at 5 a second"
        );
    }
}

#[test]
fn an_interlocked_switch_is_refused_until_the_other_is_off() {
    let mut board = running(only(Profile::Everything), None);
    let now = Duration::ZERO;
    call(
        &mut board,
        now,
        "Switch.Set",
        json!({ "id": 0, "on": true }),
    );
    let refused = call(
        &mut board,
        now,
        "Switch.Set",
        json!({ "id": 1, "on": true }),
    );
    assert_eq!(
        (
            &refused["error"]["code"],
            &refused["error"]["data"]["reason"]
        ),
        (&json!(-32003), &json!("interlocked"))
    );
    assert_eq!(
        refused["error"]["message"],
        json!("switch:1 is interlocked with switch:0, which must be off first")
    );
    let on = State::new().with("on", true);
    let (observed, _) =
        board.handle(|board| board.observe(now, &key("switch:1"), on, Source::Physical));
    assert!(observed.is_err());
    call(
        &mut board,
        now,
        "Switch.Set",
        json!({ "id": 0, "on": false }),
    );
    assert_eq!(
        call(
            &mut board,
            now,
            "Switch.Set",
            json!({ "id": 1, "on": true })
        )["result"]["was_on"],
        json!(false)
    );
}

#[test]
fn everything_has_each_kind_and_an_unknown_one() {
    let kinds: BTreeSet<Kind> = only(Profile::Everything)
        .components
        .into_iter()
        .map(|component| component.descriptor.kind)
        .collect();
    assert_eq!(kinds.len(), 12);
    assert!(kinds.contains(&Kind::Unknown("valve".to_owned())));
}

#[test]
fn the_blind_takes_seconds_and_reports_each_step() {
    let mut board = running(only(Profile::Everything), None);
    let at = Duration::from_secs;
    let blind = |board: &mut Board<Simulation>, now| {
        let state = snapshot(board, now).components[&key("cover:0")].clone();
        let word = state.movement().unwrap_or_default().to_owned();
        (word, state.position().unwrap())
    };
    run_to(&mut board, at(5));
    assert_eq!(blind(&mut board, at(5)), ("open".to_owned(), 100));
    let half = json!({ "id": 0, "position": 50 });
    call(&mut board, at(5), "Cover.Set", half);
    assert_eq!(blind(&mut board, at(5)), ("closing".to_owned(), 100));
    run_to(&mut board, at(7));
    let (word, position) = blind(&mut board, at(7));
    assert_eq!(word, "closing");
    assert!((75..=85).contains(&position), "{position}");
    run_to(&mut board, at(11));
    assert_eq!(blind(&mut board, at(11)), ("open".to_owned(), 50));
    call(&mut board, at(11), "Cover.Close", json!({ "id": 0 }));
    run_to(&mut board, at(12));
    call(&mut board, at(12), "Cover.Stop", json!({ "id": 0 }));
    run_to(&mut board, at(20));
    assert_eq!(blind(&mut board, at(20)), ("open".to_owned(), 40));
}
