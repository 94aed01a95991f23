#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use address::Candidates;
use families::Family;
use keys::{Keys, Password, Role};
use link::{
    commands::CommandId,
    output::Report,
    state::{Now, Trail},
};
use protocol::{
    Code, ComponentKey, Descriptor, DeviceInfo, Kind, Object, RpcError, State, mdns::Announcement,
    method,
};

use super::BoardState;
use fleet::{BoardKey, LinkState, Lock, Origin, Outcome};

fn light() -> ComponentKey {
    ComponentKey::new(Kind::Light, 0)
}

fn now() -> Now {
    Now {
        instant: Instant::now(),
        wall: SystemTime::UNIX_EPOCH,
    }
}

/// A board with one light that is off.
fn state() -> BoardState {
    with_a_light(blank())
}

fn blank() -> BoardState {
    BoardState::new(
        Instant::now(),
        BoardKey(1),
        Candidates::given("10.0.0.7:80".parse().unwrap()),
        true,
    )
}

fn with_a_light(mut state: BoardState) -> BoardState {
    state.apply(
        now(),
        Report::Components(vec![Descriptor::new(Kind::Light, 0, "Lamp")]),
    );
    state.apply(now(), snapshot(false));
    state
}

fn changed(on: bool) -> Report {
    Report::Changed {
        components: BTreeMap::from([(light(), State::new().with("on", on))]),
        origin: Origin::Physical,
        at: SystemTime::UNIX_EPOCH,
        delay: None,
    }
}

fn snapshot(on: bool) -> Report {
    let components = BTreeMap::from([(light(), State::new().with("on", on))]);
    Report::Snapshot {
        client: None,
        components,
        at: SystemTime::UNIX_EPOCH,
    }
}

#[test]
fn a_typed_address_is_remembered_whatever_is_announced_since() {
    let mut state = state();
    state.set_typed_address("10.0.0.7:80".parse().unwrap());
    state.set_address("203.0.113.7:80".to_owned());
    assert!(state.view().is_worth_remembering());
    assert_eq!(state.view().address_to_remember(), "10.0.0.7:80");
}

#[test]
fn the_origin_of_a_change_during_a_gap_is_unknown() {
    let mut state = state();
    state.apply(now(), changed(true));
    state.apply(now(), snapshot(true));
    assert!(
        state.view().components[0].changed.is_some(),
        "the state is unchanged"
    );
    state.apply(now(), snapshot(false));
    assert_eq!(state.view().components[0].changed, None);
}

#[test]
fn a_board_without_a_past_has_its_state_and_nothing_else() {
    for keeps in [true, false] {
        let mut state = blank();
        if !keeps {
            state.keep_no_past();
        }
        let mut state = with_a_light(state);
        let before = std::sync::Arc::clone(state.view());
        let logged = state.apply(now(), changed(true));
        assert_eq!(logged.len(), usize::from(keeps));
        state.apply(now(), changed(false));
        let component = &state.view().components[0];
        assert_eq!(component.reported.on(), Some(false));
        assert_eq!(
            component.changed,
            Some((SystemTime::UNIX_EPOCH, Origin::Physical))
        );
        assert_eq!(component.history.recent_len(), if keeps { 3 } else { 0 });
        assert_eq!(before.components[0].changed, None, "a view never changes");
        let frames = &state.view().frames;
        frames.text(SystemTime::UNIX_EPOCH, fleet::Direction::In, "{}");
        assert_eq!(frames.since(0).len(), usize::from(keeps));
    }
}

#[test]
fn a_renamed_board_has_its_new_name_everywhere() {
    let mut state = state();
    let info = serde_json::json!({
        "id": "lamp", "name": "Lamp", "mac": "", "version": "", "platform": "", "board": "",
        "proto": 1, "features": [], "epoch": "5f3a91c2", "uptime_ms": 1,
    });
    let info = serde_json::from_value(info).expect("an info");
    state.apply(now(), Report::Info(info));
    state.apply(now(), Report::Renamed("Reading lamp".to_owned()));
    let view = state.view();
    let info = view.info.as_ref().expect("an info");
    assert_eq!((&*view.name, &*info.name), ("Reading lamp", "Reading lamp"));
}

#[test]
fn a_missing_method_is_remembered_until_the_firmware_changes() {
    let mut state = state();
    let info = |version: &str| {
        let info = serde_json::json!({
            "id": "lamp", "name": "Lamp", "mac": "", "version": version,
            "platform": "", "board": "", "proto": 1,
            "features": [], "epoch": "5f3a91c2", "uptime_ms": 1,
        });
        Report::Info(Box::new(
            serde_json::from_value::<DeviceInfo>(info).expect("an info"),
        ))
    };
    let refused = |method: &str, code| {
        let outcome = Outcome::Refused(RpcError::new(code, "no", "no"));
        Report::CommandDone {
            id: CommandId(1),
            component: None,
            method: method.to_owned(),
            params: Object::new(),
            outcome,
            trail: Trail::default(),
        }
    };
    state.apply(now(), info("1.0.0"));
    state.apply(now(), refused(method::DEVICE_REBOOT, Code::Busy));
    state.apply(now(), refused("Fan.Set", Code::MethodNotFound));
    assert!(
        state.view().lacking.is_empty(),
        "only optional methods, and only if the board reports them missing"
    );
    state.apply(
        now(),
        refused(method::DEVICE_IDENTIFY, Code::MethodNotFound),
    );
    state.apply(now(), info("1.0.0"));
    assert!(
        state.view().lacks(method::DEVICE_IDENTIFY) && !state.view().lacks(method::DEVICE_REBOOT)
    );
    state.apply(now(), info("1.1.0"));
    assert!(!state.view().lacks(method::DEVICE_IDENTIFY));
}

#[test]
fn an_announcement_tells_whether_a_board_is_locked_only_until_it_was_connected_to() {
    let announcement = |locked: bool| Announcement {
        id: "lamp-1".into(),
        mac: String::new(),
        friendly_name: "Lamp".into(),
        version: "1".into(),
        platform: String::new(),
        board: String::new(),
        proto: 1,
        path: "/rpc".into(),
        api_encryption: locked.then(|| noise::SUITE.into()),
    };
    let mut state = state();
    state.announced(Instant::now(), announcement(true), true);
    assert_eq!(state.view().lock(), Lock::NoKey);
    state.apply(now(), Report::Open);
    state.announced(Instant::now(), announcement(true), true);
    assert_eq!(state.view().lock(), Lock::Open);
    state.apply(now(), Report::Locked("lamp-1".to_owned()));
    state.announced(Instant::now(), announcement(false), true);
    assert_eq!(state.view().lock(), Lock::NoKey);
}

#[test]
fn a_password_counts_as_a_key_until_it_is_forgotten_or_not_asked_for() {
    let mut state = state();
    state.apply(now(), Report::Family(Family::Shelly));
    state.apply(now(), Report::Locked("shelly-1".into()));
    assert_eq!(state.view().lock(), Lock::NoKey);
    let password = Password::new("shelly-1", "open sesame").unwrap();
    assert!(state.set_keys(password.into()));
    assert_eq!(state.view().lock(), Lock::Unlocked(Role::Control));
    assert!(state.view().held.is_some());
    state.apply(now(), Report::Link(LinkState::Connected));
    state.apply(now(), Report::Open);
    assert_eq!(state.view().lock(), Lock::Open);
    state.apply(now(), Report::Locked("shelly-1".into()));
    assert!(state.set_keys(Keys::default()));
    assert_eq!(state.view().lock(), Lock::NoKey);
}

#[test]
fn setting_the_clock_leaves_a_gap_after_which_the_value_goes_on() {
    let mut state = state();
    let later = Now {
        wall: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(60),
        ..now()
    };
    state.clock_was_set(later);
    let seconds = later
        .wall
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    let history = &state.view().components[0].history;
    let buckets = history.between(0.0, 90.0, 90.0);
    let seen: Vec<_> = buckets
        .iter()
        .map(|bucket| (bucket.from, bucket.to, bucket.is_gap()))
        .collect();
    assert_eq!(
        seen,
        [
            (0.0, seconds, false),
            (seconds, seconds, true),
            (seconds, 90.0, false)
        ]
    );
    state.apply(later, snapshot(true));
    assert_eq!(
        state.view().components[0]
            .history
            .last()
            .map(|last| last.value),
        Some(1.0)
    );
}

#[test]
fn a_command_for_an_unknown_component_does_not_create_it() {
    let mut state = state();
    let component = ComponentKey::new(Kind::Switch, 99);
    let control = Report::Pending {
        component: component.clone(),
        wanted: None,
        since: Some(Instant::now()),
    };
    state.apply(now(), control);
    let outcome = Outcome::Refused(RpcError::new(Code::NotFound, "not_found", "no switch:99"));
    let (id, method) = (CommandId(1), "Switch.Toggle".to_owned());
    let log = state.apply(
        now(),
        Report::CommandDone {
            id,
            component: Some(component),
            method,
            params: Object::new(),
            outcome,
            trail: Trail::default(),
        },
    );
    assert_eq!((state.view().components.len(), log.len()), (1, 1));
}

#[test]
fn boards_of_other_families_have_the_web_page_that_they_state() {
    let mut state = state();
    assert_eq!(state.view().web_page(), None, "ours have none");
    state.apply(now(), Report::Family(Family::Wled));
    let page = state.view().web_page();
    assert_eq!(page.as_deref(), Some("http://10.0.0.7/"));
    state.set_address("10.0.0.7:6053".to_owned());
    state.apply(now(), Report::Family(Family::Esphome));
    assert_eq!(state.view().web_page(), None, "it states none");
    let info = serde_json::json!({
        "id": "esphome-1", "name": "Desk", "mac": "", "version": "", "platform": "esphome",
        "board": "", "proto": 1, "epoch": "00000001", "uptime_ms": 0, "webserver_port": 8080,
    });
    let info = serde_json::from_value(info).unwrap();
    state.apply(now(), Report::Info(Box::new(info)));
    let page = state.view().web_page();
    assert_eq!(page.as_deref(), Some("http://10.0.0.7:8080/"));
}

#[test]
fn an_open_board_of_ours_has_a_control_page() {
    let mut state = state();
    let page = |state: &BoardState| state.view().control_page();
    assert_eq!(page(&state), None, "it may be locked");
    state.apply(now(), Report::Open);
    assert_eq!(page(&state).as_deref(), Some("http://10.0.0.7/"));
    state.set_address("[fe80::1]:8080".to_owned());
    assert_eq!(page(&state).as_deref(), Some("http://[fe80::1]:8080/"));
    state.apply(now(), Report::Locked("sb-1".to_owned()));
    assert_eq!(page(&state), None);
    state.apply(now(), Report::Open);
    state.apply(now(), Report::Family(Family::Wled));
    assert_eq!(page(&state), None);
}
