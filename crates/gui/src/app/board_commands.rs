//! Carries out the commands that go to boards.

use std::net::IpAddr;

use disk::settings::RememberedBoard;
use eframe::egui;
use protocol::{Object, method};

use crate::{
    app::state::{App, known_board},
    model::{
        action::BoardCommand,
        batch::{Batch, BatchStep, Operation},
    },
};
use fleet::{BoardKey, LinkProblem, LinkState, typed_board};

impl App {
    pub(super) fn command(&mut self, command: BoardCommand, ctx: &egui::Context) {
        match command {
            BoardCommand::Set {
                board,
                component,
                change,
            } => {
                let reply = self.reply_to(board, &component, ctx);
                self.operate(board, Operation::Set(component, change), reply);
            }
            BoardCommand::Press { board, component } => {
                let reply = self.reply_to(board, &component, ctx);
                self.operate(board, Operation::Press(component), reply);
            }
            BoardCommand::Trigger {
                board,
                component,
                trigger,
            } => {
                let reply = self.reply_to(board, &component, ctx);
                self.operate(board, Operation::Trigger(component, trigger), reply);
            }
            BoardCommand::Call(board, method, params) => self.send(board, method, params, ctx),
            BoardCommand::ListClients(board, offset) => {
                let params = Object::from_iter([("offset".to_owned(), offset.into())]);
                self.ask_about_clients(board, None, method::CLIENTS_LIST, params, ctx);
            }
            BoardCommand::CloseClient(board, client) => {
                let params = Object::from_iter([("id".to_owned(), client.into())]);
                self.ask_about_clients(board, Some(client), method::CLIENTS_CLOSE, params, ctx);
            }
            BoardCommand::Identify(board) => {
                self.fleet
                    .call(board, method::DEVICE_IDENTIFY, Object::new(), None);
            }
            BoardCommand::TryNow(board) => self.try_now(board, ctx),
            BoardCommand::Forget(board) => self.forget(board),
            BoardCommand::Restore(boards) => self.restore(boards),
            BoardCommand::Add(address) => self.add(&address),
            BoardCommand::Rename(board, name) => self.rename(board, &name, ctx),
            BoardCommand::RestoreBackup(board, plan) => self.restore_backup(board, *plan, ctx),
            BoardCommand::Send(batch) => self.send_batch(batch, ctx),
            BoardCommand::Cancel(batch) => self.cancel(batch),
            BoardCommand::Turn { act, title, quiet } => {
                if let Some((number, batch)) = self.window.add_turn(act, title, quiet) {
                    self.queue_batch(number, batch, ctx);
                }
            }
            BoardCommand::CancelUpdate(board) => self.fleet.cancel_update(board),
            BoardCommand::ApplyScene(at) => {
                if let Some(batch) = self.window.scene(at) {
                    self.send_batch(batch, ctx);
                }
            }
            command => self.local_command(command, ctx),
        }
    }

    /// Sends several commands as one batch.
    pub(super) fn send_batch(&mut self, batch: Batch, ctx: &egui::Context) {
        let number = self.window.add_batch(&batch);
        self.queue_batch(number, batch, ctx);
    }

    fn try_now(&mut self, board: BoardKey, ctx: &egui::Context) {
        match self.window.model.board(board).map(|view| &view.link) {
            Some(LinkState::Announced) => self.fleet.connect(board),
            // The keychain may have been unlocked by now; with the key the
            // board is tried again.
            Some(LinkState::Unreachable {
                problem: LinkProblem::KeyUnavailable { .. },
                ..
            }) => self.load_keys_again(ctx),
            _ => self.fleet.retry_now(board),
        }
    }

    /// The window has taken the board off its list already.
    fn forget(&mut self, board: BoardKey) {
        let forgotten = self.window.model.forgotten();
        self.settings
            .boards
            .retain(|known| !forgotten.iter().any(|forgotten| forgotten.board.is(known)));
        let id = self.fleet.board(board).and_then(|view| view.id.clone());
        if let Some(id) = id {
            self.fleet.ignore(&id);
        }
        self.fleet.forget(board);
    }

    /// The window has taken the boards off the list of forgotten ones already.
    fn restore(&mut self, boards: Vec<RememberedBoard>) {
        for board in boards {
            let id = board.id.clone();
            // A board that only connects to this computer has no port, and
            // connects again. Any other address was valid once.
            if id.is_none() || board.address.parse::<IpAddr>().is_err() {
                let _ = self.fleet.recall(known_board(board));
            }
            if let Some(id) = id {
                self.fleet.stop_ignoring(&id);
            }
        }
    }

    fn add(&mut self, address: &str) {
        match self.fleet.add_address(address) {
            Ok(key) => {
                if self.window.model.board(key).is_none()
                    && let Ok((family, address)) = typed_board(address)
                {
                    let family = family.unwrap_or_default();
                    self.window.record_added(address.to_string(), family);
                }
                self.window.model.select(key);
                self.window.resolve_dialog(Ok(()));
            }
            Err(error) => self.window.resolve_dialog(Err(error.to_string())),
        }
    }

    /// Renames a board, as a batch so that it can be undone.
    fn rename(&mut self, board: BoardKey, name: &str, ctx: &egui::Context) {
        let before = self.window.model.title_of(board);
        let params = Object::from_iter([("name".to_owned(), name.into())]);
        let what = Operation::Call(method::DEVICE_SET_NAME.to_owned(), params);
        let title = format!("Rename {before} to {name}");
        self.send_batch(Batch::new(title, vec![BatchStep { board, what }]), ctx);
        self.window.resolve_dialog(Ok(()));
    }
}
