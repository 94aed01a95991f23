//! A shelf of documents with the one that is shown, and the line above its
//! page: their names, and what is done with documents as such.

use eframe::egui::{
    Align, Button, Frame, Label, Layout, Margin, Popup, RichText, Ui, WidgetInfo, accesskit::Role,
    vec2,
};

use super::{
    action::{Task, WindowAction},
    dialogs::Asks,
    files::Errand,
    icon, text,
    theme::{self, HALF, palette},
};
use crate::documents::{Document, DocumentKind, Shelf, Shelved};
use crate::ui::page_context::PageContext;

/// Documents of one kind, of which one is shown.
#[derive(Debug)]
pub(super) struct Binder<T> {
    pub(super) shelf: Shelf<T>,
    shown: usize,
    /// The one that was taken away last, and where it was.
    removed: Option<(usize, T)>,
}

impl<T: Shelved + Clone> Binder<T> {
    pub(super) fn new(shelf: Shelf<T>) -> Self {
        Self {
            shelf,
            shown: 0,
            removed: None,
        }
    }

    /// Which is shown, and the document.
    pub(super) fn shown(&self) -> Option<(usize, &T)> {
        let last = self.shelf.items.len().checked_sub(1)?;
        let at = self.shown.min(last);
        self.shelf.items.get(at).map(|item| (at, item))
    }

    /// The one that is shown, to be changed.
    pub(super) fn shown_mut(&mut self) -> Option<&mut T> {
        let (at, _) = self.shown()?;
        self.shelf.items.get_mut(at)
    }

    /// Shows another.
    pub(super) fn show(&mut self, at: usize) {
        self.shown = at;
    }

    /// Adds a document and shows it; returns its name, which gets a number
    /// where another document has the same.
    pub(super) fn add(&mut self, mut item: T) -> String {
        let name = self.shelf.free_name(item.name());
        item.rename(name.clone());
        self.shelf.items.push(item);
        self.shown = self.shelf.items.len() - 1;
        name
    }

    /// Begins an empty one.
    pub(super) fn begin(&mut self, kind: DocumentKind) -> usize {
        let word = match kind {
            DocumentKind::Scene => "Scene 1",
            DocumentKind::Dashboard => "Dashboard 1",
        };
        self.add(T::new(word.to_owned()));
        self.shown
    }

    /// Calls one so.
    ///
    /// # Errors
    /// Where another is called so.
    pub(super) fn rename(&mut self, at: usize, name: &str) -> Result<(), String> {
        if self
            .shelf
            .items
            .iter()
            .enumerate()
            .any(|(other, item)| other != at && item.name() == name)
        {
            return Err(format!("Another one is called {name:?} already."));
        }
        if let Some(item) = self.shelf.items.get_mut(at) {
            item.rename(name.to_owned());
        }
        Ok(())
    }

    fn remove(&mut self) {
        if let Some((at, _)) = self.shown() {
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

    /// Shows the names, and at the right what `add` draws beside what is done
    /// with the document that is shown.
    pub(super) fn bar(
        &mut self,
        ui: &mut Ui,
        kind: DocumentKind,
        document: impl Fn(&T) -> Document,
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
                self.menu(ui, kind, &document, context);
                if self.shown().is_some() {
                    add(ui, self, context);
                }
                if let Some((_, removed)) = &self.removed {
                    let words = format!(
                        "{} Bring back {}",
                        icon::ARROW_COUNTER_CLOCKWISE,
                        removed.name()
                    );
                    let name = format!("Bring back {}", removed.name());
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
                if tab.clicked() {
                    wanted = Some(at);
                }
            }
            let new = ui
                .add(Button::new(icon::PLUS))
                .on_hover_text(format!("Begin a new {}", kind.word()));
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

    /// What the page says while there is no document, with the button that
    /// begins one.
    pub(super) fn nothing(&mut self, ui: &mut Ui, kind: DocumentKind, words: &str) {
        empty(ui, &format!("No {} yet.", kind.word()), words, |ui| {
            let color = palette(ui).on_accent;
            let words =
                RichText::new(format!("{}  Begin a {}", icon::PLUS, kind.word())).color(color);
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

    fn menu(
        &mut self,
        ui: &mut Ui,
        kind: DocumentKind,
        document: &impl Fn(&T) -> Document,
        context: &PageContext<'_>,
    ) {
        let word = kind.word();
        let more = ui
            .add(Button::new(icon::DOTS_THREE))
            .on_hover_text(format!("Rename, save, load, take away a {word}"));
        more.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("More for {word}s")));
        let mut remove = false;
        Popup::menu(&more).show(|ui| {
            ui.set_min_width(200.0);
            if let Some((at, item)) = self.shown() {
                if entry(ui, icon::PENCIL_SIMPLE, "Rename…") {
                    context.push(WindowAction::Ask(
                        Asks::Name(kind, at),
                        item.name().to_owned(),
                    ));
                }
                if entry(ui, icon::FLOPPY_DISK, "Save as a file…") {
                    context.push(Task::File(Errand::SaveDocument(Box::new(document(item)))));
                }
            }
            if entry(ui, icon::FOLDER_OPEN, "Load from a file…") {
                context.push(Task::File(Errand::LoadDocument));
            }
            if self.shown().is_some() {
                ui.separator();
                remove = entry(ui, icon::TRASH, "Take away");
            }
        });
        if remove {
            self.remove();
        }
    }
}

/// A frame with a title and what to do.
pub(super) fn empty(ui: &mut Ui, title: &str, words: &str, add: impl FnOnce(&mut Ui)) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke((1.0, palette.border))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        text::label(ui, title, title, theme::strong(), palette.text);
        ui.add_space(HALF);
        ui.scope(|ui| {
            ui.set_max_width(theme::PROSE);
            ui.add(Label::new(RichText::new(words).color(palette.weak)).wrap());
        });
        ui.add_space(HALF);
        add(ui);
    });
}

/// An entry of a menu, whose name is its words without the sign; the menu is
/// closed with a click.
pub(super) fn entry(ui: &mut Ui, sign: &str, words: &str) -> bool {
    let response = ui.add(Button::new(format!("{sign}  {words}")).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, words));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}
