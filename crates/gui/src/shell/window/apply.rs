//! Carries out the actions that change only the window's state.

use eframe::egui::{OpenUrl, Ui};

use super::Window;
use disk::settings::{IntroductionState, Page};

use crate::{
    model::{
        action::{Overlay, RenameTarget, Task, WindowAction},
        arrangement::LabelsChange,
        frame_context::FrameContext,
        notice::Notice,
    },
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
                    self.was_hidden(act);
                }
                if change == LabelsChange::NotifyWhenLost(true) && left_out < boards.len() {
                    self.outbox.push(Task::CheckNotifications.into());
                }
                if left_out > 0 {
                    let words = "Connect to a board once before you hide it, ask for \
                        notifications about it, or give it a room or tags.";
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
            WindowAction::MonitorPort(path) => {
                self.page = Page::Serial;
                self.pages.serial.open(ui.ctx(), &path);
                ui.ctx().request_repaint();
            }
            WindowAction::ResetMonitored => self.pages.serial.reset(),
            WindowAction::OpenBoardList => {
                self.page = Page::Boards;
                self.drawer.open();
                ui.ctx().request_repaint();
            }
            WindowAction::ShowIntroduction(shown) => {
                self.introduction.state = match shown {
                    true => IntroductionState::Shown,
                    false => IntroductionState::Dismissed,
                };
                if shown {
                    self.page = Page::Boards;
                    (self.commands, self.shortcuts) = (None, false);
                }
                ui.ctx().request_repaint();
            }
            WindowAction::OpenDialog(asks, typed) => self.open_dialog(asks, typed),
            WindowAction::OpenSetup => {
                self.open_setup();
                ui.ctx().request_repaint();
            }
            WindowAction::CloseSetup => {
                self.close_setup();
                ui.ctx().request_repaint();
            }
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
                self.say_plotted(told);
            }
            WindowAction::PlotChannel(channel) => {
                let told = self.pages.plots.add_channel(channel);
                self.say_plotted(told);
            }
            WindowAction::Pin(pin, target) => self.pin(ui, vec![pin], target),
            WindowAction::PinAll(pins, target) => self.pin(ui, pins, target),
            WindowAction::NewDocument(kind) => self.new_document(ui, kind),
            WindowAction::ChangeDocument(change) => self.change_document(ui, change),
            WindowAction::DeleteDocument(kind, at) => self.delete_document(ui, kind, at),
            WindowAction::CreateScene(name, pins) => self.create_scene(ui, &name, pins),
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
                if let Err(problem) = self.rename_document(kind, at, &name) {
                    let target = RenameTarget::Document(kind, at);
                    rename::reject(ui.ctx(), target, &name, problem);
                }
            }
            WindowAction::CopyText(text) => ui.ctx().copy_text(text),
            WindowAction::OpenUrl(url) => ui.ctx().open_url(OpenUrl::new_tab(url)),
            WindowAction::ShowResults(batch) => {
                self.timeline.show_results(&self.model, batch);
                ui.ctx().request_repaint();
            }
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
                self.apply_look(ui.ctx());
            }
            WindowAction::SetMotion(choice) => {
                self.motion = choice;
                self.apply_look(ui.ctx());
            }
        }
    }

    /// Says what became of a curve. Its own page shows one that was added.
    fn say_plotted(&mut self, told: Result<String, String>) {
        if told.is_err() || self.page != Page::Plots {
            self.notify(told.map_or_else(Notice::Failed, Notice::Done));
        }
    }
}
