//! Which abilities actions need, and so why this window cannot carry one out.
//! Menus, buttons and the command palette ask here before they offer it.

use fleet::{BoardView, Lock};
use keys::Role;

use crate::model::{
    abilities::Ability,
    action::{Action, BoardCommand, RenameTarget, Task, WindowAction},
    arrangement::LabelsChange,
    boards::Model,
    dialog_kind::DialogKind,
    file_task::FileTask,
};

/// Why a window that may only view commands nothing.
const VIEW_ONLY: &str =
    "This window may only view. The person who runs the server can let it control boards.";

/// Why a board is not commanded whose key has the role `view`.
const VIEW_KEY: &str = "The key of this computer allows viewing only.";

/// The same, with the key of a server.
const VIEW_KEY_OF_SERVER: &str = "The server's key of this board allows viewing only.";

impl Model {
    /// Why this window cannot carry these actions out, if it cannot.
    pub(crate) fn why_not(&self, actions: &[Action]) -> Option<&'static str> {
        actions.iter().find_map(|action| self.why_not_one(action))
    }

    /// Why this window may only view a board, if that is so.
    pub(crate) fn why_view_only(&self, board: &BoardView) -> Option<&'static str> {
        if self.may_only_view() {
            return Some(VIEW_ONLY);
        }
        (board.lock() == Lock::Unlocked(Role::View)).then_some(match self.status().server {
            Some(_) => VIEW_KEY_OF_SERVER,
            None => VIEW_KEY,
        })
    }

    fn why_not_one(&self, action: &Action) -> Option<&'static str> {
        let absent = needs(action).and_then(|ability| self.abilities.check(ability).err());
        absent.or_else(|| (self.may_only_view() && commands_boards(action)).then_some(VIEW_ONLY))
    }

    /// Whether a server lets this window view boards, and not more.
    fn may_only_view(&self) -> bool {
        let server = self.status().server.as_ref();
        server.is_some_and(|server| server.access == Role::View)
    }
}

/// What an action needs that not every window has.
fn needs(action: &Action) -> Option<Ability> {
    match action {
        Action::Window(action) => window_needs(action),
        Action::Board(command) => command_needs(command),
        Action::Task(task) => task_needs(task),
    }
}

fn window_needs(action: &WindowAction) -> Option<Ability> {
    match action {
        WindowAction::OpenDialog(kind, _) => dialog_needs(kind),
        WindowAction::OpenSetup => Some(Ability::Setup),
        WindowAction::MonitorPort(_) | WindowAction::ResetMonitored => Some(Ability::Serial),
        WindowAction::ShowExercise(_) => Some(Ability::Lab),
        WindowAction::PlotChannel(_) => Some(Ability::Telemetry),
        WindowAction::Restore(_) => Some(Ability::Forget),
        WindowAction::SetLabels(_, LabelsChange::NotifyWhenLost(true)) => {
            Some(Ability::Notifications)
        }
        _ => None,
    }
}

fn dialog_needs(kind: &DialogKind) -> Option<Ability> {
    match kind {
        DialogKind::Broker | DialogKind::BrokerPassword(_) => Some(Ability::Brokers),
        DialogKind::Listen { .. } | DialogKind::Call { .. } => Some(Ability::Inbound),
        DialogKind::Key(_) | DialogKind::Pair { .. } | DialogKind::ForgetKey(_) => {
            Some(Ability::Keys)
        }
        _ => None,
    }
}

fn command_needs(command: &BoardCommand) -> Option<Ability> {
    match command {
        BoardCommand::AddBroker(_)
        | BoardCommand::RemoveBroker(_)
        | BoardCommand::SetBrokerPassword(..) => Some(Ability::Brokers),
        BoardCommand::EnterKey(..)
        | BoardCommand::Pair { .. }
        | BoardCommand::ConfirmCode
        | BoardCommand::RejectCode
        | BoardCommand::ForgetKey(_) => Some(Ability::Keys),
        BoardCommand::Listen(_) | BoardCommand::AskOutbound(_) | BoardCommand::SetOutbound(..) => {
            Some(Ability::Inbound)
        }
        BoardCommand::Forget(_) | BoardCommand::Restore(_) => Some(Ability::Forget),
        _ => None,
    }
}

fn task_needs(task: &Task) -> Option<Ability> {
    match task {
        Task::Setup(_) => Some(Ability::Setup),
        Task::Examine(_) | Task::StopExamining => Some(Ability::Doctor),
        Task::File(FileTask::RecordSession | FileTask::OpenSession)
        | Task::StopRecording
        | Task::StartReplay(..)
        | Task::StopReplay => Some(Ability::Sessions),
        Task::File(FileTask::Record(..) | FileTask::OpenRecording) => Some(Ability::Lab),
        Task::CheckNotifications => Some(Ability::Notifications),
        _ => None,
    }
}

/// Whether an action changes something at a board or in the list of boards, or
/// asks how.
fn commands_boards(action: &Action) -> bool {
    match action {
        Action::Board(command) => !matches!(
            command,
            BoardCommand::ListClients(..) | BoardCommand::Cancel(_)
        ),
        Action::Task(task) => matches!(task, Task::File(FileTask::Image(_))),
        Action::Window(action) => matches!(
            action,
            WindowAction::BeginRename(RenameTarget::Board(_), _)
                | WindowAction::OpenDialog(
                    DialogKind::Address
                        | DialogKind::Reboot(_)
                        | DialogKind::RequireSignatures(_)
                        | DialogKind::FactoryReset { .. }
                        | DialogKind::Restore { .. },
                    _
                )
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::abilities::Abilities;
    use fleet::BoardKey;

    fn model(abilities: Abilities) -> Model {
        let mut model = Model::default();
        model.abilities = abilities;
        model
    }

    #[test]
    fn a_window_of_a_server_offers_no_key_and_its_own_computer_all() {
        let ask = || {
            let dialog = DialogKind::Key(BoardKey(1));
            Action::from(WindowAction::OpenDialog(dialog, String::new()))
        };
        assert_eq!(model(Abilities::Local).why_not(&[ask()]), None);
        for abilities in [Abilities::Remote, Abilities::Browser] {
            let why = model(abilities).why_not(&[ask()]);
            assert!(
                why.is_some_and(|why| why.contains("server")),
                "{abilities:?}"
            );
        }
    }

    #[test]
    fn a_board_whose_key_only_allows_viewing_is_not_commanded() {
        let board = |role| BoardView {
            locked: Some(true),
            held: Some((keys::KeyId::NONE, role)),
            ..BoardView::new(
                web_time::Instant::now(),
                BoardKey(1),
                fleet::Candidates::default(),
                false,
            )
        };
        let why = |role| model(Abilities::Local).why_view_only(&board(role));
        assert_eq!(why(Role::Control), None);
        assert_eq!(why(Role::View), Some(VIEW_KEY));
    }

    #[test]
    fn one_action_that_cannot_be_carried_out_is_a_reason_against_all() {
        let doctor = [
            Action::from(WindowAction::ShowPage(disk::settings::Page::Doctor)),
            Task::Examine(None).into(),
        ];
        assert!(model(Abilities::Browser).why_not(&doctor).is_some());
        assert_eq!(model(Abilities::Remote).why_not(&doctor), None);
    }
}
