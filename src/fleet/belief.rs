//! Turns what a session reports into what is believed about a board. Sends
//! nothing and knows neither sockets nor faces.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Instant, SystemTime},
};

use protocol::{Code, ComponentKey, Descriptor, Event, Kind, State, mdns::Announcement, method};
use serde_json::Value;

use super::{
    BoardKey, BoardView, CommandState, ComponentView, IdClaim, KnownBoard, LastEvent, LinkState,
    LogEvent, Origin, Outcome, Sample, descriptors::Descriptors,
};
use crate::{
    address::{Address, Candidates},
    keys::Keys,
    link::{session::Report, state::Now},
    redact::redacted,
};
use sanitize::bounds;

/// What of every board's own methods one may do without (docs/protocol.md,
/// "Methods").
const DISPENSABLE: [&str; 3] = [
    method::DEVICE_IDENTIFY,
    method::DEVICE_SET_NAME,
    method::DEVICE_REBOOT,
];

/// What is believed about one board.
pub(crate) struct Belief {
    view: Arc<BoardView>,
    keys: Keys,
    /// The last link state that was logged: a board that cannot be reached is
    /// not logged at every attempt.
    logged: Option<LinkState>,
    /// Whether it is locked was seen on a connection.
    lock_known: bool,
}

/// What happened and when, in this computer's time.
pub(crate) type Logged = Vec<(SystemTime, LogEvent)>;

impl Belief {
    pub(crate) fn new(now: Instant, key: BoardKey, addresses: Candidates, by_hand: bool) -> Self {
        let address = addresses.first().unwrap_or_default();
        let view = BoardView {
            key,
            id: None,
            name: address.clone(),
            address,
            addresses,
            by_hand,
            given: None,
            caller: None,
            only_calls: false,
            claims: Vec::new(),
            announcement: None,
            info: None,
            locked: None,
            held: None,
            link: LinkState::Announced,
            link_since: now,
            round_trip: None,
            health: Arc::default(),
            last_heard: None,
            booted: None,
            client: None,
            components: Vec::new(),
            update: None,
            lacking: BTreeSet::new(),
            frames: Arc::default(),
        };
        Self {
            view: Arc::new(view),
            keys: Keys::default(),
            logged: None,
            lock_known: false,
        }
    }

    pub(crate) fn view(&self) -> &Arc<BoardView> {
        &self.view
    }

    pub(super) fn announced(&mut self, now: Instant, announcement: Announcement) {
        let view = Arc::make_mut(&mut self.view);
        view.id.get_or_insert_with(|| announcement.id.clone());
        // What the board said itself outweighs what anyone can announce of it.
        if view.info.is_none() {
            let before = view.announcement.as_ref();
            let renamed =
                before.is_none_or(|(old, _)| old.friendly_name != announcement.friendly_name);
            let name = bounds::name(&announcement.friendly_name);
            if renamed && !name.is_empty() {
                view.name = name;
            }
        }
        // Anyone can announce anything: it counts only until the board itself
        // was spoken with.
        if !self.lock_known {
            view.locked = Some(announcement.api_encryption.is_some());
        }
        view.announcement = Some((Arc::new(announcement), now));
        self.find_key();
    }

    /// These keys are held from now on; whether that changes what is believed
    /// of this board.
    pub(super) fn keys(&mut self, keys: Keys) -> bool {
        self.keys = keys;
        self.find_key()
    }

    fn find_key(&mut self) -> bool {
        let key = self
            .view
            .id
            .as_ref()
            .and_then(|id| self.keys.get(id))
            .map(|key| (key.kid, key.role));
        let news = key != self.view.held;
        if news {
            Arc::make_mut(&mut self.view).held = key;
        }
        news
    }

    pub(super) fn withdrawn(&mut self) {
        Arc::make_mut(&mut self.view).announcement = None;
    }

    /// The link goes to this address.
    pub(super) fn goes_to(&mut self, address: String) {
        let view = Arc::make_mut(&mut self.view);
        view.address = address;
        view.only_calls = false;
    }

    /// It may be at these addresses.
    pub(super) fn may_be_at(&mut self, addresses: &Candidates) {
        if self.view.addresses != *addresses {
            Arc::make_mut(&mut self.view).addresses = addresses.clone();
        }
    }

    /// Its address is not one to connect to: nothing is known of it but that it
    /// calls.
    pub(super) fn only_calls(&mut self, id: String, from: IpAddr) {
        let view = Arc::make_mut(&mut self.view);
        view.only_calls = true;
        view.address = from.to_string();
        // Until it says what it is called.
        view.name.clone_from(&id);
        view.id = Some(id);
        self.find_key();
    }

    /// The present link comes from here; `None` where the board did not make
    /// it.
    pub(super) fn called_from(&mut self, caller: Option<SocketAddr>) {
        let view = Arc::make_mut(&mut self.view);
        view.caller = caller;
        if let (true, Some(caller)) = (view.only_calls, caller) {
            view.address = caller.ip().to_string();
        }
    }

    pub(super) fn recall(&mut self, known: &KnownBoard) {
        let view = Arc::make_mut(&mut self.view);
        view.id = known.id.clone().map(bounds::text);
        if !known.name.is_empty() {
            view.name = bounds::name(&known.name);
        }
        self.find_key();
    }

    /// A person gave this address.
    pub(super) fn given(&mut self, address: Address) {
        let view = Arc::make_mut(&mut self.view);
        view.by_hand = true;
        view.given = Some(address);
    }

    /// Another peer, met at this address, claims this board's id while the
    /// board's own link works. Each host is told of once.
    pub(super) fn claimed(&mut self, now: Now, address: String) -> Logged {
        if self.knows_claim(&address) || self.view.claims.len() >= BoardView::CLAIMS {
            return Vec::new();
        }
        Arc::make_mut(&mut self.view).claims.push(IdClaim {
            address: address.clone(),
            at: now.wall,
        });
        vec![(now.wall, LogEvent::IdClaimed(address))]
    }

    /// Whether the person was told of this claim: a host that announces or
    /// connects from another port each time is one.
    pub(super) fn knows_claim(&self, address: &str) -> bool {
        self.view.claims.iter().any(|claim| {
            claim.address == address
                || (host(address).is_some() && host(address) == host(&claim.address))
        })
    }

    /// This board's id is no longer claimed at this address.
    pub(super) fn claim_withdrawn(&mut self, address: &str) {
        if self
            .view
            .claims
            .iter()
            .any(|claim| claim.address == address)
        {
            Arc::make_mut(&mut self.view)
                .claims
                .retain(|claim| claim.address != address);
        }
    }

    pub(super) fn heard(&mut self, now: Instant) {
        Arc::make_mut(&mut self.view).last_heard = Some(now);
    }

    /// Believes a report; what of it belongs in the log.
    pub(crate) fn apply(&mut self, now: Now, report: Report) -> Logged {
        match report {
            Report::Link(link) => return self.link(now, link),
            Report::Greeted(id) => {
                self.lock_known = true;
                let view = Arc::make_mut(&mut self.view);
                view.locked = Some(true);
                view.id = Some(id);
                self.find_key();
            }
            Report::Open => {
                self.lock_known = true;
                Arc::make_mut(&mut self.view).locked = Some(false);
            }
            // These are for who knows the other boards too.
            Report::Answered | Report::Claimed(_) => {}
            Report::Info(info) => {
                let view = Arc::make_mut(&mut self.view);
                view.id = Some(info.id.clone());
                if !info.name.is_empty() {
                    view.name.clone_from(&info.name);
                }
                if view
                    .info
                    .as_ref()
                    .is_some_and(|before| before.version != info.version || before.id != info.id)
                {
                    view.lacking.clear();
                }
                view.info = Some(Arc::from(info));
                self.find_key();
            }
            Report::Components(descriptors) => self.describe(descriptors),
            Report::Snapshot {
                client,
                components,
                at,
            } => {
                Arc::make_mut(&mut self.view).client = client;
                for (key, state) in components {
                    let Some(component) = self.component(&key) else {
                        continue;
                    };
                    if component.reported != state {
                        // Who changed it while nobody listened is not known.
                        component.changed = None;
                    }
                    component.reported = state;
                    sample(component, at);
                }
            }
            Report::Changed {
                components,
                origin,
                at,
                late,
            } => {
                return components
                    .into_iter()
                    .filter_map(|(key, change)| {
                        self.change(&key, &change, &origin, at)?;
                        let origin = origin.clone();
                        Some((
                            at,
                            LogEvent::Changed {
                                component: key,
                                change,
                                origin,
                                late,
                            },
                        ))
                    })
                    .collect();
            }
            Report::Events {
                events,
                origin,
                at,
                late,
            } => {
                return events
                    .into_iter()
                    .map(
                        |Event {
                             component, event, ..
                         }| {
                            let origin = origin.clone();
                            if let Some(shown) = self.known(&component) {
                                let name = event.clone();
                                shown.last_event = Some(Box::new(LastEvent {
                                    name,
                                    at,
                                    origin: origin.clone(),
                                }));
                            }
                            (
                                at,
                                LogEvent::Event {
                                    component,
                                    event,
                                    origin,
                                    late,
                                },
                            )
                        },
                    )
                    .collect();
            }
            Report::Log { lost, lines } => {
                let lost = (lost > 0).then_some((now.wall, LogEvent::LogLost(lost)));
                // A board may log an address that it was given, with what is
                // secret in it.
                let lines = lines.into_iter().map(|(at, level, message)| {
                    let message = redacted(&message).into_owned();
                    (at, LogEvent::Log { level, message })
                });
                return lost.into_iter().chain(lines).collect();
            }
            Report::NoLog(error) => return vec![(now.wall, LogEvent::NoLog(error))],
            Report::Unreadable(value) => return vec![(now.wall, LogEvent::Unreadable(value))],
            Report::Update(state) => Arc::make_mut(&mut self.view).update = Some(state),
            Report::Resync(cause) => return vec![(now.wall, LogEvent::Resync(cause))],
            Report::RoundTrip { took, booted } => {
                let view = Arc::make_mut(&mut self.view);
                view.round_trip = Some(took);
                Arc::make_mut(&mut view.health).round_trip(now.wall, took);
                view.booted = booted.or(view.booted);
            }
            Report::Control {
                component,
                wanted,
                pending_since,
            } => {
                if let Some(component) = self.known(&component) {
                    component.wanted = wanted;
                    if let Some(since) = pending_since {
                        component.command = CommandState::Pending { since };
                    } else if matches!(component.command, CommandState::Pending { .. }) {
                        component.command = CommandState::Idle;
                    }
                }
            }
            Report::Settled {
                component,
                method,
                outcome,
                ..
            } => {
                if let Some(component) = component.as_ref().and_then(|key| self.known(key)) {
                    settle(component, now.instant, &outcome);
                }
                if let Outcome::Refused(error) = &outcome
                    && error.code == Code::MethodNotFound
                    && let Some(lacked) = DISPENSABLE.into_iter().find(|one| *one == method)
                {
                    Arc::make_mut(&mut self.view).lacking.insert(lacked);
                }
                // A dragged slider replaces its own commands many times a
                // second: that is nothing to tell. Nor is who looks at the list
                // of clients, which the window does once a second.
                let looked =
                    method == method::CLIENTS_LIST && matches!(outcome, Outcome::Done { .. });
                if outcome != Outcome::Superseded && !looked {
                    let outcome = without_key(&method, outcome);
                    return vec![(
                        now.wall,
                        LogEvent::Command {
                            component,
                            method,
                            outcome,
                        },
                    )];
                }
            }
        }
        Vec::new()
    }

    /// The system's clock was set: what is read before and after that is not
    /// one stretch of time.
    pub(super) fn clock_was_set(&self, now: Now) {
        for component in &self.view.components {
            let Some(last) = component.history.last().filter(|last| !last.value.is_nan()) else {
                continue;
            };
            component.history.push(Sample {
                at: now.wall,
                value: f64::NAN,
            });
            component.history.push(Sample {
                at: now.wall,
                value: last.value,
            });
        }
    }

    fn link(&mut self, now: Now, link: LinkState) -> Logged {
        let view = Arc::make_mut(&mut self.view);
        let was_up = matches!(view.link, LinkState::Connected | LinkState::Stale);
        Arc::make_mut(&mut view.health).link(now.wall, &link);
        view.link = link.clone();
        view.link_since = now.instant;
        if was_up && !matches!(link, LinkState::Connected | LinkState::Stale) {
            view.round_trip = None;
            for component in &view.components {
                if component
                    .history
                    .last()
                    .is_some_and(|last| !last.value.is_nan())
                {
                    component.history.push(Sample {
                        at: now.wall,
                        value: f64::NAN,
                    });
                }
            }
        }
        let news = match (&link, &self.logged) {
            (LinkState::Announced | LinkState::Connecting, _) => false,
            (
                LinkState::Unreachable { problem, .. },
                Some(LinkState::Unreachable {
                    problem: before, ..
                }),
            ) => problem != before,
            (link, before) => before.as_ref() != Some(link),
        };
        if !news {
            return Vec::new();
        }
        self.logged = Some(link.clone());
        vec![(now.wall, LogEvent::Link(link))]
    }

    /// Takes over a new list, and keeps what is known of the components that
    /// are still there.
    fn describe(&mut self, descriptors: Vec<Descriptor>) {
        let view = Arc::make_mut(&mut self.view);
        let mut known: BTreeMap<_, _> = std::mem::take(&mut view.components)
            .into_iter()
            .map(|c| (c.descriptor.key.clone(), c))
            .collect();
        for descriptor in descriptors {
            let key = descriptor.key.clone();
            if place(&view.components, &key).is_some() {
                continue;
            }
            let component = match known.remove(&key) {
                Some(mut component) => {
                    if *component.descriptor != descriptor {
                        Arc::make_mut(&mut component).descriptor = Arc::new(descriptor);
                    }
                    component
                }
                None => Arc::new(blank(descriptor)),
            };
            view.components.push(component);
        }
    }

    /// Holds descriptions that other boards have too once.
    pub(super) fn share(&mut self, descriptors: &Descriptors) {
        for component in &mut Arc::make_mut(&mut self.view).components {
            let shared = descriptors.share(&component.descriptor);
            if !Arc::ptr_eq(&shared, &component.descriptor) {
                Arc::make_mut(component).descriptor = shared;
            }
        }
    }

    fn change(
        &mut self,
        key: &ComponentKey,
        change: &State,
        origin: &Origin,
        at: SystemTime,
    ) -> Option<()> {
        let component = self.component(key)?;
        let mut reported = component.reported.clone();
        reported.merge(change);
        if !bounds::fits(&reported) {
            return None;
        }
        component.reported = reported;
        component.changed = Some((at, origin.clone()));
        sample(component, at);
        Some(())
    }

    /// A component to be changed, where the board has it: a command for one
    /// that it has not makes none.
    fn known(&mut self, key: &ComponentKey) -> Option<&mut ComponentView> {
        let at = place(&self.view.components, key)?;
        Arc::make_mut(&mut self.view)
            .components
            .get_mut(at)
            .map(Arc::make_mut)
    }

    /// A component to be changed; one that the board has not described is made
    /// up from its key.
    fn component(&mut self, key: &ComponentKey) -> Option<&mut ComponentView> {
        let view = Arc::make_mut(&mut self.view);
        let at = match place(&view.components, key) {
            Some(at) => at,
            None if view.components.len() >= bounds::COMPONENTS => return None,
            None => {
                let mut descriptor = Descriptor::new(key.kind.clone(), key.id, "");
                descriptor.name = bounds::text(key.to_string());
                view.components.push(Arc::new(blank(descriptor)));
                view.components.len() - 1
            }
        };
        view.components.get_mut(at).map(Arc::make_mut)
    }
}

/// The host of an address that is not this computer: there every board may be
/// on a port of its own.
fn host(address: &str) -> Option<std::net::IpAddr> {
    let host = address.parse::<SocketAddr>().ok()?.ip();
    (!host.is_loopback()).then_some(host)
}

/// Where a component is. Boards have a few: a table of where each is would take
/// more time and room than to look.
fn place(components: &[Arc<ComponentView>], key: &ComponentKey) -> Option<usize> {
    components
        .iter()
        .position(|component| component.descriptor.key == *key)
}

fn blank(descriptor: Descriptor) -> ComponentView {
    ComponentView {
        descriptor: Arc::new(descriptor),
        reported: State::new(),
        wanted: None,
        command: CommandState::Idle,
        changed: None,
        last_event: None,
        history: Arc::default(),
    }
}

fn settle(component: &mut ComponentView, at: Instant, outcome: &Outcome) {
    component.command = match outcome {
        Outcome::Done { took, .. } => CommandState::Confirmed { took: *took, at },
        Outcome::Refused(error) => CommandState::Refused {
            error: Box::new(error.clone()),
            at,
        },
        Outcome::Unconfirmed | Outcome::LinkLost => CommandState::Unconfirmed { at },
        Outcome::NotConnected | Outcome::Superseded => return,
    };
}

/// A key that a board made is for who asked for it, not for the log.
fn without_key(method: &str, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Done { took, .. } if method == method::KEYS_ADD => Outcome::Done {
            result: Value::Null,
            took,
        },
        outcome => outcome,
    }
}

fn sample(component: &ComponentView, at: SystemTime) {
    let state = &component.reported;
    let value = match component.descriptor.kind {
        Kind::Switch | Kind::BinarySensor | Kind::Light => {
            state.on().map(|on| f64::from(u8::from(on)))
        }
        Kind::Sensor | Kind::Number => state.number(),
        Kind::Select | Kind::Text | Kind::Button | Kind::Update => return,
        Kind::Unknown(_) => state
            .number()
            .or_else(|| state.on().map(|on| f64::from(u8::from(on)))),
    };
    if value.is_none() && component.history.last().is_none() {
        return;
    }
    component.history.push(Sample {
        at,
        value: value.unwrap_or(f64::NAN),
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use protocol::{DeviceInfo, RpcError};

    use super::*;
    use crate::{fleet::view::Lock, link::commands::Ticket};

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
    fn belief() -> Belief {
        let mut belief = Belief::new(
            Instant::now(),
            BoardKey(1),
            Candidates::given("10.0.0.7:80".parse().unwrap()),
            true,
        );
        belief.apply(
            now(),
            Report::Components(vec![Descriptor::new(Kind::Light, 0, "Lamp")]),
        );
        belief.apply(now(), snapshot(false));
        belief
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
    fn what_a_person_gave_is_remembered_whatever_is_announced_since() {
        let mut belief = belief();
        belief.given("10.0.0.7:80".parse().unwrap());
        belief.goes_to("203.0.113.7:80".to_owned());
        assert!(belief.view().is_worth_remembering());
        assert_eq!(belief.view().address_to_remember(), "10.0.0.7:80");
    }

    #[test]
    fn who_changed_what_was_found_changed_after_a_gap_is_not_known() {
        let mut belief = belief();
        let components = BTreeMap::from([(light(), State::new().with("on", true))]);
        let (origin, at) = (Origin::ByHand, SystemTime::UNIX_EPOCH);
        belief.apply(
            now(),
            Report::Changed {
                components,
                origin,
                at,
                late: None,
            },
        );
        belief.apply(now(), snapshot(true));
        assert!(
            belief.view().components[0].changed.is_some(),
            "nothing else was found"
        );
        belief.apply(now(), snapshot(false));
        assert_eq!(belief.view().components[0].changed, None);
    }

    #[test]
    fn a_method_that_the_board_has_not_is_remembered_until_it_has_another_firmware() {
        let mut belief = belief();
        let info = |version: &str| {
            let info = serde_json::json!({
                "id": "lamp", "name": "Lamp", "mac": "", "version": version, "platform": "", "board": "", "proto": 1,
                "features": [], "epoch": "5f3a91c2", "uptime_ms": 1,
            });
            Report::Info(Box::new(
                serde_json::from_value::<DeviceInfo>(info).expect("an info"),
            ))
        };
        let refused = |method: &str, code| {
            let outcome = Outcome::Refused(RpcError::new(code, "no", "no"));
            Report::Settled {
                ticket: Ticket(1),
                component: None,
                method: method.to_owned(),
                outcome,
            }
        };
        belief.apply(now(), info("1.0.0"));
        belief.apply(now(), refused(method::DEVICE_REBOOT, Code::Busy));
        belief.apply(now(), refused("Fan.Set", Code::MethodNotFound));
        assert!(
            belief.view().lacking.is_empty(),
            "only what a board may do without, and only where it says so"
        );
        belief.apply(
            now(),
            refused(method::DEVICE_IDENTIFY, Code::MethodNotFound),
        );
        belief.apply(now(), info("1.0.0"));
        assert!(
            belief.view().lacks(method::DEVICE_IDENTIFY)
                && !belief.view().lacks(method::DEVICE_REBOOT)
        );
        belief.apply(now(), info("1.1.0"));
        assert!(!belief.view().lacks(method::DEVICE_IDENTIFY));
    }

    #[test]
    fn an_announcement_says_whether_a_board_is_locked_only_until_it_was_spoken_with() {
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
        let mut belief = belief();
        belief.announced(Instant::now(), announcement(true));
        assert_eq!(belief.view().lock(), Lock::NoKey);
        belief.apply(now(), Report::Open);
        belief.announced(Instant::now(), announcement(true));
        assert_eq!(belief.view().lock(), Lock::Open);
        belief.apply(now(), Report::Greeted("lamp-1".to_owned()));
        belief.announced(Instant::now(), announcement(false));
        assert_eq!(belief.view().lock(), Lock::NoKey);
    }

    #[test]
    fn a_clock_that_is_set_leaves_a_gap_after_which_the_value_goes_on() {
        let mut belief = belief();
        let later = Now {
            wall: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(60),
            ..now()
        };
        belief.clock_was_set(later);
        let seconds = later
            .wall
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64());
        let history = &belief.view().components[0].history;
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
        belief.apply(later, snapshot(true));
        assert_eq!(
            belief.view().components[0]
                .history
                .last()
                .map(|last| last.value),
            Some(1.0)
        );
    }

    #[test]
    fn a_command_for_a_component_that_the_board_has_not_makes_none() {
        let mut belief = belief();
        let component = ComponentKey::new(Kind::Switch, 99);
        let control = Report::Control {
            component: component.clone(),
            wanted: None,
            pending_since: Some(Instant::now()),
        };
        belief.apply(now(), control);
        let outcome = Outcome::Refused(RpcError::new(Code::NotFound, "not_found", "no switch:99"));
        let (ticket, method) = (Ticket(1), "Switch.Toggle".to_owned());
        let log = belief.apply(
            now(),
            Report::Settled {
                ticket,
                component: Some(component),
                method,
                outcome,
            },
        );
        assert_eq!((belief.view().components.len(), log.len()), (1, 1));
    }
}
