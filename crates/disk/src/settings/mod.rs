//! What the window remembers from one run to the next, as JSON. A field that is
//! missing, broken or newer than this program costs nothing but itself. Where
//! it is kept is [`file`]'s.

mod file;
mod folder;
mod lab;
mod list;
mod merge;
mod plots;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use protocol::Object;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::documents::{Dashboard, Scene, Shelf};

pub use file::{SettingsFile, remembered};
pub use folder::folder;
pub use lab::{Exercise, LabSettings, RememberedChannel};
pub use list::{Arrangement, Grouping, Labels, Sorting};
pub use plots::PlotSettings;

/// Which theme is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// The desktop's.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A board that is shown in the next run too, there or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedBoard {
    /// Where it was last, `host:port`.
    pub address: String,
    /// What it was called last.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// It was added by hand, not found.
    pub by_hand: bool,
}

impl RememberedBoard {
    /// Whether both are one board: by their ids, or by the address where one
    /// has none.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one == other,
            _ => self.address == other.address,
        }
    }
}

/// A part of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The list of boards, and the page of the chosen one.
    #[default]
    Boards,
    /// Components of several boards on pages of one's own.
    Dashboards,
    /// What some components are to be, at a click.
    Scenes,
    /// Everything that happened.
    Activity,
    /// Values over time.
    Plots,
    /// How every link has been.
    Health,
    /// What goes over a board's link.
    Frames,
    /// Why a board is missing.
    Doctor,
    /// Exercises with channels.
    Lab,
}

/// How large the window and its parts are, in points; `None` is as at the first
/// start. A size that no screen has is read as none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The window, where it is not maximised.
    #[serde(deserialize_with = "sizes")]
    pub window: Option<[f32; 2]>,
    /// It is maximised.
    pub maximized: bool,
    /// How much larger than the desktop asks everything is to be shown, 0.5 to
    /// 3; `None` is 1. In a small window it is less.
    #[serde(deserialize_with = "size")]
    pub zoom: Option<f32>,
    /// The width of the list of boards.
    #[serde(deserialize_with = "size")]
    pub list: Option<f32>,
    /// The height of what was pushed.
    #[serde(deserialize_with = "size")]
    pub pushes: Option<f32>,
}

/// Everything remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The theme.
    #[serde(deserialize_with = "or_default")]
    pub theme: ThemeChoice,
    /// What part of the window is shown.
    #[serde(deserialize_with = "or_default")]
    pub place: Page,
    /// Boards that an earlier run knew.
    #[serde(deserialize_with = "or_default")]
    pub boards: Vec<RememberedBoard>,
    /// The id, or else the address, of the board that was shown last.
    #[serde(deserialize_with = "or_default")]
    pub selected: Option<String>,
    /// What was pushed is shown for the chosen board only.
    #[serde(deserialize_with = "or_default")]
    pub pushes_of_one: bool,
    /// How the list of boards is arranged.
    #[serde(deserialize_with = "or_default")]
    pub arrangement: Arrangement,
    /// What the person noted of boards, by their ids.
    #[serde(deserialize_with = "or_default")]
    pub notes: BTreeMap<String, Labels>,
    /// What is plotted.
    #[serde(deserialize_with = "or_default")]
    pub plots: PlotSettings,
    /// Scenes, in their order.
    #[serde(deserialize_with = "or_default")]
    pub scenes: Shelf<Scene>,
    /// Dashboards, in their order.
    #[serde(deserialize_with = "or_default")]
    pub dashboards: Shelf<Dashboard>,
    /// What is shown in the lab.
    #[serde(deserialize_with = "or_default")]
    pub lab: LabSettings,
    /// Where boards can call this computer; `None`: nowhere.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub listen: Option<SocketAddr>,
    /// How large the window and its parts are.
    #[serde(deserialize_with = "or_default")]
    pub layout: Layout,
    /// The window was opened and has not drawn its first frames, or ended by a
    /// crash: see [`Settings::begin_run`].
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub starting: bool,
    /// Fields of a newer version, kept as they came.
    #[serde(flatten)]
    pub newer: Object,
}

/// Boards that are remembered because they were found; those that were added
/// are the person's own.
const FOUND: usize = 1_024;

impl Settings {
    /// Begins a run of the window. Where the one before crashed, what is shown
    /// and how goes back to its defaults, since that may be the cause; what a
    /// person made stays: boards, notes, scenes, dashboards, curves, channels.
    /// Returns whether that was so.
    pub fn begin_run(&mut self) -> bool {
        let crashed = std::mem::replace(&mut self.starting, true);
        if crashed {
            let defaults = Self::default();
            self.place = defaults.place;
            self.selected = defaults.selected;
            self.pushes_of_one = defaults.pushes_of_one;
            self.arrangement = defaults.arrangement;
            self.layout = defaults.layout;
            self.lab.exercise = defaults.lab.exercise;
            self.plots.span = defaults.plots.span;
        }
        crashed
    }

    /// Remembers boards as they are now. Of those that were found the oldest
    /// are dropped where there are too many.
    pub fn remember(&mut self, boards: impl IntoIterator<Item = RememberedBoard>) {
        let known = self.boards.iter().enumerate();
        let mut by_id: HashMap<_, _> = known
            .clone()
            .filter_map(|(at, known)| Some((known.id.clone()?, at)))
            .collect();
        // An address is anybody's; only of who has no id it says who it is.
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
                None => self.boards.iter().position(|known| known.is(&board)),
            };
            let at = there.unwrap_or(self.boards.len());
            match board.id.clone() {
                Some(id) => by_id.insert(id, at),
                None => nameless.insert(board.address.clone(), at),
            };
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

/// Whether something can be so many points large. What does not fit an `f32` is
/// read as infinite, and could not be written again.
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
    fn a_board_is_remembered_once_by_its_id_wherever_it_is() {
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
    fn after_a_crash_the_view_is_set_back_and_nothing_that_a_person_made_is_lost() {
        let stored = serde_json::json!({
            "theme": "dark", "place": "plots", "selected": "lamp-1", "layout": {"zoom": 3.1, "window": [300.0, 200.0]},
            "notes": {"lamp-1": {"room": "Attic"}}, "scenes": [{"name": "Evening", "steps": []}],
            "dashboards": [{"name": "Bench"}], "boards": [{"address": "10.0.0.7:80"}], "starting": true,
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
            "a run that went well is followed by one as it was left"
        );
    }

    #[test]
    fn boards_that_were_found_are_remembered_up_to_a_bound_and_those_that_were_added_always() {
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
    fn a_window_of_a_size_that_no_screen_has_is_none_and_costs_no_other_field()
    -> Result<(), serde_json::Error> {
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
        // Read quickly instead of exactly it becomes …554e62, and another one
        // each time.
        let settings: Settings = serde_json::from_str(r#"{"newer":3.005555555555555e62}"#)?;
        assert!(serde_json::to_string(&settings)?.contains("\"newer\":3.005555555555555e+62"));
        Ok(())
    }
}
