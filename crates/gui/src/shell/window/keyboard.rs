//! Keyboard shortcuts that belong to no widget.

use eframe::egui::{DragAndDrop, Key, Modifiers, Popup, Ui};

use super::Window;
use disk::settings::Page;

use crate::{
    model::{
        action::{BoardCommand, Overlay, RenameSpot, WindowAction},
        arrangement::is_on,
        dialog_kind::DialogKind,
        page_context::PageContext,
        switching,
    },
    shell::nav_rail,
    widgets::shortcut,
};
use fleet::BoardKey;

impl Window {
    pub(super) fn keys(&self, ui: &Ui, context: &PageContext<'_>) {
        if self.setup.is_none() && ui.input_mut(|input| input.consume_shortcut(&shortcut::ADD)) {
            context.push(WindowAction::OpenDialog(DialogKind::Address, String::new()));
        }
        let asked = self.dialog.is_some() || self.setup.is_some();
        let laid_over = asked
            || self.commands.is_some()
            || self.shortcuts
            || self.forgotten
            || self.drawer.is_open();
        if !laid_over {
            nav_rail::press(ui, context);
        }
        shortcut::of_window(ui.ctx());
        for (shortcut, overlay) in [
            (shortcut::COMMANDS, Overlay::Commands),
            (shortcut::HELP, Overlay::Shortcuts),
        ] {
            if !asked && ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
                context.push(WindowAction::OpenOverlay(overlay));
            }
        }
        // A text field undoes its own text.
        if !laid_over && !ui.ctx().text_edit_focused() {
            undo_keys(ui, context);
        }
        if !laid_over
            && ui.input_mut(|input| input.consume_shortcut(&shortcut::RENAME))
            && let Some(target) = self.rename_target()
        {
            context.push(WindowAction::BeginRename(target, RenameSpot::Anywhere));
        }
        // A focused slider or text field keeps the arrow keys.
        let focused = ui.ctx().memory(|memory| memory.focused());
        // A menu and a drag keep Escape and the arrow keys.
        let busy = Popup::is_any_open(ui.ctx()) || DragAndDrop::has_any_payload(ui.ctx());
        if laid_over || busy || focused.is_some() || self.model.listed() == 0 {
            return;
        }
        if self.page == Page::Boards {
            if ui.input_mut(|input| input.consume_shortcut(&shortcut::SELECT_ALL)) {
                context.push(WindowAction::SelectAll);
            }
            if ui.input(|input| input.key_pressed(Key::Escape)) {
                context.push(WindowAction::ClearSelection);
            }
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Space)) {
                self.toggle_selected(context);
            }
        }
        let step = ui.input(|input| {
            i64::from(input.key_pressed(Key::ArrowDown))
                - i64::from(input.key_pressed(Key::ArrowUp))
        });
        if step == 0 {
            return;
        }
        let last = self.model.listed() - 1;
        let next = match self
            .model
            .selected()
            .and_then(|board| self.model.position(board.key))
        {
            Some(at) if step > 0 => (at + 1).min(last),
            Some(at) => at.saturating_sub(1),
            None => 0,
        };
        if let Some(key) = self.model.listed_at(next) {
            let more = ui.input(|input| input.modifiers.shift);
            context.push(if more {
                WindowAction::ToggleSelection(key)
            } else {
                WindowAction::Select(key)
            });
        }
    }

    /// Turns the main switch of the shown board to its other position, or those
    /// of all selected boards off if any is on.
    fn toggle_selected(&self, context: &PageContext<'_>) {
        let selection: Vec<BoardKey> = self.model.selection().collect();
        if selection.is_empty() {
            let board = self.model.selected();
            return context.extend(board.and_then(|board| switching::toggled(&self.model, board)));
        }
        let mut boards = selection.iter().filter_map(|key| self.model.board(*key));
        let any_on = boards.any(|board| is_on(board));
        let batch = switching::switch_all(&self.model, &selection, !any_on, "");
        context.extend(batch.map(BoardCommand::Send));
    }
}

/// The keys of *Undo* and *Redo*.
fn undo_keys(ui: &Ui, context: &PageContext<'_>) {
    let redo = ui.input_mut(|input| {
        // With Shift first: without it, the key matches either way.
        input.consume_shortcut(&shortcut::REDO) || input.consume_shortcut(&shortcut::REDO_ALSO)
    });
    if redo {
        context.push(WindowAction::Redo);
    } else if ui.input_mut(|input| input.consume_shortcut(&shortcut::UNDO)) {
        context.push(WindowAction::Undo(None));
    }
}
