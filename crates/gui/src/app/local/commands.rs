//! Carries out what a person asks of this computer.

use eframe::egui;

use crate::{
    app::state::App,
    model::action::{BoardCommand, Task},
};

impl App {
    /// Carries out a command that needs keys, brokers or sockets of this
    /// computer. Every window carries out the others.
    pub(in crate::app) fn local_command(&mut self, command: BoardCommand, ctx: &egui::Context) {
        match command {
            BoardCommand::AddBroker(address) => self.add_broker(&address),
            BoardCommand::RemoveBroker(address) => self.remove_broker(&address, ctx),
            BoardCommand::SetBrokerPassword(address, password) => {
                self.set_broker_password(&address, password.text(), ctx);
            }
            BoardCommand::EnterKey(board, typed) => self.enter_key(board, typed.text(), ctx),
            BoardCommand::Pair { board, replace } => self.pair(board, replace, ctx),
            BoardCommand::ConfirmCode => {
                self.local.keys.codes_match();
                self.window.confirm_code();
            }
            BoardCommand::RejectCode => self.reject_code(),
            BoardCommand::ForgetKey(board) => self.forget_key(board, ctx),
            BoardCommand::Listen(wanted) => self.listen(wanted.as_deref()),
            BoardCommand::AskOutbound(board) => self.ask_outbound(board),
            BoardCommand::SetOutbound(board, text) => self.set_outbound(board, &text, ctx),
            _ => {}
        }
    }

    /// Runs a task that needs this computer. Every window runs the others.
    pub(in crate::app) fn run_local_task(&mut self, task: Task, ctx: &egui::Context) {
        match task {
            Task::Examine(wanted) => self.examine(wanted.as_deref(), ctx),
            Task::StopExamining => self.stop_examining(ctx),
            Task::Setup(task) => self.run_setup(task, ctx),
            Task::StopRecording => self.stop_recording(ctx),
            Task::StartReplay(path, speed) => self.start_replay(&path, &speed, ctx),
            Task::StopReplay => self.stop_replay(ctx),
            Task::CheckNotifications => self.check_notifications(ctx),
            _ => {}
        }
    }

    /// Loads the stored keys again: the keychain may be unlocked by now.
    pub(in crate::app) fn load_keys_again(&self, ctx: &egui::Context) {
        self.local.keys.load_again(ctx);
    }
}
