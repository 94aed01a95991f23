//! An entry of the command palette.

use eframe::egui::KeyboardShortcut;

use crate::{
    model::{action::Action, boards::Model, main_component::activity},
    widgets::verb::Verb,
};
use fleet::{BoardKey, LinkState};
use protocol::ComponentKey;

/// What an entry is about: its state is shown next to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    Nothing,
    Board(BoardKey),
    Component(BoardKey, ComponentKey),
}

/// An entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sign: &'static str,
    /// What is searched and shown: `Desk lamp: turn Light on`.
    pub(super) words: String,
    /// The keyboard shortcut.
    pub(super) keys: Option<KeyboardShortcut>,
    pub(super) actions: Vec<Action>,
    pub(super) subject: Subject,
    /// Why it cannot be done now.
    pub(super) why_not: Option<String>,
}

impl Entry {
    pub(super) fn new(
        sign: &'static str,
        words: impl Into<String>,
        action: impl Into<Action>,
    ) -> Self {
        Self {
            sign,
            words: words.into(),
            keys: None,
            actions: vec![action.into()],
            subject: Subject::Nothing,
            why_not: None,
        }
    }

    /// A verb of a menu, after the name of what the menu belongs to.
    pub(super) fn of(name: &str, verb: Verb) -> Self {
        let Verb {
            sign,
            words,
            actions,
            why_not,
            ..
        } = verb;
        Self {
            sign,
            words: format!("{name}: {}", lower(&words)),
            keys: None,
            actions,
            subject: Subject::Nothing,
            why_not: why_not.map(str::to_owned),
        }
    }

    pub(super) fn keys(mut self, keys: KeyboardShortcut) -> Self {
        self.keys = Some(keys);
        self
    }

    pub(super) fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    pub(super) fn unless(mut self, why_not: Option<String>) -> Self {
        self.why_not = why_not;
        self
    }

    /// What is shown at its right: why it cannot be done, or the state of what
    /// it is about.
    pub(super) fn state(&self, model: &Model) -> String {
        if let Some(why_not) = &self.why_not {
            return why_not.clone();
        }
        match &self.subject {
            Subject::Nothing => String::new(),
            Subject::Board(key) => model
                .board(*key)
                .and_then(|board| match &board.link {
                    LinkState::Connected => activity(board),
                    link => Some(text::link(link).to_owned()),
                })
                .unwrap_or_default(),
            Subject::Component(key, component) => model
                .board(*key)
                .and_then(|board| board.component(component))
                .and_then(|view| text::brief(view))
                .unwrap_or_default(),
        }
    }
}

/// The first letter in lower case, as the words follow a name.
pub(super) fn lower(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
