//! The names of effects, palettes and presets. There are about as many as on a
//! device, but they are our own, and so are the presets.

use serde_json::{Value, json};

/// Effects that a device has by these numbers, and two numbers without an
/// effect.
const FIRST: [&str; 6] = ["Solid", "Blink", "Breathe", "Wipe", "RSVD", "-"];
const MANNERS: [&str; 13] = [
    "Slow",
    "Quick",
    "Soft",
    "Twin",
    "Falling",
    "Rising",
    "Wandering",
    "Broken",
    "Golden",
    "Distant",
    "Restless",
    "Hidden",
    "Round",
];
const THINGS: [&str; 14] = [
    "Comet", "Tide", "Lantern", "Embers", "Meadow", "Orbit", "Drops", "Ladder", "Signal", "Marble",
    "Thread", "Sparks", "Mirror", "Clouds",
];
const PALETTES: [&str; 12] = [
    "Default",
    "* Random Cycle",
    "* Color 1",
    "* Colors 1&2",
    "* Color Gradient",
    "* Colors Only",
    "Harbor",
    "Orchard",
    "Copper",
    "Moss",
    "Dusk",
    "Ice",
];

/// The names of the effects, by number.
pub(crate) fn effects() -> Vec<String> {
    let made = MANNERS
        .iter()
        .flat_map(|manner| THINGS.map(|thing| format!("{manner} {thing}")));
    FIRST
        .iter()
        .map(|&name| name.to_owned())
        .chain(made)
        .collect()
}

/// What each effect can be adjusted by.
pub(crate) fn effect_data(count: usize) -> Vec<String> {
    (0..count).map(|_| "!,!;!,!;!".to_owned()).collect()
}

/// The names of the palettes, by number.
pub(crate) fn palettes() -> Vec<String> {
    let made = MANNERS
        .iter()
        .flat_map(|manner| ["Dawn", "Sea", "Rose"].map(|thing| format!("{manner} {thing}")));
    PALETTES
        .iter()
        .map(|&name| name.to_owned())
        .chain(made)
        .collect()
}

/// Two presets and a playlist of them.
pub(crate) fn presets() -> Value {
    json!({
        "0": {},
        "1": {
            "n": "Evening", "on": true, "bri": 60, "transition": 7, "mainseg": 0,
            "seg": [{ "id": 0, "fx": 2, "sx": 90, "ix": 128, "pal": 8, "on": true, "bri": 255,
                "col": [[255, 120, 20], [0, 0, 0], [0, 0, 0]] }],
        },
        "2": {
            "n": "Work", "ql": "W", "on": true, "bri": 220, "transition": 7, "mainseg": 0,
            "seg": [{ "id": 0, "fx": 0, "sx": 128, "ix": 128, "pal": 0, "on": true, "bri": 255,
                "col": [[255, 240, 220], [0, 0, 0], [0, 0, 0]] }],
        },
        "3": {
            "n": "Both in turn",
            "playlist": {
                "ps": [1, 2], "dur": [100, 100], "transition": [7, 7], "repeat": 0, "end": 0,
                "r": false,
            },
        },
    })
}
