//! What of a board is sent to one session: what changed since it was sent last,
//! and of what is not shown only the newest.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fleet::{BoardKey, BoardView, CommandState, ComponentView, Following, Health};
use web_time::{Instant, SystemTime};

use super::acts::Acts;
use crate::wire::{
    self, Ago, BoardPart, Command, ComponentPart, Components, Head, Json, Past,
    board::{Announcement, Link, Preview, sent, sent_event},
};

/// What a session has of each board.
#[derive(Default)]
pub(super) struct Sent {
    boards: HashMap<BoardKey, SentBoard>,
    /// The boards whose frames are followed, and the next frame of each.
    pub(super) following: BTreeMap<BoardKey, (Following, u64)>,
}

struct SentBoard {
    view: Arc<BoardView>,
    health: Option<Arc<Health>>,
    /// Whether the past of its values was sent.
    past: bool,
    /// The newest value of each component.
    until: Vec<Option<SystemTime>>,
}

/// For whom and when a part is made.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) session: u32,
    pub(super) acts: &'a Acts,
    pub(super) now: Instant,
    /// Whether the board's components are shown.
    pub(super) shown: bool,
    /// Whether the board's round trips are shown.
    pub(super) health: bool,
}

impl Sent {
    /// A board was removed; whether the session had it.
    pub(super) fn forget(&mut self, board: BoardKey) -> bool {
        self.following.remove(&board);
        self.boards.remove(&board).is_some()
    }

    /// Whether the past of a board's values was sent.
    pub(super) fn has_past(&self, board: BoardKey) -> bool {
        self.boards.get(&board).is_some_and(|sent| sent.past)
    }

    /// The part of a board that the session does not have.
    pub(super) fn part(&mut self, view: &Arc<BoardView>, asked: Asked<'_>) -> BoardPart {
        let before = self.boards.remove(&view.key);
        let head = before
            .as_ref()
            .is_none_or(|sent| head_differs(&sent.view, view))
            .then(|| Box::new(head(view, asked.now)));
        let same_components = before.as_ref().is_some_and(|sent| {
            let keys = |board: &BoardView| board.components.len();
            keys(&sent.view) == keys(view)
                && sent
                    .view
                    .components
                    .iter()
                    .zip(&view.components)
                    .all(|(old, new)| old.descriptor.key == new.descriptor.key)
        });
        let had_past = before.as_ref().is_some_and(|sent| sent.past);
        let past = asked.shown && !(had_past && same_components);
        let mut until = match &before {
            Some(sent) if same_components => sent.until.clone(),
            _ => vec![None; view.components.len()],
        };
        let parts = view.components.iter().zip(&mut until).enumerate();
        let components = parts.filter_map(|(at, (component, until))| {
            let old = before
                .as_ref()
                .filter(|_| same_components)
                .and_then(|sent| sent.view.components.get(at));
            if !past && old.is_some_and(|old| Arc::ptr_eq(old, component)) {
                return None;
            }
            let part = component_part(view, component, old, past, until, asked);
            Some((u16::try_from(at).ok()?, part))
        });
        let components = match same_components {
            true => Components::Some(components.collect()),
            false => Components::All(components.map(|(_, part)| part).collect()),
        };
        let had_health = before.as_ref().and_then(|sent| sent.health.clone());
        let new_health = |had: &Arc<Health>| !Arc::ptr_eq(had, &view.health);
        let health = (asked.health && had_health.as_ref().is_none_or(new_health))
            .then(|| (*view.health).clone());
        let had_preview = before.as_ref().and_then(|sent| sent.view.preview.clone());
        let preview = (had_preview != view.preview).then(|| {
            let preview = view.preview.as_ref();
            preview.map(|preview| Preview::new(preview, asked.now))
        });
        let frames = self.frames(view.key);
        let sent = SentBoard {
            view: Arc::clone(view),
            health: match health {
                Some(_) => Some(Arc::clone(&view.health)),
                None => had_health,
            },
            past: past || had_past,
            until,
        };
        self.boards.insert(view.key, sent);
        BoardPart {
            board: view.key.0,
            head,
            round_trip: view.round_trip,
            last_heard: view.last_heard.map(|at| Ago::of(at, asked.now)),
            health,
            components,
            preview,
            frames,
        }
    }

    /// The new frames of a board that is followed.
    fn frames(&mut self, board: BoardKey) -> Vec<wire::board::Frame> {
        let Some((following, next)) = self.following.get_mut(&board) else {
            return Vec::new();
        };
        let frames = following.frames().since(*next);
        if let Some(last) = frames.last() {
            *next = last.number + 1;
        }
        frames.iter().map(|frame| (&**frame).into()).collect()
    }
}

/// What of a component is sent.
fn component_part(
    board: &BoardView,
    component: &ComponentView,
    old: Option<&Arc<ComponentView>>,
    past: bool,
    until: &mut Option<SystemTime>,
    asked: Asked<'_>,
) -> ComponentPart {
    let key = &component.descriptor.key;
    let descriptor = old
        .is_none_or(|old| !Arc::ptr_eq(&old.descriptor, &component.descriptor))
        .then(|| Json((*component.descriptor).clone()));
    // Only the session that gave a command is shown its progress.
    let began = match &component.command {
        CommandState::Idle => None,
        CommandState::Pending { since } => Some(*since),
        CommandState::Confirmed { at, .. }
        | CommandState::Unconfirmed { at }
        | CommandState::Refused { at, .. } => Some(*at),
    };
    let own = began.is_some() && asked.acts.is_last(board.key, key, asked.session);
    let mut samples: Vec<_> = match past {
        true => Vec::new(),
        false => component.history.after(*until),
    };
    // Some may have been aggregated already.
    let past = past || (until.is_some() && samples.len() == component.history.recent_len());
    if past {
        samples.clear();
    }
    if until.is_none() {
        // Of what is not shown, only the newest.
        samples = samples.split_off(samples.len().saturating_sub(1));
    }
    let recent = past.then(|| Past::of(&component.history));
    *until = component.history.last().map(|last| last.at).or(*until);
    let changed = component.changed.as_ref().map(|(at, origin)| {
        let origin = asked
            .acts
            .origin(board.key, key, *at, origin, asked.session);
        ((*at).into(), origin)
    });
    ComponentPart {
        descriptor,
        reported: Json(component.reported.clone()),
        wanted: component.wanted.clone().filter(|_| own).map(Json),
        command: match own {
            true => Command::new(&component.command, asked.now),
            false => Command::Idle,
        },
        changed,
        last_event: component.last_event.as_deref().map(sent_event),
        past: recent,
        samples: samples.into_iter().map(sent).collect(),
    }
}

/// Whether anything of [`Head`] differs.
fn head_differs(old: &BoardView, new: &BoardView) -> bool {
    let arc =
        |old: &Option<Arc<protocol::DeviceInfo>>, new: &Option<Arc<protocol::DeviceInfo>>| match (
            old, new,
        ) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
    let announced = |view: &BoardView| view.announcement.as_ref().map(|(_, at)| *at);
    old.id != new.id
        || old.family != new.family
        || old.name != new.name
        || old.address != new.address
        || old.addresses != new.addresses
        || old.by_hand != new.by_hand
        || old.given != new.given
        || old.via != new.via
        || old.inbound_from != new.inbound_from
        || old.inbound_only != new.inbound_only
        || old.claims != new.claims
        || announced(old) != announced(new)
        || !arc(&old.info, &new.info)
        || old.locked != new.locked
        || old.held != new.held
        || old.link != new.link
        || old.link_since != new.link_since
        || old.booted != new.booted
        || old.client != new.client
        || old.update != new.update
        || old.lacking != new.lacking
}

fn head(view: &BoardView, now: Instant) -> Head {
    Head {
        id: view.id.as_deref().map(str::to_owned),
        family: view.family.to_string(),
        name: view.name.to_string(),
        address: view.address.to_string(),
        addresses: view.addresses.texts(),
        by_hand: view.by_hand,
        given: view.given.as_ref().map(ToString::to_string),
        via: view.via.as_ref().map(|via| {
            let bridge = via.bridge.as_ref();
            let bridge = bridge.map(|bridge| (bridge.site.clone(), bridge.name.clone()));
            (via.broker.to_string(), bridge)
        }),
        inbound_from: view.inbound_from.map(|from| from.to_string()),
        inbound_only: view.inbound_only,
        claims: view
            .claims
            .iter()
            .map(|claim| (claim.address.clone(), claim.at.into()))
            .collect(),
        announcement: view.announcement.as_ref().map(|(announcement, at)| {
            let of = &**announcement;
            let sent = Announcement {
                id: of.id.clone(),
                mac: of.mac.clone(),
                friendly_name: of.friendly_name.clone(),
                version: of.version.clone(),
                platform: of.platform.clone(),
                board: of.board.clone(),
                proto: of.proto,
                path: of.path.clone(),
                api_encryption: of.api_encryption.clone(),
            };
            (sent, Ago::of(*at, now))
        }),
        info: view.info.as_ref().map(|info| Json((**info).clone())),
        locked: view.locked,
        held: view
            .held
            .map(|(id, role)| (id.0, role == keys::Role::Control)),
        link: Link::new(&view.link, now),
        link_since: Ago::of(view.link_since, now),
        booted: view.booted.map(Into::into),
        client: view.client,
        update: view.update.clone().map(Json),
        lacking: view.lacking.iter().map(ToString::to_string).collect(),
    }
}
