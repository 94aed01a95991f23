//! What screen readers announce without being asked: changes that others
//! made to the shown board, its events, commands that failed, links that came
//! and went. The texts are a live region of the accessibility tree and are
//! painted nowhere, because the window shows all of it in other places.

use std::{collections::VecDeque, time::Duration};

use web_time::Instant;

use crate::model::{boards::Model, event_text::event_text, frame_context::FrameContext};
use eframe::egui::{
    Id, Ui,
    accesskit::{Live, Role},
    accesskit_root_id,
};
use fleet::{LinkState, LogEntry, LogEvent, Outcome, Shown};

/// Announcements are at least this far apart, so that each can be heard.
const EVERY: Duration = Duration::from_millis(1500);

/// One announcement has at most this many events; of the others it has the
/// number.
const MOST: usize = 3;

/// What is announced.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    waiting: VecDeque<String>,
    /// How many did not fit into `waiting`.
    dropped: u64,
    /// The current one, and since when.
    shown: Option<(String, Instant)>,
    /// A new number is a new node: a repeated text is announced again.
    number: u64,
}

impl Announcements {
    /// Takes an event, which is announced if it is news.
    pub(crate) fn add_event(&mut self, entry: &LogEntry, model: &Model, shown: Option<&Shown>) {
        let on_page = shown.is_some_and(|shown| shown.boards.contains(&entry.board));
        if !is_news(&entry.what, on_page) {
            return;
        }
        let mut words = event_text(model, entry, None);
        // A key and a delay are tedious to hear.
        words.key.clear();
        words.timing.clear();
        self.add(words.in_one(&model.title_of(entry.board)));
    }

    fn add(&mut self, text: String) {
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.waiting.push_back(text);
    }

    /// Puts the current announcement into the accessibility tree.
    pub(crate) fn show(&mut self, ui: &Ui, frame: &FrameContext) {
        // Nothing reads the tree: nothing waits, and no frame is drawn for it.
        let root = ui.ctx().accesskit_node_builder(accesskit_root_id(), |_| ());
        if root.is_none() {
            self.waiting.clear();
            self.dropped = 0;
            return;
        }
        let since = self.shown.as_ref().map(|(_, since)| *since);
        let left = since.map_or(Duration::ZERO, |since| {
            EVERY.saturating_sub(frame.now.saturating_duration_since(since))
        });
        if !self.waiting.is_empty() && left.is_zero() {
            self.shown = Some((self.take(), frame.now));
            self.number = self.number.wrapping_add(1);
        } else if !self.waiting.is_empty() {
            frame.again_in(left);
        }
        if let Some((text, _)) = &self.shown {
            let id = Id::unique("announcement").with(self.number);
            ui.ctx().accesskit_node_builder(id, |node| {
                node.set_role(Role::Status);
                node.set_label(text.as_str());
                node.set_live(Live::Polite);
            });
        }
    }

    fn take(&mut self) -> String {
        let mut text = Vec::from_iter(self.waiting.drain(..)).join("; ");
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            text = format!("{text}; and {} before", text::count(dropped, "other event"));
        }
        text
    }
}

/// Whether a person who cannot see the window should hear of it; `on_page` is
/// whether its board is shown. Readings of sensors never stop, and the effect
/// of the person's own command is read from the control itself.
fn is_news(what: &LogEvent, on_page: bool) -> bool {
    match what {
        LogEvent::Link(link) => {
            matches!(link, LinkState::Connected | LinkState::Unreachable { .. })
        }
        LogEvent::Event { .. } => on_page && !what.is_own(),
        LogEvent::Changed { .. } => on_page && !what.is_own() && !what.is_reading(),
        LogEvent::Command { outcome, .. } => on_page && !matches!(outcome, Outcome::Done { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_events_are_one_announcement_that_counts_those_left_out() {
        let mut announcements = Announcements::default();
        (1..=5).for_each(|event| announcements.add(format!("event {event}")));
        assert_eq!(
            announcements.take(),
            "event 3; event 4; event 5; and 2 other events before"
        );
        announcements.add("event 6".to_owned());
        assert_eq!(announcements.take(), "event 6");
    }

    #[test]
    fn readings_and_other_boards_are_not_announced() {
        let changed = |component: &str| LogEvent::Changed {
            component: component.parse().expect("a component's key"),
            change: protocol::State::new(),
            origin: fleet::Origin::Physical,
            delay: None,
        };
        assert!(is_news(&changed("switch:0"), true));
        assert!(!is_news(&changed("switch:0"), false));
        assert!(!is_news(&changed("sensor:0"), true));
        assert!(is_news(&LogEvent::Link(LinkState::Connected), false));
        assert!(!is_news(&LogEvent::LogLost(3), true));
    }
}
