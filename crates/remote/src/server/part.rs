//! What of a board is sent to one session: what changed since it was sent last,
//! and of what is not shown only the newest.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fleet::{BoardKey, BoardView, CommandState, ComponentView, Following, Health, History};
use web_time::{Instant, SystemTime};

use super::acts::Acts;
use crate::wire::{
    self, Ago, BoardPart, Command, ComponentPart, Components, Head, Json, Past, Time,
    board::{Link, Preview, sent, sent_event},
};

/// How many bytes of values a part has, before the last component's: it would
/// be too long with those of hundreds of components.
const VALUES: usize = 128 << 10;

/// How many bytes of frames a part has, before the last one.
const FRAMES: usize = 64 << 10;

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
    /// The values of each component.
    values: Vec<SentValues>,
}

/// Which values of a component a session has.
#[derive(Clone, Copy, Default)]
struct SentValues {
    /// The time of the newest.
    until: Option<SystemTime>,
    /// Whether the past was sent.
    past: bool,
    /// Whether there are more, for which a message had no room.
    wait: bool,
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
        let sent = self.boards.get(&board);
        sent.is_some_and(|sent| sent.values.iter().all(|values| values.past))
    }

    /// The part of a board that the session does not have, and whether there is
    /// more, for another message.
    pub(super) fn part(&mut self, view: &Arc<BoardView>, asked: Asked<'_>) -> (BoardPart, bool) {
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
        let mut values = match &before {
            Some(sent) if same_components => sent.values.clone(),
            _ => vec![SentValues::default(); view.components.len()],
        };
        let mut room = VALUES;
        let parts = view.components.iter().zip(&mut values).enumerate();
        let components = parts.filter_map(|(at, (component, values))| {
            let old = before
                .as_ref()
                .filter(|_| same_components)
                .and_then(|sent| sent.view.components.get(at));
            let lacks_values = values.wait || (asked.shown && !values.past);
            if !lacks_values && old.is_some_and(|old| Arc::ptr_eq(old, component)) {
                return None;
            }
            let (past, samples) = values.next(&component.history, asked.shown, &mut room);
            let part = ComponentPart {
                past,
                samples,
                ..component_part(view, component, old, asked)
            };
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
        let (frames, more_frames) = self.frames(view.key);
        let more = more_frames || values.iter().any(|values| values.wait);
        let sent = SentBoard {
            view: Arc::clone(view),
            health: match health {
                Some(_) => Some(Arc::clone(&view.health)),
                None => had_health,
            },
            values,
        };
        self.boards.insert(view.key, sent);
        let part = BoardPart {
            board: view.key.0,
            head,
            round_trip: view.round_trip,
            last_heard: view.last_heard.map(|at| Ago::of(at, asked.now)),
            health,
            components,
            preview,
            frames,
        };
        (part, more)
    }

    /// The oldest new frames of a board that is followed, and whether there are
    /// more.
    fn frames(&mut self, board: BoardKey) -> (Vec<wire::board::Frame>, bool) {
        let Some((following, next)) = self.following.get_mut(&board) else {
            return (Vec::new(), false);
        };
        let mut size = 0;
        let mut frames = Vec::new();
        for frame in following.frames().since(*next) {
            if size >= FRAMES {
                return (frames, true);
            }
            *next = frame.number + 1;
            let frame = wire::board::Frame::from(&*frame);
            size += wire::size(&frame);
            frames.push(frame);
        }
        (frames, false)
    }
}

impl SentValues {
    /// The values that the session does not have, as far as there is room for
    /// them: all of the past, or the newest.
    fn next(
        &mut self,
        history: &History,
        shown: bool,
        room: &mut usize,
    ) -> (Option<Past>, Vec<(Time, f64)>) {
        let mut samples = history.after(self.until);
        // Some may have been aggregated already.
        let lacks_some = self.until.is_some() && samples.len() == history.recent_len();
        let past = (shown && !self.past) || lacks_some;
        let last = history.last();
        self.wait = *room == 0
            && match past {
                true => last.is_some(),
                false => !samples.is_empty(),
            };
        if self.wait {
            return (None, Vec::new());
        }
        if past {
            samples.clear();
        } else if self.until.is_none() {
            // Of what is not shown, only the newest.
            samples = samples.split_off(samples.len().saturating_sub(1));
        }
        let past = past.then(|| Past::of(history));
        let samples: Vec<_> = samples.into_iter().map(sent).collect();
        *room = room.saturating_sub(wire::size(&past) + wire::size(&samples));
        self.until = last.map(|last| last.at).or(self.until);
        self.past |= past.is_some();
        (past, samples)
    }
}

/// What of a component is sent, without its values.
fn component_part(
    board: &BoardView,
    component: &ComponentView,
    old: Option<&Arc<ComponentView>>,
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
        past: None,
        samples: Vec::new(),
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
        announcement: view
            .announcement
            .as_ref()
            .map(|(announcement, at)| ((**announcement).clone(), Ago::of(*at, now))),
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
