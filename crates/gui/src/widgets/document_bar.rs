//! Documents of one kind, which of them is shown, and the bar above their page:
//! names, and the menu of the shown document.

use eframe::egui::{
    Align, Button, Frame, Label, Layout, Margin, Popup, RichText, Ui, WidgetInfo, accesskit::Role,
    vec2,
};

use disk::documents::{DocumentKind, Shelf, Shelved};

use crate::{
    model::{
        action::{RenameSpot, RenameTarget, Task, WindowAction},
        file_task::FileTask,
        page_context::PageContext,
    },
    widgets::{
        icon, rename, text_line,
        theme::{self, HALF, palette},
        verb::{self, Verb},
    },
};

/// Documents of one kind; one of them is shown.
#[derive(Debug)]
pub(crate) struct DocumentBar<T> {
    pub(crate) shelf: Shelf<T>,
    shown: usize,
}

impl<T: Shelved + Clone> DocumentBar<T> {
    pub(crate) fn new(shelf: Shelf<T>) -> Self {
        Self { shelf, shown: 0 }
    }

    /// The shown document, and its index.
    pub(crate) fn shown(&self) -> Option<(usize, &T)> {
        let last = self.shelf.items.len().checked_sub(1)?;
        let at = self.shown.min(last);
        self.shelf.items.get(at).map(|item| (at, item))
    }

    /// Shows another document.
    pub(crate) fn show(&mut self, at: usize) {
        self.shown = at;
    }

    /// An empty document with a name that is not in use.
    pub(crate) fn blank(&self, kind: DocumentKind) -> T {
        let word = match kind {
            DocumentKind::Scene => "Scene",
            DocumentKind::Dashboard => "Dashboard",
        };
        T::new(self.shelf.free_name(&format!("{word} 1")))
    }

    /// Replaces, inserts or removes the document at an index; returns what was
    /// there. A new one is shown. `replaces` says whether one is expected
    /// there.
    pub(crate) fn exchange(&mut self, at: usize, replaces: bool, to: Option<T>) -> Option<T> {
        let items = &mut self.shelf.items;
        let old = (replaces && at < items.len()).then(|| items.remove(at));
        match to {
            Some(to) => {
                self.shown = at.min(items.len());
                items.insert(self.shown, to);
            }
            // The shown one stays, but has another index now.
            None if old.is_some() && at < self.shown => self.shown -= 1,
            None => {}
        }
        old
    }

    /// Shows the names and, on the right, the menu of the shown document and
    /// what `add` draws.
    pub(crate) fn bar(
        &mut self,
        ui: &mut Ui,
        kind: DocumentKind,
        context: &PageContext<'_>,
        add: impl FnOnce(&mut Ui, &mut Self, &PageContext<'_>),
    ) {
        let title = match kind {
            DocumentKind::Scene => "Scenes",
            DocumentKind::Dashboard => "Dashboards",
        };
        ui.horizontal(|ui| {
            ui.heading(title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.menu(ui, kind, context);
                if self.shown().is_some() {
                    add(ui, self, context);
                }
            });
        });
        if self.shelf.items.is_empty() {
            return;
        }
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            let shown = self.shown().map(|(at, _)| at);
            let mut wanted = None;
            for (at, item) in self.shelf.items.iter().enumerate() {
                let chosen = shown == Some(at);
                let tab = ui.add(Button::selectable(chosen, item.name()));
                tab.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, item.name()));
                let target = RenameTarget::Document(kind, at);
                rename::in_place_of(ui, &tab, target, RenameSpot::Heading, context);
                if tab.clicked() {
                    wanted = Some(at);
                }
            }
            let words = new_words(kind);
            let new = ui.add(Button::new(format!("{}  {words}", icon::PLUS)));
            new.widget_info(|| WidgetInfo::labeled(Role::Button, true, words));
            if new.clicked() {
                context.push(WindowAction::NewDocument(kind));
            }
            if let Some(at) = wanted {
                self.show(at);
            }
        });
    }

    /// The page while there is no document, with a button that creates one.
    pub(crate) fn nothing(
        &self,
        ui: &mut Ui,
        kind: DocumentKind,
        words: &str,
        context: &PageContext<'_>,
    ) {
        empty(ui, &format!("No {}s yet", kind.word()), words, |ui| {
            if first_button(ui, new_words(kind), new_words(kind)) {
                context.push(WindowAction::NewDocument(kind));
            }
        });
    }

    fn menu(&self, ui: &mut Ui, kind: DocumentKind, context: &PageContext<'_>) {
        let word = kind.word();
        let more = ui
            .add(Button::new(icon::DOTS_THREE))
            .on_hover_text(format!("Rename, save, load or delete a {word}"));
        more.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("More for {word}s")));
        Popup::menu(&more).show(|ui| {
            let mut verbs = vec![load()];
            if let Some((at, _)) = self.shown() {
                verbs.splice(0..0, verbs_of(kind, at));
                verbs.push(delete(kind, at));
            }
            verb::menu(ui, verbs, context);
        });
    }
}

/// What can be done with the document with this index, except deleting it.
pub(crate) fn verbs_of(kind: DocumentKind, at: usize) -> [Verb; 2] {
    let begin = WindowAction::BeginRename(RenameTarget::Document(kind, at), RenameSpot::Anywhere);
    [
        Verb::new(icon::PENCIL_SIMPLE, "Rename…", begin),
        Verb::new(icon::FLOPPY_DISK, "Save as…", Task::SaveDocument(kind, at)),
    ]
}

/// Loads a document of any kind from a file.
pub(crate) fn load() -> Verb {
    let load = Task::File(FileTask::LoadDocument);
    Verb::new(icon::FOLDER_OPEN, "Load…", load)
}

/// Deletes the document with this index.
pub(crate) fn delete(kind: DocumentKind, at: usize) -> Verb {
    let delete = WindowAction::DeleteDocument(kind, at);
    Verb::new(icon::TRASH, "Delete", delete).begins_group()
}

/// The label of the button that creates a document.
fn new_words(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Scene => "New scene",
        DocumentKind::Dashboard => "New dashboard",
    }
}

/// The one button of an empty page, with this accessible name; whether it was
/// clicked.
pub(crate) fn first_button(ui: &mut Ui, words: &str, name: &str) -> bool {
    let color = palette(ui).on_accent;
    let words = RichText::new(format!("{}  {words}", icon::PLUS)).color(color);
    let button = Button::new(words)
        .fill(palette(ui).accent)
        .min_size(vec2(0.0, 28.0));
    let button = ui.add(button);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    button.clicked()
}

/// A frame with a title and an explanation.
pub(crate) fn empty(ui: &mut Ui, title: &str, words: &str, add: impl FnOnce(&mut Ui)) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke((1.0, palette.border))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        text_line::label(ui, title, title, theme::strong(), palette.text);
        ui.add_space(HALF);
        ui.scope(|ui| {
            ui.set_max_width(theme::PROSE);
            ui.add(Label::new(RichText::new(words).color(palette.weak)).wrap());
        });
        ui.add_space(HALF);
        add(ui);
    });
}
