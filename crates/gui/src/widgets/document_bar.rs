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
    /// The last deleted document, and its index.
    removed: Option<(usize, T)>,
}

impl<T: Shelved + Clone> DocumentBar<T> {
    pub(crate) fn new(shelf: Shelf<T>) -> Self {
        Self {
            shelf,
            shown: 0,
            removed: None,
        }
    }

    /// The shown document, and its index.
    pub(crate) fn shown(&self) -> Option<(usize, &T)> {
        let last = self.shelf.items.len().checked_sub(1)?;
        let at = self.shown.min(last);
        self.shelf.items.get(at).map(|item| (at, item))
    }

    /// The shown document, mutable.
    pub(crate) fn shown_mut(&mut self) -> Option<&mut T> {
        let (at, _) = self.shown()?;
        self.shelf.items.get_mut(at)
    }

    /// Shows another document.
    pub(crate) fn show(&mut self, at: usize) {
        self.shown = at;
    }

    /// Adds a document and shows it; returns its name, which gets a number
    /// where another document has the same.
    pub(crate) fn add(&mut self, mut item: T) -> String {
        let name = self.shelf.free_name(item.name());
        item.rename(name.clone());
        self.shelf.items.push(item);
        self.shown = self.shelf.items.len() - 1;
        name
    }

    /// Creates an empty document; returns its index.
    pub(crate) fn begin(&mut self, kind: DocumentKind) -> usize {
        let word = match kind {
            DocumentKind::Scene => "Scene 1",
            DocumentKind::Dashboard => "Dashboard 1",
        };
        self.add(T::new(word.to_owned()));
        self.shown
    }

    /// Renames a document.
    ///
    /// # Errors
    /// When another document has that name.
    pub(crate) fn rename(&mut self, at: usize, name: &str) -> Result<(), String> {
        if self
            .shelf
            .items
            .iter()
            .enumerate()
            .any(|(other, item)| other != at && item.name() == name)
        {
            return Err(format!("The name {name:?} is already in use."));
        }
        if let Some(item) = self.shelf.items.get_mut(at) {
            item.rename(name.to_owned());
        }
        Ok(())
    }

    /// Deletes a document.
    pub(crate) fn remove(&mut self, at: usize) {
        if at < self.shelf.items.len() {
            self.removed = Some((at, self.shelf.items.remove(at)));
        }
    }

    fn bring_back(&mut self) {
        if let Some((at, item)) = self.removed.take() {
            let at = at.min(self.shelf.items.len());
            self.shelf.items.insert(at, item);
            self.shown = at;
        }
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
                if let Some((_, removed)) = &self.removed {
                    let words = format!(
                        "{} Restore {}",
                        icon::ARROW_COUNTER_CLOCKWISE,
                        removed.name()
                    );
                    let name = format!("Restore {}", removed.name());
                    let back = ui.add(Button::new(words));
                    back.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                    if back.clicked() {
                        self.bring_back();
                    }
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
            let new = ui
                .add(Button::new(icon::PLUS))
                .on_hover_text(format!("New {}", kind.word()));
            new.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("New {}", kind.word()))
            });
            if new.clicked() {
                self.begin(kind);
            }
            if let Some(at) = wanted {
                self.show(at);
            }
        });
    }

    /// The page while there is no document, with a button that creates one.
    pub(crate) fn nothing(&mut self, ui: &mut Ui, kind: DocumentKind, words: &str) {
        empty(ui, &format!("No {} yet.", kind.word()), words, |ui| {
            let color = palette(ui).on_accent;
            let words =
                RichText::new(format!("{}  Create {}", icon::PLUS, kind.word())).color(color);
            let begin = ui.add(
                Button::new(words)
                    .fill(palette(ui).accent)
                    .min_size(vec2(0.0, 28.0)),
            );
            begin.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("New {}", kind.word()))
            });
            if begin.clicked() {
                self.begin(kind);
            }
        });
    }

    fn menu(&mut self, ui: &mut Ui, kind: DocumentKind, context: &PageContext<'_>) {
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

/// A menu entry, whose accessible name is its text without the icon; a click
/// closes the menu.
pub(crate) fn entry(ui: &mut Ui, sign: &str, words: &str) -> bool {
    let response = ui.add(Button::new(format!("{sign}  {words}")).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, words));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}
