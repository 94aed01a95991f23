//! Carries out the actions that change only the window's state.

use eframe::egui::Ui;

use super::Window;
use disk::{
    documents::{Document, DocumentKind, check_name},
    settings::Page,
};

use crate::{
    model::{
        action::{Overlay, PinTarget, RenameSpot, RenameTarget, WindowAction},
        arrangement::LabelsChange,
        frame_context::FrameContext,
        notice::Notice,
        page_context::{ActionQueue, PageContext},
    },
    pages::board_menu::rename_problem,
    shell::command_palette::Commands,
    widgets::rename,
};

impl Window {
    /// Carries out one action.
    pub(super) fn apply(&mut self, ui: &Ui, frame: &FrameContext, action: WindowAction) {
        match action {
            WindowAction::Select(key) => {
                self.model.select(key);
                self.drawer.close();
                self.pages.boards.reveal = true;
                ui.ctx().request_repaint();
            }
            WindowAction::ToggleSelection(key) => self.model.toggle_selection(key),
            WindowAction::SelectRange(key) => self.model.select_range(key),
            WindowAction::SelectAll => self.model.select_all(),
            WindowAction::ClearSelection => self.model.clear_selection(),
            WindowAction::Arrange(arrangement) => {
                self.model.arrange_as(arrangement);
                ui.ctx().request_repaint();
            }
            WindowAction::FilterList(filter) => {
                self.model.filter_by(filter);
                if filter.is_some() {
                    self.page = Page::Boards;
                }
                ui.ctx().request_repaint();
            }
            WindowAction::SetLabels(boards, change) => {
                let act = self.record_labels(&boards, &change);
                let left_out = self.model.set_labels(&boards, &change);
                self.dialog = None;
                if let (LabelsChange::Hidden(true), Some(act)) = (&change, act) {
                    self.was_hidden(&boards, act);
                }
                if left_out > 0 {
                    let words =
                        "Connect to a board once before you hide it or give it a room or tags.";
                    self.notify(Notice::Failed(words.to_owned()));
                }
                ui.ctx().request_repaint();
            }
            WindowAction::Show { board, component } => {
                self.page = Page::Boards;
                self.model.select(board);
                self.pages.boards.component = component;
                self.pages.boards.reveal = true;
                ui.ctx().request_repaint();
            }
            WindowAction::ShowPage(place) => {
                self.page = place;
                ui.ctx().request_repaint();
            }
            WindowAction::OpenBoardList => {
                self.page = Page::Boards;
                self.drawer.open();
                ui.ctx().request_repaint();
            }
            WindowAction::OpenDialog(asks, typed) => self.open_dialog(asks, typed),
            WindowAction::OpenOverlay(overlay) => {
                (self.commands, self.shortcuts, self.forgotten) = (None, false, false);
                match overlay {
                    Overlay::Commands => self.commands = Some(Commands::default()),
                    Overlay::Shortcuts => self.shortcuts = true,
                    Overlay::Forgotten => self.forgotten = true,
                }
                ui.ctx().request_repaint();
            }
            WindowAction::CloseDialog => {
                self.dialog = None;
                (self.commands, self.shortcuts, self.forgotten) = (None, false, false);
                ui.ctx().request_repaint();
            }
            WindowAction::Plot(pin) => {
                let told = self.pages.plots.add(pin);
                self.notify(told.map_or_else(Notice::Failed, Notice::Done));
            }
            WindowAction::PlotChannel(channel) => {
                let told = self.pages.plots.add_channel(channel);
                self.notify(told.map_or_else(Notice::Failed, Notice::Done));
            }
            WindowAction::Pin(pin, PinTarget { kind, at }) => {
                let told = match kind {
                    DocumentKind::Dashboard => {
                        let actions = ActionQueue::default();
                        let context = PageContext::new(
                            &self.model,
                            &self.batches,
                            &self.history,
                            frame,
                            &actions,
                        );
                        self.pages.dashboards.pin(ui, pin, at, &context)
                    }
                    DocumentKind::Scene => self.pages.scenes.pin(pin, at, &self.model),
                };
                self.notify(told.map_or_else(Notice::Failed, Notice::Done));
                ui.ctx().request_repaint();
            }
            WindowAction::CreateScene(name, pins) => {
                match self.pages.scenes.take(&name, pins, &self.model) {
                    0 => self.notify(Notice::Failed(
                        "None of these components can be part of a scene, or their state is \
                            unknown."
                            .to_owned(),
                    )),
                    _ => self.page = Page::Scenes,
                }
                ui.ctx().request_repaint();
            }
            WindowAction::ShowDashboard(at) => {
                self.page = Page::Dashboards;
                self.pages.dashboards.documents.show(at);
                ui.ctx().request_repaint();
            }
            WindowAction::ShowFrames(board) => {
                self.page = Page::Frames;
                self.pages.frames.choose(board);
                ui.ctx().request_repaint();
            }
            WindowAction::BeginRename(target, spot) => self.begin_rename(ui, target, spot),
            WindowAction::RenameDocument(kind, at, name) => {
                let outcome = check_name(&name).and_then(|()| match kind {
                    DocumentKind::Dashboard => self.pages.dashboards.documents.rename(at, &name),
                    DocumentKind::Scene => self.pages.scenes.documents.rename(at, &name),
                });
                if let Err(problem) = outcome {
                    let target = RenameTarget::Document(kind, at);
                    rename::reject(ui.ctx(), target, &name, problem);
                }
            }
            WindowAction::CreateDocument(kind) => {
                match kind {
                    DocumentKind::Dashboard => self.pages.dashboards.documents.begin(kind),
                    DocumentKind::Scene => self.pages.scenes.documents.begin(kind),
                };
                self.page = page_of(kind);
                ui.ctx().request_repaint();
            }
            WindowAction::DeleteDocument(kind, at) => {
                match kind {
                    DocumentKind::Dashboard => self.pages.dashboards.documents.remove(at),
                    DocumentKind::Scene => self.pages.scenes.documents.remove(at),
                }
                ui.ctx().request_repaint();
            }
            WindowAction::CopyText(text) => ui.ctx().copy_text(text),
            WindowAction::Dismiss(toast) => {
                if self.toasts.is_of_links(toast) {
                    self.background.seen();
                }
                self.toasts.dismiss(toast);
            }
            WindowAction::Undo(act) => self.undo(act, frame),
            WindowAction::Redo => self.redo(frame),
            WindowAction::Restore(board) => self.restore(board),
            WindowAction::Turn(act) => {
                self.dialog = None;
                self.turn(act, false);
                ui.ctx().request_repaint();
            }
            WindowAction::Zoom(step) => {
                let now = ui.ctx().zoom_factor();
                self.step_zoom(step, now, ui.ctx().content_rect().size() * now);
                ui.ctx().request_repaint();
            }
            WindowAction::SetPaused(paused) => {
                self.pages.view(self.page).set_paused(paused);
                ui.ctx().request_repaint();
            }
            WindowAction::OwnClient(board, number, name) => {
                self.model.own_clients.add(board, number, name);
            }
            WindowAction::ShowExercise(exercise) => {
                self.pages.lab.go(exercise);
                self.page = Page::Lab;
                ui.ctx().request_repaint();
            }
            WindowAction::SetTheme(choice) => {
                self.theme = choice;
                ui.ctx()
                    .set_theme(crate::widgets::theme::preference(choice));
            }
        }
    }

    /// Turns the name of a board or document into a text field.
    fn begin_rename(&mut self, ui: &Ui, target: RenameTarget, spot: RenameSpot) {
        let name = match target {
            RenameTarget::Board(key) => {
                let Some(board) = self.model.board(key) else {
                    return;
                };
                if let Some(why) = rename_problem(board) {
                    let words = format!("{}: {why}.", self.model.title(board));
                    return self.notify(Notice::Failed(words));
                }
                let name = board.name.clone();
                self.page = Page::Boards;
                if self.model.selected().is_none_or(|shown| shown.key != key) {
                    self.model.select(key);
                }
                self.pages.boards.reveal = true;
                name
            }
            RenameTarget::Document(kind, at) => {
                let names = &self.model.documents;
                let names = match kind {
                    DocumentKind::Dashboard => &names.dashboards,
                    DocumentKind::Scene => &names.scenes,
                };
                let Some(name) = names.get(at).cloned() else {
                    return;
                };
                match kind {
                    DocumentKind::Dashboard => self.pages.dashboards.documents.show(at),
                    DocumentKind::Scene => self.pages.scenes.documents.show(at),
                }
                self.page = page_of(kind);
                name
            }
        };
        rename::begin(ui.ctx(), target, spot, &name);
    }

    /// What F2 renames: what the page shows.
    pub(super) fn rename_target(&self) -> Option<RenameTarget> {
        let document = |kind, at| RenameTarget::Document(kind, at);
        match self.page {
            Page::Boards if self.model.selection().next().is_none() => {
                let board = self.model.selected()?;
                Some(RenameTarget::Board(board.key))
            }
            Page::Dashboards => {
                let (at, _) = self.pages.dashboards.documents.shown()?;
                Some(document(DocumentKind::Dashboard, at))
            }
            Page::Scenes => {
                let (at, _) = self.pages.scenes.documents.shown()?;
                Some(document(DocumentKind::Scene, at))
            }
            _ => None,
        }
    }

    /// The document with this index.
    pub(crate) fn document(&self, kind: DocumentKind, at: usize) -> Option<Document> {
        let pages = &self.pages;
        match kind {
            DocumentKind::Dashboard => {
                let dashboard = pages.dashboards.documents.shelf.items.get(at)?;
                Some(Document::Dashboard(dashboard.clone()))
            }
            DocumentKind::Scene => {
                let scene = pages.scenes.documents.shelf.items.get(at)?;
                Some(Document::Scene(scene.clone()))
            }
        }
    }

    /// Adds a document that was loaded from a file, and shows it.
    pub(crate) fn add_document(&mut self, document: Document) {
        let (page, name) = match document {
            Document::Scene(scene) => (Page::Scenes, self.pages.scenes.documents.add(scene)),
            Document::Dashboard(dashboard) => (
                Page::Dashboards,
                self.pages.dashboards.documents.add(dashboard),
            ),
        };
        self.page = page;
        self.notify(Notice::Done(format!("Loaded {name}.")));
    }
}

fn page_of(kind: DocumentKind) -> Page {
    match kind {
        DocumentKind::Dashboard => Page::Dashboards,
        DocumentKind::Scene => Page::Scenes,
    }
}
