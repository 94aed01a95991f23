//! Stored values are read back, and other data is not mistaken for them.

use board::{Retained, RetainedKey, Unsaved};
use embassy_futures::block_on;
use switchboard_storage::{Blocking, Found, LONGEST, Storage, StorageError, Wifi, WifiError};

use crate::chip::{Chip, SECTOR, entry, write};

#[test]
fn stored_values_survive_a_boot_and_later_values_replace_earlier_ones() {
    let chip = Chip::new(3);
    let (mut storage, found) = chip.open();
    assert_eq!(found, Found::Nothing);
    assert_eq!(
        chip.steps(),
        0,
        "nothing is written before there is something to keep"
    );
    let first = [
        entry("name", "Grüße"),
        entry("switch:0", r#"{"on":true}"#),
        entry("light:0", "{}"),
    ];
    block_on(storage.save(&write(&first))).unwrap();
    block_on(storage.save(&write(&[entry("switch:0", r#"{"on":false}"#)]))).unwrap();
    let (mut again, found) = chip.open();
    assert_eq!(found, Found::Entries);
    let mut expected = first.to_vec();
    expected[1] = entry("switch:0", r#"{"on":false}"#);
    assert_eq!(block_on(again.retained()).unwrap(), expected);
}

#[test]
fn wifi_credentials_are_stored_separately_and_can_be_forgotten() {
    let chip = Chip::new(3);
    let (mut storage, _) = chip.open();
    assert_eq!(block_on(storage.wifi()).unwrap(), None);
    let home = Wifi::new("Home ☀", "correct horse").unwrap();
    block_on(storage.set_wifi(Some(&home))).unwrap();
    block_on(storage.save(&write(&[entry("name", "Lamp")]))).unwrap();
    let (mut again, _) = chip.open();
    assert_eq!(block_on(again.wifi()).unwrap(), Some(home));
    assert_eq!(block_on(again.retained()).unwrap(), [entry("name", "Lamp")]);
    block_on(again.set_wifi(None)).unwrap();
    assert_eq!(block_on(chip.open().0.wifi()).unwrap(), None);
}

#[test]
fn invalid_wifi_credentials_are_refused_and_the_password_is_not_shown() {
    assert_eq!(Wifi::new("", "correct horse"), Err(WifiError::Ssid));
    assert_eq!(Wifi::new(&"x".repeat(33), ""), Err(WifiError::Ssid));
    assert_eq!(Wifi::new("Home", "short"), Err(WifiError::Password));
    assert_eq!(Wifi::new("Home", &"x".repeat(65)), Err(WifiError::Password));
    assert!(Wifi::new("Open", "").is_ok());
    let shown = format!("{:?}", Wifi::new("Home", "correct horse").unwrap());
    assert!(
        shown.contains("Home") && !shown.contains("horse"),
        "{shown}"
    );
}

#[test]
fn erasing_leaves_no_data_and_the_storage_still_works() {
    let chip = Chip::new(4);
    let (mut storage, _) = chip.open();
    for number in 0..200 {
        block_on(storage.save(&write(&[entry("text:0", &format!("{number:060}"))]))).unwrap();
    }
    block_on(storage.set_wifi(Some(&Wifi::new("Home", "correct horse").unwrap()))).unwrap();
    block_on(storage.save(&Unsaved::Erase)).unwrap();
    assert!(chip.0.borrow().bytes.iter().all(|byte| *byte == 0xff));
    assert_eq!(block_on(storage.wifi()).unwrap(), None);
    block_on(storage.save(&write(&[entry("name", "New")]))).unwrap();
    assert_eq!(chip.read_back(), [entry("name", "New")]);
}

#[test]
fn foreign_data_is_ignored_and_the_first_write_erases_it() {
    let text = b"SQLite format 3"
        .iter()
        .copied()
        .cycle()
        .take(3 * SECTOR)
        .collect();
    let noise = (0_u32..3 * 4_096)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect();
    let one_bit = {
        let mut bytes = vec![0xff; 3 * SECTOR];
        bytes[5_000] = 0xfe;
        bytes
    };
    for bytes in [vec![0; 3 * SECTOR], text, noise, one_bit] {
        let chip = Chip::with(bytes);
        let (mut storage, found) = chip.open();
        assert_eq!(found, Found::Garbage);
        assert_eq!(block_on(storage.retained()).unwrap(), []);
        assert_eq!(block_on(storage.wifi()).unwrap(), None);
        block_on(storage.save(&write(&[entry("name", "Mine")]))).unwrap();
        assert_eq!(chip.open().1, Found::Entries);
        assert_eq!(chip.read_back(), [entry("name", "Mine")]);
    }
}

/// The same entries as those of a newer version, except for the version.
#[test]
fn entries_of_a_newer_version_are_ignored_and_stay_until_the_first_write() {
    use sequential_storage::{
        cache::Cache,
        map::{MapConfig, MapStorage},
    };
    let chip = Chip::new(3);
    block_on(chip.open().0.save(&write(&[entry("name", "Lamp")]))).unwrap();
    // Length-prefixed keys: one byte `v`, the version.
    let config = MapConfig::new(4_096..3 * 4_096);
    let mut map =
        MapStorage::<u16, _, _>::new(Blocking(chip.clone()), config, Cache::new_uncached());
    block_on(map.store_item(&mut [0; 64], &u16::from_le_bytes([1, b'v']), &2_u8)).unwrap();
    let before = chip.copy();
    let (mut storage, found) = chip.open();
    assert_eq!(found, Found::Newer(2));
    assert_eq!(block_on(storage.retained()).unwrap(), []);
    assert_eq!(chip.0.borrow().bytes, before.0.borrow().bytes);
    block_on(storage.save(&write(&[entry("switch:0", "{}")]))).unwrap();
    assert_eq!(chip.read_back(), [entry("switch:0", "{}")]);
}

#[test]
fn values_that_do_not_fit_are_refused_and_nothing_else_is_lost() {
    let chip = Chip::new(3);
    let (mut storage, _) = chip.open();
    block_on(storage.save(&write(&[entry("name", "Lamp")]))).unwrap();
    let long = Retained {
        key: RetainedKey::Name,
        value: vec![b'x'; LONGEST + 1],
    };
    assert_eq!(
        block_on(storage.save(&write(&[long]))),
        Err(StorageError::TooLong)
    );
    let named = entry(&format!("{}:0", "x".repeat(31)), "{}");
    assert_eq!(
        block_on(storage.save(&write(&[named]))),
        Err(StorageError::TooLong)
    );
    let fills: Vec<_> = (0..20)
        .map(|id| entry(&format!("text:{id}"), &"x".repeat(LONGEST)))
        .collect();
    assert_eq!(
        block_on(storage.save(&write(&fills))),
        Err(StorageError::Full)
    );
    assert_eq!(
        chip.read_back()[..2],
        [entry("name", "Lamp"), fills[0].clone()]
    );
}

#[test]
fn an_unsuitable_range_of_the_flash_is_refused() {
    for (start, end) in [
        (0, 8_192),
        (1, 12_289),
        (0, 12_287),
        (12_288, 0),
        (0, 20_480),
    ] {
        let range = std::ops::Range { start, end };
        let opened = block_on(Storage::open(Blocking(Chip::new(4)), range)).map(|_| ());
        assert_eq!(opened, Err(StorageError::Range));
    }
}
