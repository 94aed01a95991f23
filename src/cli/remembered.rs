//! Connects to a board at the address where an earlier command found it, which
//! spares the wait for announcements. Decides when that may be done; another
//! board is never commanded in its place.
//!
//! - An address is kept for the text that was typed, once a discovery has found
//!   exactly one board that the text means: by its id, its name, or a similar
//!   name. A prefix is not kept, because many names begin alike.
//! - The board that answers at the address has to state the same id, before it
//!   is sent anything but questions, and its name still has to fit. Otherwise
//!   it is looked for as if nothing were kept.
//! - A second board with that name shows only in a discovery. So a name is
//!   looked for again after an hour, and earlier if a discovery of any command
//!   sees another board that the text means as well. An id means one board.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use disk::addresses::{Addresses, FoundBoard};
use fleet::{Address, BoardKey, BoardView, Candidates, KnownBoard, TypedKind, typed_kind};
use text::matching::{Fit, Typed};

use super::{
    Failure,
    client::Client,
    watching::{Reach, Watching},
};

/// How long a name means the board that was found by it.
const LIFETIME: Duration = Duration::from_secs(3_600);

/// How long a board has to state its id. Afterwards it is looked for: it may
/// have moved.
const WITHIN: Duration = Duration::from_secs(1);

/// Connects to the board where it was last found; `None` if it has to be looked
/// for.
///
/// # Errors
/// If its key cannot be read.
pub(super) fn connect(reach: Reach<'_>, typed: &str) -> Result<Option<Client>, Failure> {
    // Inbound connections and brokers may lead to a namesake too.
    if reach.listen.is_some() || !reach.brokers.is_empty() {
        return Ok(None);
    }
    let usable = |found: &FoundBoard| is_usable(found, SystemTime::now());
    let Some(found) = kept(typed).filter(usable) else {
        return Ok(None);
    };
    let Some(known) = known(&found) else {
        return Ok(None);
    };
    let Some((watching, key)) = Watching::recall(reach.keys, typed, known, found.has_key)? else {
        return Ok(None);
    };
    let mut client = Client::at(watching, key);
    if !client.states_its_id(Instant::now() + WITHIN) {
        return Ok(None);
    }
    match client.wait_until_connected(typed) {
        Ok(()) => {}
        // To look for the board would not find its key.
        Err(failure @ Failure::KeyUnavailable { .. }) => return Err(failure),
        Err(_) => return Ok(None),
    }
    // It may have another name by now.
    let meant = fit(typed, &found.id, &found.name);
    let is_meant = |board: &BoardView| fit(typed, &found.id, &board.name) == meant;
    Ok(Some(client).filter(|client| client.board().is_ok_and(|board| is_meant(&board))))
}

/// Keeps the address of a board that was discovered and connected to.
pub(super) fn keep(typed: &str, board: &BoardView, has_key: bool) {
    let Some(id) = board.id.as_deref() else {
        return;
    };
    // The address has to be that of the board itself.
    let is_direct = board.via.is_none() && board.inbound_from.is_none();
    if !is_direct || fit(typed, id, &board.name).is_none() {
        return;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Addresses::usual().keep(FoundBoard {
        typed: typed.to_owned(),
        id: id.to_owned(),
        name: board.name.to_string(),
        family: board.family,
        address: board.address.to_string(),
        has_key,
        at: now.map_or(0, |now| now.as_secs()),
    });
}

/// Forgets each board whose text means another one of these as well.
pub(super) fn forget_namesakes(boards: &BTreeMap<BoardKey, Arc<BoardView>>) {
    Addresses::usual().retain(|found| {
        let others = boards.values().filter_map(|board| {
            let id = board.id.as_deref().filter(|id| *id != found.id)?;
            Some((id, &*board.name))
        });
        is_only_meaning(found, others)
    });
}

/// What was kept for a text that can only be a name or an id: one that may be
/// an address needs a discovery to tell.
fn kept(typed: &str) -> Option<FoundBoard> {
    (typed_kind(typed) == TypedKind::Name).then(|| Addresses::usual().find(typed))?
}

fn is_usable(found: &FoundBoard, now: SystemTime) -> bool {
    let is_young = found.age(now).is_some_and(|age| age < LIFETIME);
    match fit(&found.typed, &found.id, &found.name) {
        // A loopback address is that of another program by the next day.
        Some(Fit::Id) => is_young || !is_loopback(&found.address),
        Some(_) => is_young,
        None => false,
    }
}

fn is_loopback(address: &str) -> bool {
    let ip = address
        .parse()
        .ok()
        .and_then(|address: Address| address.ip());
    ip.is_some_and(|ip| ip.is_loopback())
}

/// How well a text means a board; `None` if it does not, or is only a prefix.
fn fit(typed: &str, id: &str, name: &str) -> Option<Fit> {
    let fit = Typed::new(typed).fit(id, name);
    fit.filter(|fit| *fit < Fit::Start)
}

/// Whether none of these other boards is meant by the same text as well, or
/// even better.
fn is_only_meaning<'a>(
    found: &FoundBoard,
    others: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> bool {
    let Some(own) = fit(&found.typed, &found.id, &found.name) else {
        return false;
    };
    let rivals = |(id, name)| fit(&found.typed, id, name).is_some_and(|other| other <= own);
    !others.into_iter().any(rivals)
}

fn known(found: &FoundBoard) -> Option<KnownBoard> {
    // The fleet does not use a loopback address of an earlier run, but this one
    // is young.
    let announced = match is_loopback(&found.address) {
        true => Candidates::given(found.address.parse().ok()?),
        false => Candidates::default(),
    };
    Some(KnownBoard {
        id: Some(found.id.clone()),
        family: found.family,
        name: found.name.clone(),
        address: found.address.clone(),
        announced,
        only_this_id: true,
        ..KnownBoard::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3_600;

    fn found(typed: &str, address: &str) -> FoundBoard {
        FoundBoard {
            typed: typed.to_owned(),
            id: "sb-7e7291".to_owned(),
            name: "Desk lamp".to_owned(),
            family: fleet::Family::default(),
            address: address.to_owned(),
            has_key: false,
            at: 10 * DAY,
        }
    }

    fn is_usable_after(seconds: u64, typed: &str, address: &str) -> bool {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10 * DAY + seconds);
        is_usable(&found(typed, address), now)
    }

    #[test]
    fn a_name_expires_after_an_hour_and_an_id_only_on_this_computer() {
        let (remote, here) = ("10.0.0.7:80", "127.0.0.1:8080");
        for typed in ["Desk lamp", "desk-lamp", "SB-7E7291"] {
            assert!(is_usable_after(3_599, typed, remote), "{typed}");
            assert!(!is_usable_after(3_600, typed, remote), "{typed}");
        }
        assert!(is_usable_after(DAY, "sb-7e7291", remote));
        assert!(is_usable_after(3_599, "sb-7e7291", here));
        assert!(!is_usable_after(DAY, "sb-7e7291", here));
        for typed in ["desk", "sb-7e", "Ceiling", ""] {
            assert!(!is_usable_after(0, typed, remote), "{typed}");
        }
    }

    #[test]
    fn a_board_that_the_text_means_as_well_is_a_namesake() {
        let typed = |typed, id, name| is_only_meaning(&found(typed, "10.0.0.7:80"), [(id, name)]);
        assert!(!typed("Desk lamp", "sb-2", "Desk lamp"));
        assert!(!typed("desk-lamp", "sb-2", "Desk lamp"));
        assert!(!typed("desk-lamp", "desk-lamp", "Ceiling"));
        // An exact name takes precedence over a similar one.
        assert!(typed("Desk lamp", "sb-2", "desk-lamp"));
        assert!(!typed("desk-lamp", "sb-2", "desk-lamp"));
        assert!(typed("desk-lamp", "sb-2", "Desk lamp 2"));
        assert!(typed("sb-7e7291", "sb-2", "sb-7e7291"));
    }

    #[test]
    fn a_text_that_may_be_an_address_is_always_looked_for() {
        for typed in ["lamp:2", "10.0.0.7", "ws://lamp"] {
            assert_eq!(kept(typed), None, "{typed}");
        }
    }
}
