//! What restoring a backup on a board sets, and what does not fit. Decides
//! nothing about what to do then: the user does.

use std::cmp::Reverse;

use disk::documents::settable;
use fleet::{BoardView, ComponentView};
use protocol::{ComponentKey, Kind, Object, State, method};

use crate::{Backup, SavedComponent, SavedLabels, take::bounded};

/// How a backup is restored on a board.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What does not fit, a sentence each; without them the board is of the
    /// same kind.
    pub misfits: Vec<String>,
    /// What this kind of board cannot be given, and why.
    pub unsupported: Vec<String>,
    /// What is set, in this order: everything that fits.
    pub steps: Vec<Step>,
    /// The labels, which are set on this computer.
    pub labels: SavedLabels,
}

/// One setting to restore.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is set, for people.
    pub title: String,
    /// To what it is set, for people.
    pub value: String,
    /// Which setting.
    pub setting: Setting,
}

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// The board's name.
    Name(String),
    /// Fields of a component.
    Component(ComponentKey, State),
}

impl Setting {
    /// The parameters of `Device.SetName`, if it is the name.
    pub fn name_params(&self) -> Option<Object> {
        match self {
            Self::Name(name) => Some(Object::from_iter([(
                "name".to_owned(),
                name.clone().into(),
            )])),
            Self::Component(..) => None,
        }
    }
}

impl Plan {
    /// How this backup is restored on this board.
    pub fn new(backup: &Backup, board: &BoardView) -> Self {
        let mut plan = Self {
            misfits: kind_misfits(backup, board),
            labels: backup.labels.clone(),
            ..Self::default()
        };
        match why_not_renamed(board) {
            Some(why) => plan.unsupported.push(format!("its name: {why}")),
            None => plan.steps.push(Step {
                title: "Name".to_owned(),
                value: text::plain(&backup.name),
                setting: Setting::Name(backup.name.clone()),
            }),
        }
        for saved in &backup.components {
            plan.add(saved, board.component(&saved.key).map(|view| &**view));
        }
        let in_backup =
            |key: &ComponentKey| backup.components.iter().any(|saved| saved.key == *key);
        for view in &board.components {
            let descriptor = &view.descriptor;
            if !in_backup(&descriptor.key) && counts(&descriptor.key.kind) {
                plan.misfits.push(format!(
                    "{} is not in the backup",
                    titled(&descriptor.key, &descriptor.name)
                ));
            }
        }
        // What a preset or a mode changes must not undo what follows: outputs
        // are set last.
        plan.steps.sort_by_key(|step| Reverse(rank(&step.setting)));
        plan
    }

    fn add(&mut self, saved: &SavedComponent, view: Option<&ComponentView>) {
        let title = titled(&saved.key, &saved.name);
        let Some(view) = view else {
            if counts(&saved.key.kind) {
                self.misfits.push(format!("{title} is missing"));
            }
            return;
        };
        if saved.set.is_empty() {
            return;
        }
        match misfit(view, &saved.set) {
            Some(why) => self.misfits.push(format!("{title}: {why}")),
            None => self.steps.push(Step {
                title,
                value: text::fields(&saved.set, Some(&view.descriptor)),
                setting: Setting::Component(saved.key.clone(), saved.set.clone()),
            }),
        }
    }
}

/// Whether a component decides what kind a board is. The update of the
/// firmware does not: it depends on the firmware.
fn counts(kind: &Kind) -> bool {
    *kind != Kind::Update
}

fn titled(key: &ComponentKey, name: &str) -> String {
    let key = text::plain(&key.to_string());
    match name.trim() {
        "" => key,
        name => format!("{key} ({})", text::plain(name)),
    }
}

/// In which order: the larger, the earlier.
fn rank(setting: &Setting) -> u8 {
    match setting {
        Setting::Name(_) => 4,
        Setting::Component(key, _) if key.kind == Kind::Select => 3,
        Setting::Component(key, _) if !matches!(key.kind, Kind::Light | Kind::Switch) => 2,
        // A switch may be interlocked with the one that has to go off.
        Setting::Component(_, set) if set.on() == Some(false) => 1,
        Setting::Component(..) => 0,
    }
}

/// How the board differs in kind from that of the backup.
fn kind_misfits(backup: &Backup, board: &BoardView) -> Vec<String> {
    let saved = &backup.board;
    let (platform, product) = board
        .info
        .as_ref()
        .map(|info| (bounded(&info.platform), bounded(&info.board)))
        .unwrap_or_default();
    if saved.family == board.family && saved.platform == platform && saved.board == product {
        return Vec::new();
    }
    let what = |family: fleet::Family, board: &str, platform: &str| match family.is_ours() {
        true => format!("{board} ({platform})"),
        false => format!("{} ({board})", family.title()),
    };
    vec![format!(
        "the backup is of another kind of board: {}, not {}",
        what(
            saved.family,
            &text::plain(&saved.board),
            &text::plain(&saved.platform)
        ),
        what(
            board.family,
            &text::plain(&product),
            &text::plain(&platform)
        ),
    )]
}

fn why_not_renamed(board: &BoardView) -> Option<&'static str> {
    board.why_lacking(method::DEVICE_SET_NAME).or_else(|| {
        board
            .lacks(method::DEVICE_SET_NAME)
            .then_some("the board cannot be renamed remotely")
    })
}

/// Why a component cannot have these fields.
fn misfit(view: &ComponentView, set: &State) -> Option<String> {
    let kind = &view.descriptor.kind;
    let accepted = settable(kind);
    set.0.iter().find_map(|(field, value)| {
        if !accepted.contains(&field) || *kind == Kind::Cover {
            return Some(format!(
                "this version of Switchboard cannot restore {}",
                text::plain(field)
            ));
        }
        let shown = text::plain(&value.to_string());
        let is_one_of =
            |options: Vec<&str>| value.as_str().is_some_and(|one| options.contains(&one));
        let caps = &view.descriptor.caps;
        let fits = match (kind, field) {
            (Kind::Number, _) => match (view.reported.range(), value.as_f64()) {
                (Some([min, max, _]), Some(value)) => {
                    if !(min..=max).contains(&value) {
                        return Some(format!("{value} is not within {min} and {max}"));
                    }
                    true
                }
                (None, Some(_)) => true,
                (_, None) => false,
            },
            (Kind::Select, _) => is_one_of(view.reported.options().collect()),
            (Kind::Text, _) => value.is_string(),
            (_, "on") => value.is_boolean(),
            (_, "brightness") => caps.brightness && value.is_number(),
            (_, "rgb") => caps.rgb && value.is_array(),
            (_, "white") => caps.white && value.is_number(),
            (_, "ct_k") => caps.ct_k.is_some_and(|[warmest, coldest]| {
                value
                    .as_f64()
                    .is_some_and(|value| (warmest.into()..=coldest.into()).contains(&value))
            }),
            (_, "effect") => is_one_of(caps.effects.iter().map(String::as_str).collect()),
            (_, "palette") => is_one_of(caps.palettes.iter().map(String::as_str).collect()),
            _ => true,
        };
        (!fits).then(|| match kind {
            Kind::Select => format!("{shown} is not one of its options"),
            Kind::Light => format!("it does not support {field} {shown}"),
            _ => format!("it does not accept {shown}"),
        })
    })
}
