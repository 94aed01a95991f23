//! The names of effects, palettes and presets, which a board does not send over
//! its WebSocket. What has no name is called by its number.

use std::collections::{BTreeMap, BTreeSet};

use sanitize::bounds;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// Effects and palettes have one byte.
const LISTED: usize = 256;

/// Presets are numbered 1 to 250; 0 is empty.
const PRESETS: std::ops::RangeInclusive<u8> = 1..=250;

/// The longest name, in bytes: WLED's own are shorter.
const NAME: usize = 64;

/// The most bytes of all options of a select: its state has to stay below what
/// is stored of one component.
const OPTIONS: usize = 3_000;

/// A list of names by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Names(BTreeMap<u8, String>);

impl Names {
    /// The name of a number.
    pub(super) fn name(&self, number: u8) -> String {
        self.0
            .get(&number)
            .cloned()
            .unwrap_or_else(|| number.to_string())
    }

    /// The number of a name, or a number as text.
    pub(super) fn number(&self, name: &str) -> Option<u8> {
        let named = self
            .0
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(number, _)| *number);
        named.or_else(|| name.parse().ok())
    }

    /// All names in order of their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.0.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As many names as fit into the state of a select.
    pub(super) fn options(&self) -> Vec<&str> {
        let mut left = OPTIONS;
        let fitting = self.all().take_while(|name| {
            let size = name.len() + 4;
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        });
        fitting.map(String::as_str).collect()
    }

    fn insert(&mut self, number: u8, name: &str, taken: &mut BTreeSet<String>) {
        let name = bounds::name(name);
        let mut name = name
            .get(..name.floor_char_boundary(NAME))
            .unwrap_or_default()
            .to_owned();
        if name.is_empty() {
            name = number.to_string();
        }
        // A name has to lead back to its number, also one that looks like
        // another number.
        let misleading = name.parse::<u8>().is_ok_and(|other| other != number);
        if misleading || taken.contains(&name) {
            name = format!("{name} ({number})");
        }
        taken.insert(name.clone());
        self.0.insert(number, name);
    }
}

/// The names of everything, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AllNames {
    pub(super) effects: Names,
    pub(super) palettes: Names,
    pub(super) presets: Names,
    pub(super) playlists: Names,
}

impl AllNames {
    /// Whether this number is an effect, as far as that is known.
    pub(super) fn is_effect(&self, number: u8) -> bool {
        self.effects.is_empty() || self.effects.0.contains_key(&number)
    }

    /// Reads `/json/eff`; whether it is a list of effects.
    pub(super) fn read_effects(&mut self, body: &str) -> bool {
        let Some(listed) = list(body) else {
            return false;
        };
        let (mut names, mut taken) = (Names::default(), BTreeSet::new());
        for (number, name) in listed {
            // In the list of metadata, parameters follow.
            let name = name.split('@').next().unwrap_or_default().trim();
            // What this build of WLED lacks keeps its number.
            if !matches!(name, "RSVD" | "-") {
                names.insert(number, name, &mut taken);
            }
        }
        self.effects = names;
        true
    }

    /// Reads `/json/pal`; whether it is a list of palettes.
    pub(super) fn read_palettes(&mut self, body: &str) -> bool {
        let Some(listed) = list(body) else {
            return false;
        };
        let (mut names, mut taken) = (Names::default(), BTreeSet::new());
        for (number, name) in listed {
            names.insert(number, &name, &mut taken);
        }
        self.palettes = names;
        true
    }

    /// Reads `/presets.json`; whether it is a set of presets.
    pub(super) fn read_presets(&mut self, body: &str) -> bool {
        let Ok(Entries(entries)) = serde_json::from_str(body) else {
            return false;
        };
        let (mut presets, mut playlists) = (Names::default(), Names::default());
        let (mut taken, mut taken_by_playlists) = (BTreeSet::new(), BTreeSet::new());
        for (number, entry) in entries {
            let name = entry.name.unwrap_or_else(|| number.to_string());
            if entry.is_playlist {
                playlists.insert(number, &name, &mut taken_by_playlists);
            } else {
                presets.insert(number, &name, &mut taken);
            }
        }
        (self.presets, self.playlists) = (presets, playlists);
        true
    }
}

/// A list of texts with their positions. Entries of another type are skipped.
fn list(body: &str) -> Option<Vec<(u8, String)>> {
    let Texts(texts) = serde_json::from_str(body).ok()?;
    let numbered = (0..=u8::MAX).zip(texts);
    Some(
        numbered
            .filter_map(|(number, text)| Some((number, text?)))
            .collect(),
    )
}

/// The first texts of a list.
struct Texts(Vec<Option<String>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(TextList)
    }
}

struct TextList;

impl<'de> Visitor<'de> for TextList {
    type Value = Texts;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while texts.len() < LISTED {
            match list.next_element::<Value>()? {
                Some(value) => texts.push(value.as_str().map(str::to_owned)),
                None => return Ok(Texts(texts)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Texts(texts))
    }
}

/// What is read of a preset.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "n", default, deserialize_with = "text")]
    name: Option<String>,
    #[serde(rename = "playlist", default, deserialize_with = "is_present")]
    is_playlist: bool,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Value::deserialize(deserializer)?
        .as_str()
        .map(str::to_owned))
}

fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(true)
}

/// Presets by number.
struct Entries(BTreeMap<u8, Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryMap)
    }
}

struct EntryMap;

impl<'de> Visitor<'de> for EntryMap {
    type Value = Entries;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("presets by number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.parse::<u8>() {
                Ok(number) if PRESETS.contains(&number) => {
                    entries.insert(number, map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Entries(entries))
    }
}
