//! Applies what the server says of a board to the view of it.

use std::{net::IpAddr, sync::Arc};

use fleet::{
    BoardView, Bridge, Candidates, CommandState, ComponentView, Family, History, IdClaim,
    LastEvent, LinkState, Via,
};
use keys::{KeyId, Role};
use protocol::Descriptor;
use web_time::{Instant, SystemTime};

use crate::wire::{ComponentPart, Components, Head, board::sample};

/// The identity and the link of a board.
pub(super) fn head(view: &mut BoardView, head: Head, now: Instant) {
    view.id = head.id.map(Into::into);
    view.family = Family::from(head.family);
    view.name = head.name.into();
    view.address = head.address.into();
    let addresses = head.addresses.iter().filter_map(|text| text.parse().ok());
    // They are tried by the server, in its own order.
    view.addresses = Candidates::all_given(addresses);
    view.by_hand = head.by_hand;
    view.given = head.given.and_then(|text| text.parse().ok());
    view.via = head.via.map(|(broker, bridge)| {
        Arc::new(Via {
            broker: broker.into(),
            bridge: bridge.map(|(site, name)| Bridge { site, name }),
        })
    });
    view.inbound_from = head.inbound_from.and_then(|text| text.parse().ok());
    view.inbound_only = head.inbound_only;
    view.claims = head
        .claims
        .into_iter()
        .map(|(address, at)| IdClaim {
            address,
            at: at.into(),
        })
        .collect();
    view.announcement = head
        .announcement
        .map(|(announcement, ago)| (Arc::new(announcement), ago.before(now)));
    view.info = head.info.map(|info| Arc::new(info.0));
    view.locked = head.locked;
    view.held = head.held.map(|(id, control)| {
        let role = if control { Role::Control } else { Role::View };
        (KeyId(id), role)
    });
    view.link = head.link.read(now);
    view.link_since = head.link_since.before(now);
    view.booted = head.booted.map(Into::into);
    view.client = head.client;
    view.update = head.update.map(|update| update.0);
    view.lacking = head.lacking.into_iter().map(Into::into).collect();
}

/// The components of a board; returns the places of those that changed.
pub(super) fn components(view: &mut BoardView, parts: Components, now: Instant) -> Vec<usize> {
    match parts {
        Components::All(parts) => {
            let before = std::mem::take(&mut view.components);
            for part in parts {
                let descriptor = part.descriptor.as_ref().map(|json| json.0.clone());
                let Some(descriptor) = descriptor else {
                    continue;
                };
                let old = before
                    .iter()
                    .find(|old| old.descriptor.key == descriptor.key);
                let component = component(old.map(Arc::as_ref), descriptor, part, now);
                view.components.push(Arc::new(component));
            }
            (0..view.components.len()).collect()
        }
        Components::Some(parts) => {
            let mut changed = Vec::new();
            for (at, mut part) in parts {
                let at = usize::from(at);
                let Some(old) = view.components.get_mut(at) else {
                    continue;
                };
                let descriptor = part.descriptor.take();
                let descriptor =
                    descriptor.map_or_else(|| (*old.descriptor).clone(), |json| json.0);
                *old = Arc::new(component(Some(old), descriptor, part, now));
                changed.push(at);
            }
            changed
        }
    }
}

fn component(
    old: Option<&ComponentView>,
    descriptor: Descriptor,
    part: ComponentPart,
    now: Instant,
) -> ComponentView {
    let history = match part.past {
        Some(past) => Arc::new(past.read()),
        None => old.map_or_else(Default::default, |old| Arc::clone(&old.history)),
    };
    for value in part.samples {
        history.push(sample(value));
    }
    let descriptor = match old {
        Some(old) if *old.descriptor == descriptor => Arc::clone(&old.descriptor),
        _ => Arc::new(descriptor),
    };
    ComponentView {
        descriptor,
        reported: part.reported.0,
        wanted: part.wanted.map(|wanted| wanted.0),
        command: part.command.read(now),
        changed: part.changed.map(|(at, origin)| (at.into(), origin)),
        last_event: part.last_event.map(|(name, at, origin)| {
            Box::new(LastEvent {
                name,
                at: at.into(),
                origin,
            })
        }),
        history,
    }
}

/// What is known of a board once its server cannot be asked: the last states,
/// with a gap after them, and no command under way.
pub(super) fn lost(view: &mut BoardView, link: LinkState, now: Instant, steady: SystemTime) {
    view.link = link;
    view.link_since = now;
    for component in &mut view.components {
        gap(&component.history, steady);
        if component.wanted.is_some() || component.command != CommandState::Idle {
            let component = Arc::make_mut(component);
            component.wanted = None;
            component.command = CommandState::Idle;
        }
    }
}

fn gap(history: &History, at: SystemTime) {
    if history.last().is_some() {
        history.push(fleet::Sample {
            at,
            value: f64::NAN,
        });
    }
}

/// The address at which boards can connect to the server, if it is one.
pub(super) fn listening(text: &str) -> Option<std::net::SocketAddr> {
    text.parse().ok().or_else(|| {
        let ip: IpAddr = text.parse().ok()?;
        Some((ip, protocol::outbound::PORT).into())
    })
}
