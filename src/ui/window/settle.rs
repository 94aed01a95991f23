//! What of the asked concerns only the window, and is done here: no board hears
//! of it.

use eframe::egui::Ui;

use super::Window;
use crate::{
    documents::{Document, DocumentKind, Shelved, check_name},
    ui::{
        action::{Action, Onto, Overlay},
        commands::Commands,
        moment::Moment,
        settings::Page,
        toasts::Notice,
    },
};

impl Window {
    /// Does what concerns only the window; the rest is handed on.
    pub(super) fn settle(&mut self, ui: &Ui, moment: &Moment, action: Action) -> Option<Action> {
        match action {
            Action::Select(key) => {
                self.model.select(key);
                self.reveal = true;
                ui.ctx().request_repaint();
            }
            Action::Mark(key) => self.model.mark(key),
            Action::MarkTo(key) => self.model.mark_to(key),
            Action::MarkAll => self.model.mark_all(),
            Action::MarkNone => self.model.mark_none(),
            Action::Arrange(arrangement) => {
                self.model.arrange_as(arrangement);
                ui.ctx().request_repaint();
            }
            Action::SetLabels(boards, change) => {
                let left_out = self.model.make_note(&boards, &change);
                self.dialog = None;
                if left_out > 0 {
                    let words = "A board that has not yet said its id cannot be noted. Wait until \
                         it was connected once.";
                    self.tell(Notice::Failed(words.to_owned()));
                }
                ui.ctx().request_repaint();
            }
            Action::Show { board, component } => {
                self.place = Page::Boards;
                self.model.select(board);
                self.component = component;
                self.reveal = true;
                ui.ctx().request_repaint();
            }
            Action::Go(place) => {
                self.place = place;
                ui.ctx().request_repaint();
            }
            Action::Examine(wanted) => {
                self.place = Page::Doctor;
                ui.ctx().request_repaint();
                return Some(Action::Examine(wanted));
            }
            Action::Ask(asks, typed) => self.ask(asks, typed),
            Action::Open(overlay) => {
                (self.commands, self.shortcuts) = (None, false);
                match overlay {
                    Overlay::Commands => self.commands = Some(Commands::default()),
                    Overlay::Shortcuts => self.shortcuts = true,
                }
                ui.ctx().request_repaint();
            }
            Action::CloseDialog => {
                self.dialog = None;
                (self.commands, self.shortcuts) = (None, false);
                ui.ctx().request_repaint();
            }
            Action::Plot(pin) => {
                let told = self.plots.add(pin);
                self.tell(told.map_or_else(Notice::Failed, Notice::Done));
            }
            Action::Pin(pin, Onto { kind, at }) => {
                let told = match kind {
                    DocumentKind::Dashboard => {
                        self.dashboards.pin(ui, pin, at, &self.model, moment)
                    }
                    DocumentKind::Scene => self.scenes.pin(pin, at, &self.model),
                };
                self.tell(told.map_or_else(Notice::Failed, Notice::Done));
                ui.ctx().request_repaint();
            }
            Action::TakeScene(name, pins) => {
                match self.scenes.take(&name, pins, &self.model) {
                    0 => self.tell(Notice::Failed(
                        "Nothing of that can be set, or is known now.".to_owned(),
                    )),
                    _ => self.place = Page::Scenes,
                }
                ui.ctx().request_repaint();
            }
            Action::ApplyScene(at) => {
                return self.scenes.batch(at, &self.model).map(Action::Together);
            }
            Action::ShowDashboard(at) => {
                self.place = Page::Dashboards;
                self.dashboards.binder.show(at);
                ui.ctx().request_repaint();
            }
            Action::ShowFrames(board) => {
                self.place = Page::Frames;
                self.frames.choose(board);
                ui.ctx().request_repaint();
            }
            Action::Name(kind, at, name) => {
                let outcome = check_name(&name).and_then(|()| match kind {
                    DocumentKind::Dashboard => self.dashboards.binder.rename(at, &name),
                    DocumentKind::Scene => self.scenes.binder.rename(at, &name),
                });
                self.answer_dialog(outcome);
            }
            Action::Dismiss(toast) => {
                if self.toasts.is_of_links(toast) {
                    self.elsewhere.seen();
                }
                self.toasts.dismiss(toast);
            }
            Action::Theme(choice) => {
                self.theme = choice;
                ui.ctx().set_theme(crate::ui::theme::preference(choice));
            }
            other => return Some(other),
        }
        None
    }

    /// Takes in what was in a file, and shows it.
    pub(in crate::ui) fn take_in(&mut self, document: Document) {
        let (place, name) = match document {
            Document::Scene(scene) => {
                let at = self.scenes.binder.add(scene);
                (
                    Page::Scenes,
                    self.scenes
                        .binder
                        .shelf
                        .items
                        .get(at)
                        .map(Shelved::name)
                        .unwrap_or_default(),
                )
            }
            Document::Dashboard(dashboard) => {
                let at = self.dashboards.binder.add(dashboard);
                (
                    Page::Dashboards,
                    self.dashboards
                        .binder
                        .shelf
                        .items
                        .get(at)
                        .map(Shelved::name)
                        .unwrap_or_default(),
                )
            }
        };
        let words = format!("Loaded {name}.");
        self.place = place;
        self.tell(Notice::Done(words));
    }
}
