//! The window's saved settings, as JSON. A field that is missing, invalid or
//! from a newer version affects only itself. [`file`] stores them, in a browser
//! in its local storage.

// A browser has no files.
#[cfg_attr(target_arch = "wasm32", path = "local_storage.rs")]
mod file;
mod folder;
mod lab;
mod list;
#[cfg(not(target_arch = "wasm32"))]
mod merge;
mod plots;
mod serial;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use families::Family;
use protocol::Object;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::documents::{Dashboard, Scene, Shelf};

pub use file::SettingsFile;
#[cfg(not(target_arch = "wasm32"))]
pub use file::{change_labels, remembered};
pub use folder::folder;
pub use lab::{Exercise, LabSettings, RememberedChannel};
pub use list::{Arrangement, Grouping, Labels, Sorting};
pub use plots::{ChannelPin, PlotSettings};
pub use serial::SerialSettings;

/// The theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Follow the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How much the window is animated: switches that slide, lists that scroll
/// smoothly, dots that pulse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotionChoice {
    /// As the desktop prefers.
    #[default]
    System,
    /// With all animations.
    Full,
    /// Without animations.
    Reduced,
}

/// A board that is remembered for the next run, whether it is reachable or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedBoard {
    /// Its last known address, `host:port`.
    pub address: String,
    /// Its last known name.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// Its family. Files of 0.1.0 have only boards of ours.
    #[serde(skip_serializing_if = "Family::is_ours")]
    pub family: Family,
    /// Whether it was added by the user rather than discovered.
    pub by_hand: bool,
}

impl RememberedBoard {
    /// Whether both are the same board: by id, or by address if one has no id.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one == other,
            _ => self.address == other.address,
        }
    }
}

/// A board that the user removed from the list. It does not come back when it
/// is discovered, only when it is restored or added by its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForgottenBoard {
    /// The board.
    #[serde(flatten)]
    pub board: RememberedBoard,
    /// When it was forgotten, in seconds since 1970 (UTC).
    pub at: u64,
}

/// A page of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The board list and the page of the selected board.
    #[default]
    Boards,
    /// Dashboards with components of several boards.
    Dashboards,
    /// Scenes.
    Scenes,
    /// The activity log.
    Activity,
    /// Values over time.
    Plots,
    /// The health of all connections.
    Health,
    /// The frames on a board's connection.
    Frames,
    /// The doctor: why a board is missing.
    Doctor,
    /// The lab: exercises with channels.
    Lab,
    /// The serial monitor: what a board prints.
    Serial,
}

/// Whether the introduction is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntroductionState {
    /// It was never shown.
    #[default]
    Unseen,
    /// It is shown until it is dismissed.
    Shown,
    /// It was dismissed.
    Dismissed,
}

/// The size of the window and its parts, in points; `None` is the default.
/// Impossible sizes are read as `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The window's size when it is not maximized.
    #[serde(deserialize_with = "sizes")]
    pub window: Option<[f32; 2]>,
    /// Where its upper left corner is on the desktop, with its frame; `None` if
    /// the desktop does not say, as on Wayland.
    #[serde(deserialize_with = "position")]
    pub position: Option<[f32; 2]>,
    /// Whether it is maximized.
    pub maximized: bool,
    /// The zoom on top of the desktop's scaling, 0.5 to 3; `None` is 1. Less in
    /// a small window.
    #[serde(deserialize_with = "size")]
    pub zoom: Option<f32>,
    /// The width of the board list.
    #[serde(deserialize_with = "size")]
    pub list: Option<f32>,
    /// The height of the timeline.
    #[serde(deserialize_with = "size")]
    pub pushes: Option<f32>,
    /// Whether the timeline is folded to one line.
    #[serde(deserialize_with = "or_default")]
    pub timeline_folded: bool,
}

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The theme.
    #[serde(deserialize_with = "or_default")]
    pub theme: ThemeChoice,
    /// How much the window is animated.
    #[serde(deserialize_with = "or_default")]
    pub motion: MotionChoice,
    /// The current page.
    #[serde(deserialize_with = "or_default")]
    pub place: Page,
    /// Boards known from earlier runs.
    #[serde(deserialize_with = "or_default")]
    pub boards: Vec<RememberedBoard>,
    /// Boards that the user removed from the list, the newest last.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<ForgottenBoard>,
    /// The id, or otherwise the address, of the selected board.
    #[serde(deserialize_with = "or_default")]
    pub selected: Option<String>,
    /// Whether the timeline shows only the selected board.
    #[serde(deserialize_with = "or_default")]
    pub pushes_of_one: bool,
    /// Whether the timeline shows readings.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub readings: bool,
    /// The arrangement of the board list.
    #[serde(deserialize_with = "or_default")]
    pub arrangement: Arrangement,
    /// The labels of boards, by board id.
    #[serde(deserialize_with = "or_default")]
    pub notes: BTreeMap<String, Labels>,
    /// The plots.
    #[serde(deserialize_with = "or_default")]
    pub plots: PlotSettings,
    /// Scenes, in order.
    #[serde(deserialize_with = "or_default")]
    pub scenes: Shelf<Scene>,
    /// Dashboards, in order.
    #[serde(deserialize_with = "or_default")]
    pub dashboards: Shelf<Dashboard>,
    /// The settings of the lab.
    #[serde(deserialize_with = "or_default")]
    pub lab: LabSettings,
    /// The settings of the serial monitor.
    #[serde(deserialize_with = "or_default")]
    pub serial: SerialSettings,
    /// Where inbound connections are accepted; `None`: nowhere.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub listen: Option<SocketAddr>,
    /// The MQTT brokers from which boards are taken, as URLs without
    /// passwords.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub brokers: Vec<String>,
    /// The size of the window and its parts.
    #[serde(deserialize_with = "or_default")]
    pub layout: Layout,
    /// The introduction to the window.
    #[serde(deserialize_with = "or_default")]
    pub introduction: IntroductionState,
    /// The window has not drawn its first frames yet, or the previous run
    /// crashed: see [`Settings::begin_run`].
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub starting: bool,
    /// Fields from a newer version, kept unchanged.
    #[serde(flatten)]
    pub newer: Object,
}

/// The most discovered boards to remember; boards that the user added are not
/// limited.
const FOUND: usize = 1_024;

impl Settings {
    /// Starts a run of the window. If the previous run crashed, the view is
    /// reset to its defaults, because it may be the cause. Everything that the
    /// user made stays: boards, labels, scenes, dashboards, plots, channels.
    /// Returns whether the previous run crashed.
    pub fn begin_run(&mut self) -> bool {
        let crashed = std::mem::replace(&mut self.starting, true);
        if crashed {
            let defaults = Self::default();
            self.place = defaults.place;
            self.selected = defaults.selected;
            self.pushes_of_one = defaults.pushes_of_one;
            self.readings = defaults.readings;
            self.arrangement = defaults.arrangement;
            self.layout = defaults.layout;
            self.lab.exercise = defaults.lab.exercise;
            self.plots.span = defaults.plots.span;
        }
        crashed
    }

    /// Remembers boards. If there are too many, the oldest discovered boards
    /// are dropped.
    pub fn remember(&mut self, boards: impl IntoIterator<Item = RememberedBoard>) {
        let known = self.boards.iter().enumerate();
        let mut by_id: HashMap<_, _> = known
            .clone()
            .filter_map(|(at, known)| Some((known.id.clone()?, at)))
            .collect();
        let mut by_address: HashMap<_, _> = known
            .clone()
            .rev()
            .map(|(at, known)| (known.address.clone(), at))
            .collect();
        // Addresses change hands: use them only for boards without an id.
        let mut nameless: HashMap<_, _> = known
            .filter(|(_, known)| known.id.is_none())
            .map(|(at, known)| (known.address.clone(), at))
            .collect();
        for board in boards {
            let there = match &board.id {
                Some(id) => by_id
                    .get(id)
                    .copied()
                    .or_else(|| nameless.remove(&board.address)),
                None => {
                    let at = by_address.get(&board.address).copied();
                    let known = at.and_then(|at| self.boards.get(at));
                    match known.is_none_or(|known| known.is(&board)) {
                        true => at,
                        // It has another address by now.
                        false => self.boards.iter().position(|known| known.is(&board)),
                    }
                }
            };
            let at = there.unwrap_or(self.boards.len());
            match board.id.clone() {
                Some(id) => by_id.insert(id, at),
                None => nameless.insert(board.address.clone(), at),
            };
            by_address.entry(board.address.clone()).or_insert(at);
            match self.boards.get_mut(at) {
                Some(known) => *known = board,
                None => self.boards.push(board),
            }
        }
        let mut too_many = self
            .boards
            .iter()
            .filter(|board| !board.by_hand)
            .count()
            .saturating_sub(FOUND);
        self.boards.retain(|board| {
            let goes = too_many > 0 && !board.by_hand;
            too_many -= usize::from(goes);
            !goes
        });
    }
}

/// Whether this is a possible size. Values that do not fit an `f32` are read as
/// infinite and could not be written back.
fn is_size(points: f32) -> bool {
    points > 0.0 && points <= 100_000.0
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    Ok(or_default::<Option<f32>, D>(deserializer)?.filter(|points| is_size(*points)))
}

fn sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[f32; 2]>, D::Error> {
    Ok(or_default::<Option<[f32; 2]>, D>(deserializer)?
        .filter(|points| points.iter().all(|points| is_size(*points))))
}

fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[f32; 2]>, D::Error> {
    Ok(or_default::<Option<[f32; 2]>, D>(deserializer)?
        .filter(|points| points.iter().all(|points| points.abs() <= 100_000.0)))
}

fn or_default<'de, T: Default + DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_remembered_once_by_its_id() {
        let board = |id: &str, address: &str| RememberedBoard {
            id: Some(id.to_owned()),
            address: address.to_owned(),
            ..RememberedBoard::default()
        };
        let mut settings = Settings::default();
        settings.remember([RememberedBoard {
            address: "10.0.0.7:80".to_owned(),
            ..RememberedBoard::default()
        }]);
        settings.remember([board("sb-1", "10.0.0.7:80"), board("sb-1", "10.0.0.8:80")]);
        settings.remember([board("sb-2", "10.0.0.7:80")]);
        assert_eq!(
            settings.boards,
            [board("sb-1", "10.0.0.8:80"), board("sb-2", "10.0.0.7:80")]
        );
    }

    #[test]
    fn a_crash_resets_the_view_but_not_what_the_user_made() {
        let stored = serde_json::json!({
            "theme": "dark", "place": "plots", "selected": "lamp-1",
            "layout": {"zoom": 3.1, "window": [300.0, 200.0]},
            "notes": {"lamp-1": {"room": "Attic"}}, "scenes": [{"name": "Evening", "steps": []}],
            "dashboards": [{"name": "Bench"}], "boards": [{"address": "10.0.0.7:80"}],
            "starting": true,
        });
        let mut settings: Settings = serde_json::from_value(stored).unwrap_or_default();
        let before = settings.clone();
        assert!(settings.begin_run());
        assert_eq!(
            (settings.layout, settings.place, &settings.selected),
            (Layout::default(), Page::Boards, &None)
        );
        assert_eq!(
            (&settings.scenes, &settings.dashboards),
            (&before.scenes, &before.dashboards)
        );
        assert_eq!(
            (&settings.notes, &settings.boards, settings.theme),
            (&before.notes, &before.boards, before.theme)
        );
        assert!(settings.starting);
        settings.starting = false;
        assert!(
            !settings.begin_run(),
            "a normal run does not reset the view"
        );
    }

    #[test]
    fn only_discovered_boards_are_limited() {
        let board = |number: usize, by_hand| RememberedBoard {
            id: Some(format!("sb-{number}")),
            address: format!("10.0.0.7:{number}"),
            by_hand,
            ..RememberedBoard::default()
        };
        let mut settings = Settings::default();
        settings.remember([board(1, true), board(2, false)]);
        settings.remember((3..=FOUND + 10).map(|number| board(number, false)));
        assert_eq!(settings.boards.len(), FOUND + 1);
        assert_eq!(
            (&settings.boards[0], &settings.boards[1]),
            (&board(1, true), &board(11, false))
        );
    }

    #[test]
    fn an_unreadable_choice_of_notifications_is_off_and_affects_only_itself()
    -> Result<(), serde_json::Error> {
        let stored = r#"{"notes":{
            "lamp-1":{"room":"Attic","notify_when_lost":true},
            "lamp-2":{"room":"Cellar","notify_when_lost":"by_mail"}}}"#;
        let settings: Settings = serde_json::from_str(stored)?;
        let read = |id: &str| {
            let labels = settings.notes.get(id)?;
            Some((labels.room.as_str(), labels.notify_when_lost))
        };
        assert_eq!(read("lamp-1"), Some(("Attic", true)));
        assert_eq!(read("lamp-2"), Some(("Cellar", false)));
        assert_eq!(
            serde_json::to_value(&settings.notes["lamp-2"])?.get("notify_when_lost"),
            None,
            "off is not written"
        );
        Ok(())
    }

    #[test]
    fn a_newer_file_loses_only_what_this_program_cannot_read() -> Result<(), serde_json::Error> {
        let stored = r#"{"theme":"sepia","selected":"lamp-1","boards":[{"address":"10.0.0.7:80","since":1}],"lamps":[1]}"#;
        let settings: Settings = serde_json::from_str(stored)?;
        assert_eq!(settings.theme, ThemeChoice::System);
        assert_eq!(settings.selected.as_deref(), Some("lamp-1"));
        assert_eq!(settings.boards.len(), 1);
        assert!(serde_json::to_string(&settings)?.contains("\"lamps\":[1]"));
        Ok(())
    }

    #[test]
    fn an_impossible_window_size_is_ignored() -> Result<(), serde_json::Error> {
        for window in ["[800,1e39]", "[0,600]", "[-800,600]", "[800]", "\"large\""] {
            let stored = format!(r#"{{"layout":{{"window":{window},"zoom":1.5,"list":1e39}}}}"#);
            let settings: Settings = serde_json::from_str(&stored)?;
            assert_eq!(
                settings.layout,
                Layout {
                    zoom: Some(1.5),
                    ..Layout::default()
                },
                "{window}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_number_of_a_newer_version_is_kept_to_the_last_digit() -> Result<(), serde_json::Error> {
        // Parsed quickly instead of exactly, it becomes …554e62, and changes
        // each time.
        let settings: Settings = serde_json::from_str(r#"{"newer":3.005555555555555e62}"#)?;
        assert!(serde_json::to_string(&settings)?.contains("\"newer\":3.005555555555555e+62"));
        Ok(())
    }
}
