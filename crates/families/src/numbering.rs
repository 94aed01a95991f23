//! Numbers of components that follow from a path, so that a component has the
//! same key on every computer and keeps it when others come and go.

use std::collections::BTreeMap;

/// Numbers paths within `0..below`. The number of a path is its hash; if
/// another one has it, the next free one. The order of the paths does not
/// matter. Paths beyond the available numbers get none.
pub(crate) fn numbered<'a>(
    paths: impl IntoIterator<Item = &'a str>,
    below: u16,
) -> BTreeMap<String, u16> {
    let mut sorted: Vec<_> = paths.into_iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.truncate(usize::from(below));
    let mut taken = BTreeMap::new();
    for path in sorted {
        let mut number = hashed(path) % below;
        // Ends: there are at most as many paths as numbers.
        while taken.contains_key(&number) {
            number = (number + 1) % below;
        }
        taken.insert(number, path);
    }
    let turned = taken.into_iter();
    turned
        .map(|(number, path)| (path.to_owned(), number))
        .collect()
}

/// FNV-1a of 32 bits, folded to 16 (draft-eastlake-fnv).
fn hashed(text: &str) -> u16 {
    let [a, b, c, d] = fnv_1a(text).to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

/// FNV-1a of 32 bits.
pub(crate) fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_number_that_dashboards_have_stored() {
        let numbers = numbered(["ENERGY.Power", "ENERGY.Total"], 0xF000);
        assert_eq!(numbers["ENERGY.Power"], POWER);
        assert_eq!(numbers["ENERGY.Total"], TOTAL);
        // Others change nothing, in whatever order they are listed.
        let more = numbered(["ENERGY.Total", "AM2301.Humidity", "ENERGY.Power"], 0xF000);
        assert_eq!(more["ENERGY.Power"], POWER);
    }

    const POWER: u16 = 39_281;
    const TOTAL: u16 = 43_779;

    #[test]
    fn more_paths_than_numbers_get_none() {
        let paths: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        let numbers = numbered(paths.iter().map(String::as_str), 4);
        assert_eq!(numbers.len(), 4);
        let mut found: Vec<_> = numbers.values().copied().collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3]);
    }
}
