//! The components of a new board, as they are named on the command line.

use std::collections::HashMap;

use crate::kind::{Class, Kind};

/// A component of a new board.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its kind.
    pub kind: Kind,
    /// Its number among those of its kind, from 0.
    pub number: u16,
    /// The name for people, unique on the board: `Light`, `Temperature 2`.
    pub name: String,
    /// What it measures or does; [`Class::name`] is empty without a device
    /// class.
    pub class: Class,
}

impl Component {
    /// The key in the protocol: `light:0`.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.word(), self.number)
    }

    /// The name in source code, unique on the board: `temperature_2`.
    pub fn identifier(&self) -> String {
        self.name.to_lowercase().replace(' ', "_")
    }
}

/// The most components. The state of this many, [`MAX_TEXTS`] texts among them,
/// fits into a message of the protocol in every language.
pub const MAX_COMPONENTS: usize = 16;

/// The most components of the kinds `text` and `text_sensor`.
pub const MAX_TEXTS: usize = 4;

/// Why a list of components is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// The list is empty.
    #[error("no component is named; for example: light,button,sensor:temperature")]
    Empty,
    /// There is nothing before or after a comma.
    #[error("a component is missing before or after a comma in {0:?}; for example: light,button")]
    Gap(String),
    /// No such kind.
    #[error(
        "{word:?} is not a kind of component{}; accepted: {}",
        hint(.meant.as_deref()), kinds()
    )]
    Kind {
        /// What was written.
        word: String,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// The component of firmware updates.
    #[error(
        "update is not a component that firmware adds: the library reports it if the board can be \
         updated"
    )]
    Update,
    /// A kind that has no device classes.
    #[error("a {} has no device class; write {} without :{class}", .kind.word(), .kind.word())]
    NoClasses {
        /// The kind.
        kind: Kind,
        /// What was written after the colon.
        class: String,
    },
    /// No such device class.
    #[error(
        "{class:?} is not a device class of a {}{}; accepted: {}, or {} alone",
        .kind.word(), hint(.meant.as_deref()), classes(*.kind), .kind.word()
    )]
    Class {
        /// The kind.
        kind: Kind,
        /// What was written after the colon.
        class: String,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// Too many.
    #[error("a project has at most {MAX_COMPONENTS} components, not {0}")]
    Many(usize),
    /// Too many texts.
    #[error(
        "a project has at most {MAX_TEXTS} components of the kinds text and text_sensor, not {0}: \
         more do not fit into a message"
    )]
    ManyTexts(usize),
}

fn hint(word: Option<&str>) -> String {
    word.map(|word| format!(" (did you mean {word}?)"))
        .unwrap_or_default()
}

fn kinds() -> String {
    let all: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| match kind.classes().first() {
            Some(first) => format!("{0} or {0}:{1}", kind.word(), first.name),
            None => kind.word().to_owned(),
        })
        .collect();
    all.join(", ")
}

/// The names of a kind's device classes.
pub fn classes(kind: Kind) -> String {
    let all: Vec<_> = kind.classes().iter().map(|class| class.name).collect();
    all.join(", ")
}

/// Reads a list such as `light,button,sensor:temperature`. A kind or class that
/// appears again gets the next number: `light,light` are `light:0`, `Light`,
/// and `light:1`, `Light 2`.
///
/// # Errors
/// [`ComponentError`], which says what is accepted.
pub fn components(list: &str) -> Result<Vec<Component>, ComponentError> {
    if list.trim().is_empty() {
        return Err(ComponentError::Empty);
    }
    let mut numbers: HashMap<Kind, u16> = HashMap::new();
    let mut titles: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for word in list.split(',').map(str::trim) {
        if word.is_empty() {
            return Err(ComponentError::Gap(list.to_owned()));
        }
        let (kind, class) = component(word)?;
        let number = numbers.entry(kind).or_default();
        let earlier = titles.entry(class.title).or_default();
        *earlier += 1;
        found.push(Component {
            kind,
            number: *number,
            name: match *earlier {
                1 => class.title.to_owned(),
                several => format!("{} {several}", class.title),
            },
            class,
        });
        *number = number.saturating_add(1);
    }
    if found.len() > MAX_COMPONENTS {
        return Err(ComponentError::Many(found.len()));
    }
    let is_text = |one: &&Component| matches!(one.kind, Kind::Text | Kind::TextSensor);
    match found.iter().filter(is_text).count() {
        0..=MAX_TEXTS => Ok(found),
        many => Err(ComponentError::ManyTexts(many)),
    }
}

fn component(word: &str) -> Result<(Kind, Class), ComponentError> {
    let (kind, class) = word.split_once(':').map_or((word, None), |(kind, class)| {
        (kind.trim_end(), Some(class.trim_start()))
    });
    let written = kind.to_lowercase().replace('-', "_");
    if written == "update" {
        return Err(ComponentError::Update);
    }
    let Some(kind) = Kind::of(&written) else {
        let candidates = Kind::ALL.into_iter().map(|kind| kind.word().to_owned());
        // `temperature` alone is a sensor.
        let by_class = Kind::ALL.into_iter().find_map(|kind| {
            let class = kind.classes().iter().find(|class| class.name == written)?;
            Some(format!("{}:{}", kind.word(), class.name))
        });
        return Err(ComponentError::Kind {
            word: kind.to_owned(),
            meant: by_class.or_else(|| closest(&written, candidates)),
        });
    };
    let Some(class) = class else {
        return Ok((kind, kind.plain()));
    };
    if kind.classes().is_empty() {
        return Err(ComponentError::NoClasses {
            kind,
            class: class.to_owned(),
        });
    }
    let wanted = class.to_lowercase().replace('-', "_");
    let found = kind.classes().iter().find(|class| class.name == wanted);
    found
        .map(|class| (kind, *class))
        .ok_or_else(|| ComponentError::Class {
            kind,
            class: class.to_owned(),
            meant: closest(
                &wanted,
                kind.classes().iter().map(|class| class.name.to_owned()),
            ),
        })
}

/// The candidate that differs by the fewest letters, at most two.
fn closest(word: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::levenshtein(word, &candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &str) -> Vec<(String, String, String)> {
        components(list)
            .expect(list)
            .iter()
            .map(|one| (one.key(), one.name.clone(), one.identifier()))
            .collect()
    }

    #[test]
    fn components_are_numbered_per_kind_and_named_after_their_class() {
        let of = |key: &str, name: &str, identifier: &str| {
            (key.to_owned(), name.to_owned(), identifier.to_owned())
        };
        assert_eq!(
            keys("light, sensor:temperature,Light,sensor:humidity,sensor:temperature"),
            [
                of("light:0", "Light", "light"),
                of("sensor:0", "Temperature", "temperature"),
                of("light:1", "Light 2", "light_2"),
                of("sensor:1", "Humidity", "humidity"),
                of("sensor:2", "Temperature 2", "temperature_2"),
            ]
        );
    }

    #[test]
    fn names_and_identifiers_are_unique() {
        for kind in Kind::ALL {
            for class in kind.classes() {
                let list = format!("{0},{0}:{1},{0}:{1}", kind.word(), class.name);
                let mut identifiers: Vec<_> = keys(&list).into_iter().map(|one| one.2).collect();
                identifiers.sort();
                identifiers.dedup();
                assert_eq!(identifiers.len(), 3, "{list}");
            }
        }
        let titles =
            keys("sensor:moisture,binary_sensor:moisture,binary_sensor:motion,event:motion");
        let mut identifiers: Vec<_> = titles.into_iter().map(|one| one.2).collect();
        identifiers.sort();
        identifiers.dedup();
        assert_eq!(identifiers.len(), 4);
    }

    #[test]
    fn a_refusal_says_what_is_accepted_and_what_was_probably_meant() {
        let refused = |list: &str| components(list).expect_err(list).to_string();
        assert!(refused("").contains("light,button,sensor:temperature"));
        assert!(
            refused("light,,button").contains("a component is missing before or after a comma")
        );
        let lamp = refused("ligth");
        assert!(lamp.contains("did you mean light?") && lamp.contains("cover or cover:blind"));
        assert!(refused("temperature").contains("did you mean sensor:temperature?"));
        let class = refused("sensor:temprature");
        assert!(class.contains("did you mean temperature?") && class.contains("illuminance"));
        assert!(refused("button:red").contains("write button without :red"));
        assert!(refused("update").contains("library"));
        assert!(refused(&["light"; 17].join(",")).contains("at most 16"));
        assert!(refused("text,text,text,text_sensor,text_sensor").contains("at most 4"));
        assert!(!refused("spaceship").contains("did you mean"));
    }
}
