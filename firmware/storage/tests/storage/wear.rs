//! Wear leveling: sectors are erased in turn, and rarely.

use embassy_futures::block_on;

use crate::chip::{Chip, entry, write};

/// The writes of a lamp that is switched on and off, in six sectors, the size
/// of ESP-IDF's default partition for settings.
#[test]
fn sectors_wear_evenly_and_one_write_in_five_seconds_wears_none_out_in_years() {
    const SECTORS: usize = 6;
    const WRITES: u32 = 20_000;
    // Winbond W25Q32JV, "Features", as on Espressif's modules: at least 100,000
    // erasures of a sector.
    const ENDURANCE: f64 = 100_000.0;
    let chip = Chip::new(SECTORS);
    let (mut storage, _) = chip.open();
    let settled = [
        entry("name", "Desk lamp"),
        entry("switch:0", r#"{"on":true}"#),
        entry("text:0", &"x".repeat(200)),
    ];
    block_on(storage.save(&write(&settled))).unwrap();
    for number in 0..WRITES {
        let on = number % 2 == 0;
        let light =
            format!(r#"{{"brightness":60,"ct_k":3000,"effect":"none","on":{on},"rgb":null}}"#);
        block_on(storage.save(&write(&[entry("light:0", &light)]))).unwrap();
    }
    let erased = chip.0.borrow().erased.clone();
    let (journal, entries) = erased.split_first().unwrap();
    let (least, most) = (
        *entries.iter().min().unwrap(),
        *entries.iter().max().unwrap(),
    );
    assert!(*journal < most / 10, "the journal is hardly worn");
    assert!(most - least <= 1, "{erased:?}");
    let writes_a_year = 365.25 * 24.0 * 3_600.0 / 5.0;
    let years = ENDURANCE / (f64::from(most) / f64::from(WRITES) * writes_a_year);
    println!("{WRITES} writes erased the sectors {erased:?} times: {years:.1} years at one in 5 s");
    assert!(years > 3.0, "{years}");
}
