//! The numbers of our components. They follow from the type and number of
//! theirs alone, so that a component has the same key on every computer and
//! keeps it when others come and go.
//!
//! A component of theirs that becomes one of ours has the number `first + id`,
//! where `first` depends on its type:
//!
//! | ours | theirs | first |
//! | -- | -- | -- |
//! | `switch` | `switch`, `boolean` | 0, 1024 |
//! | `light` | `light`, `rgb`, `rgbw`, `cct`, `rgbcct` | 0, 1024, 2048, 3072, 4096 |
//! | `cover`, `event`, `number`, `select`, `text`, `button` | `cover`, `input`, `number`, `enum`, `text`, `button` | 0 |
//! | `binary_sensor` | `input`, `smoke`, `flood`, `devicepower`, `boolean` | 0, 1024, 2048, 3072, 4096 |
//! | `text_sensor` | `text`, `enum` | 0, 1024 |
//! | `update` | `sys` | 0 |
//! | `climate` | `thermostat`, `blutrv` | 0, 1024 |
//!
//! A sensor has the number `first + id × width + index`; [`SENSORS`] has the
//! first two, and the tables of meters the index.

use protocol::Kind;

use super::climate::CLIMATE;
use crate::shelly::source::{Source, Type};

/// Components of one type in a block of [`component`].
const BLOCK: u16 = 1024;

/// `first`, `width` and how many components of theirs a block holds.
struct Block {
    kind: Type,
    first: u16,
    width: u16,
    holds: u16,
}

const fn block(kind: Type, first: u16, width: u16, holds: u16) -> Block {
    Block {
        kind,
        first,
        width,
        holds,
    }
}

/// Where the sensors of each type are. Never change a row: dashboards, scenes
/// and histories name components by these numbers.
const SENSORS: [Block; 23] = [
    block(Type::Switch, 0, 16, 256),
    block(Type::Light, 4_096, 16, 256),
    block(Type::Rgb, 8_192, 16, 256),
    block(Type::Rgbw, 12_288, 16, 256),
    block(Type::Cct, 16_384, 16, 256),
    block(Type::Rgbcct, 20_480, 16, 256),
    block(Type::Cover, 24_576, 16, 256),
    block(Type::Pm1, 28_672, 16, 256),
    // Meter and counter share a block; their indices differ.
    block(Type::Em1, 32_768, 16, 256),
    block(Type::Em1Data, 32_768, 16, 256),
    block(Type::Input, 36_864, 16, 256),
    block(Type::DevicePower, 40_960, 16, 256),
    block(Type::Voltmeter, 45_056, 16, 256),
    block(Type::Em, 49_152, 64, 64),
    block(Type::EmData, 49_152, 64, 64),
    block(Type::Temperature, 53_248, 1, 512),
    block(Type::Humidity, 53_760, 1, 512),
    block(Type::Illuminance, 54_272, 1, 512),
    block(Type::Number, 54_784, 1, 512),
    block(Type::Boolean, 55_296, 1, 512),
    block(Type::BluTrv, 55_808, 16, 512),
    block(Type::Sys, 65_280, 16, 1),
    block(Type::Wifi, 65_296, 16, 1),
];

/// The number of a sensor: attribute `index` of a component of theirs.
pub(super) fn sensor(source: Source, index: u16) -> Option<u16> {
    let block = SENSORS.iter().find(|block| block.kind == source.kind)?;
    (source.id < block.holds && index < block.width)
        .then(|| block.first + source.id * block.width + index)
}

/// The types that become a kind of ours, in the order of their blocks.
fn types(kind: &Kind) -> &'static [Type] {
    match kind {
        Kind::Switch => &[Type::Switch, Type::Boolean],
        Kind::Light => &[Type::Light, Type::Rgb, Type::Rgbw, Type::Cct, Type::Rgbcct],
        Kind::Cover => &[Type::Cover],
        Kind::Event => &[Type::Input],
        Kind::BinarySensor => &[
            Type::Input,
            Type::Smoke,
            Type::Flood,
            Type::DevicePower,
            Type::Boolean,
        ],
        Kind::Number => &[Type::Number],
        Kind::Select => &[Type::Enum],
        Kind::Text => &[Type::Text],
        Kind::TextSensor => &[Type::Text, Type::Enum],
        Kind::Button => &[Type::Button],
        Kind::Update => &[Type::Sys],
        Kind::Unknown(name) if name == CLIMATE => &[Type::Thermostat, Type::BluTrv],
        _ => &[],
    }
}

/// The number of the component of this kind that one of theirs becomes.
pub(super) fn component(kind: &Kind, source: Source) -> Option<u16> {
    let at = types(kind).iter().position(|kind| *kind == source.kind)?;
    let at = u16::try_from(at).ok()?;
    (source.id < BLOCK).then(|| at * BLOCK + source.id)
}

/// The component of theirs that one of ours came from; the inverse of
/// [`component`].
pub(in crate::shelly) fn source(kind: &Kind, number: u16) -> Option<Source> {
    let kind = types(kind).get(usize::from(number / BLOCK))?;
    Some(Source {
        kind: *kind,
        id: number % BLOCK,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(kind: Type, id: u16) -> Source {
        Source { kind, id }
    }

    #[test]
    fn numbers_are_those_that_dashboards_have_stored() {
        for (kind, source, number) in [
            ("switch", of(Type::Switch, 3), Some(3)),
            ("switch", of(Type::Boolean, 200), Some(1_224)),
            ("light", of(Type::Rgbw, 1), Some(2_049)),
            ("binary_sensor", of(Type::Input, 100), Some(100)),
            ("cover", of(Type::Switch, 0), None),
            ("switch", of(Type::Switch, 1_024), None),
        ] {
            let kind = Kind::from(kind);
            assert_eq!(component(&kind, source), number, "{kind} {source}");
            if let Some(number) = number {
                assert_eq!(super::source(&kind, number), Some(source));
            }
        }
        for (source, index, number) in [
            (of(Type::Switch, 0), 0, Some(0)),
            (of(Type::Switch, 3), 6, Some(54)),
            (of(Type::Em, 0), 21, Some(49_173)),
            (of(Type::Temperature, 100), 0, Some(53_348)),
            (of(Type::Wifi, 0), 0, Some(65_296)),
            (of(Type::Switch, 256), 0, None),
            (of(Type::Temperature, 0), 1, None),
        ] {
            assert_eq!(sensor(source, index), number, "{source} {index}");
        }
    }

    #[test]
    fn blocks_of_sensors_do_not_overlap() {
        let mut taken = BTreeSet::new();
        for block in &SENSORS {
            if matches!(block.kind, Type::Em1Data | Type::EmData) {
                continue;
            }
            for number in 0..block.holds * block.width {
                assert!(taken.insert(block.first + number), "{:?}", block.kind);
            }
        }
    }
}
