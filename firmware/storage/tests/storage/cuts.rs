//! The power is cut after and during every single step: each entry that is read
//! back is complete, either old or new.

use std::collections::BTreeMap;

use board::{Retained, RetainedKey, Unsaved};
use embassy_futures::block_on;
use proptest::prelude::{Strategy, any, prop_assert, prop_oneof, proptest};
use switchboard_storage::{Found, Wifi};

use crate::chip::{ALL_TORN, Chip, Torn, entry, write};

type Kept = BTreeMap<RetainedKey, Vec<u8>>;

fn kept(entries: Vec<Retained>) -> Kept {
    entries
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect()
}

fn with(kept: &Kept, entries: &[Retained]) -> Kept {
    let mut kept = kept.clone();
    kept.extend(
        entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.value.clone())),
    );
    kept
}

/// Every state that an interrupted save may leave: the first entries new, the
/// others old.
fn between(old: &Kept, entries: &[Retained]) -> Vec<Kept> {
    (0..=entries.len())
        .map(|done| with(old, &entries[..done]))
        .collect()
}

/// The number of saves that fill all sectors, so that each is closed, moved and
/// erased.
const SAVES: usize = 120;

fn save_number(number: usize) -> Vec<Retained> {
    let light = entry(
        "light:0",
        &format!(r#"{{"brightness":{},"on":true}}"#, number % 101),
    );
    let other = match number % 4 {
        0 => entry("name", &format!("Board {number}")),
        1 => entry(
            "switch:0",
            &format!(r#"{{"on":{}}}"#, number.is_multiple_of(3)),
        ),
        2 => entry("text:0", &format!("{number:0500}")),
        _ => entry("number:0", &format!(r#"{{"value":{number}}}"#)),
    };
    vec![light, other]
}

/// Cuts a save at each of its steps. Returns the number of cuts.
fn cut_everywhere(chip: &Chip, old: &Kept, entries: &[Retained], torn: Torn) -> u64 {
    let whole = chip.copy();
    block_on(whole.open().0.save(&write(entries))).unwrap();
    let allowed = between(old, entries);
    for step in 0..whole.steps() {
        let trial = chip.copy();
        let (mut storage, _) = trial.open();
        trial.cut_after(step, torn);
        assert!(block_on(storage.save(&write(entries))).is_err());
        trial.power_on();
        let found = kept(trial.read_back());
        assert!(
            allowed.contains(&found),
            "{torn:?}, step {step}: {old:?} became {found:?}"
        );
        // The storage still works after the cut.
        block_on(trial.open().0.save(&write(entries))).unwrap();
        assert_eq!(
            kept(trial.read_back()),
            allowed[entries.len()],
            "{torn:?}, step {step}"
        );
    }
    whole.steps()
}

fn a_cut_at_any_step_of_a_save_leaves_each_entry_whole_and_the_storage_working(torn: Torn) {
    let chip = Chip::new(4);
    let mut old = Kept::new();
    let mut cuts = 0;
    for number in 0..SAVES {
        let entries = save_number(number);
        cuts += cut_everywhere(&chip, &old, &entries, torn);
        block_on(chip.open().0.save(&write(&entries))).unwrap();
        old = with(&old, &entries);
    }
    let erased = chip.0.borrow().erased.clone();
    assert!(erased[1..].iter().all(|times| *times > 0), "{erased:?}");
    println!("{torn:?}: {cuts} cuts");
}

#[test]
fn a_cut_before_any_step_leaves_each_entry_whole() {
    a_cut_at_any_step_of_a_save_leaves_each_entry_whole_and_the_storage_working(Torn::Not);
}

#[test]
fn a_cut_after_the_first_half_of_any_step_leaves_each_entry_whole() {
    a_cut_at_any_step_of_a_save_leaves_each_entry_whole_and_the_storage_working(Torn::FirstHalf);
}

#[test]
fn a_cut_after_the_second_half_of_any_step_leaves_each_entry_whole() {
    a_cut_at_any_step_of_a_save_leaves_each_entry_whole_and_the_storage_working(Torn::SecondHalf);
}

#[test]
fn a_cut_during_any_step_leaves_each_entry_whole() {
    a_cut_at_any_step_of_a_save_leaves_each_entry_whole_and_the_storage_working(Torn::SomeBits);
}

/// The journal is erased only after five hundred erasures.
#[test]
fn a_cut_while_the_journal_is_erased_leaves_each_entry_whole() {
    let chip = Chip::new(4);
    let (mut storage, _) = chip.open();
    let settled = [entry("name", "Lamp"), entry("switch:0", "{}")];
    block_on(storage.save(&write(&settled))).unwrap();
    let mut old = kept(settled.to_vec());
    let mut number = 0;
    loop {
        let before = chip.copy();
        let entries = [entry("text:0", &format!("{number:0600}"))];
        block_on(storage.save(&write(&entries))).unwrap();
        if chip.0.borrow().erased[0] > 0 {
            for torn in ALL_TORN {
                cut_everywhere(&before, &old, &entries, torn);
            }
            return;
        }
        old = with(&old, &entries);
        number += 1;
        assert!(number < 10_000, "the journal is never erased");
    }
}

#[test]
fn a_cut_while_everything_is_erased_restores_nothing() {
    for torn in ALL_TORN {
        let chip = Chip::new(4);
        let (mut storage, _) = chip.open();
        block_on(storage.set_wifi(Some(&Wifi::new("Home", "correct horse").unwrap()))).unwrap();
        for number in 0..60 {
            block_on(storage.save(&write(&save_number(number)))).unwrap();
        }
        let before = kept(chip.read_back());
        let whole = chip.copy();
        block_on(whole.open().0.erase()).unwrap();
        for step in 0..whole.steps() {
            let trial = chip.copy();
            let (mut storage, _) = trial.open();
            trial.cut_after(step, torn);
            assert!(block_on(storage.erase()).is_err());
            trial.power_on();
            let (mut storage, found) = trial.open();
            let retained = kept(block_on(storage.retained()).unwrap());
            if retained == before {
                assert!(
                    found == Found::Entries && step < 5,
                    "{torn:?}, step {step}: as if it had not begun"
                );
            } else {
                assert_eq!(
                    (retained, block_on(storage.wifi()).unwrap()),
                    (Kept::new(), None),
                    "{torn:?}, step {step}"
                );
            }
            block_on(storage.save(&write(&[entry("name", "New")]))).unwrap();
            assert!(trial.read_back().contains(&entry("name", "New")));
        }
    }
}

/// An operation on the flash.
#[derive(Debug, Clone)]
enum Act {
    Save(Vec<Retained>),
    Erase,
    Boot,
}

fn act() -> impl Strategy<Value = Act> {
    let key = proptest::sample::select(vec![
        "name", "switch:0", "light:0", "text:0", "text:1", "valve:7",
    ]);
    let value = prop_oneof![3 => "[a-z]{0,30}", 1 => "[a-z]{200,600}"];
    let entries = proptest::collection::vec(
        (key, value).prop_map(|(key, value)| entry(key, &value)),
        1..4,
    );
    prop_oneof![
        12 => entries.prop_map(Act::Save),
        1 => any::<()>().prop_map(|()| Act::Erase),
        3 => any::<()>().prop_map(|()| Act::Boot),
    ]
}

proptest! {
    /// Whatever is done, and whenever the power is cut, even during the
    /// recovery: the values read back are the previous ones or those being
    /// written.
    #[test]
    fn any_sequence_with_any_cuts_reads_back_old_or_new_values(
        acts in proptest::collection::vec(
            (act(), proptest::option::weighted(0.4, (0_u64..80, 0_usize..4, 0_u64..20))),
            1..60,
        ),
    ) {
        let chip = Chip::new(4);
        let mut old = Kept::new();
        for (act, cut) in acts {
            let (mut storage, _) = chip.open();
            let allowed = match &act {
                Act::Save(entries) => between(&old, entries),
                Act::Erase => vec![old.clone(), Kept::new()],
                Act::Boot => vec![old.clone()],
            };
            if let Some((steps, torn, _)) = cut {
                chip.cut_after(steps, ALL_TORN[torn]);
            }
            let done = match &act {
                Act::Save(entries) => block_on(storage.save(&write(entries))),
                Act::Erase => block_on(storage.save(&Unsaved::Erase)),
                Act::Boot => block_on(storage.retained()).map(drop),
            };
            drop(storage);
            chip.power_on();
            if let Some((.., again)) = cut.filter(|_| done.is_err()) {
                // The power is cut again during the recovery.
                chip.cut_after(again, Torn::Not);
                let range = 0..u32::try_from(chip.0.borrow().bytes.len()).unwrap();
                let flash = switchboard_storage::Blocking(chip.clone());
                let opened = block_on(switchboard_storage::Storage::open(flash, range));
                if let Ok((mut storage, _)) = opened {
                    let _ = block_on(storage.retained());
                }
                chip.power_on();
            }
            let found = kept(chip.read_back());
            prop_assert!(allowed.contains(&found), "{act:?}: {old:?} became {found:?}");
            if done.is_ok() {
                prop_assert!(found == allowed[allowed.len() - 1], "{act:?} was done");
            }
            old = found;
        }
    }
}
