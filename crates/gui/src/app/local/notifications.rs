//! Desktop notifications about watched boards: gives the model of lost boards
//! what happens to links, and hands what it decides to the desktop.

use eframe::egui;
use protocol::method;
use web_time::Instant;

use crate::{
    app::{
        local::notification_service::{NotificationService, Notifications, ServiceProblem},
        state::App,
    },
    model::{
        batch::Operation,
        lost_boards::{self, WatchedBoard},
        notice::Notice,
    },
};
use fleet::{BoardKey, BoardView, Trigger};

/// Shown where notifications were turned on, or failed later.
const NO_SERVICE: &str = "Notifications cannot be shown: no notification service answers on this \
    desktop. The list still shows which boards are lost.";

impl App {
    /// Notifies about lost boards that the user asked for.
    #[must_use]
    pub(crate) fn with_notifications(mut self) -> Self {
        self.local.notifications = Some(Notifications::default());
        self
    }

    /// Takes a board before the window takes it.
    pub(in crate::app) fn follow_link(&mut self, board: &BoardView, now: Instant) {
        let Some(notifications) = &mut self.local.notifications else {
            return;
        };
        let model = &self.window.model;
        let watched = model
            .labels_of(board)
            .is_some_and(|labels| labels.notify_when_lost)
            && !self.local.replayed.has(board);
        let old = model.board(board.key).map(AsRef::as_ref);
        notifications.lost.follow(old, board, watched, now);
    }

    /// A command is about to be sent that may restart its board.
    pub(in crate::app) fn expect_loss(&mut self, board: BoardKey, command: &Operation) {
        if let Some(notifications) = &mut self.local.notifications
            && restarts(command)
        {
            notifications.lost.expect_loss(board, Instant::now());
        }
    }

    /// Finds out whether notifications can be shown; if not, the window says
    /// so.
    pub(in crate::app) fn check_notifications(&mut self, ctx: &egui::Context) {
        let Some(service) = self.notification_service(ctx) else {
            return;
        };
        service.check();
    }

    /// Sends the notifications that are due.
    pub(in crate::app) fn poll_notifications(&mut self, ctx: &egui::Context, now: Instant) {
        let Some(notifications) = &mut self.local.notifications else {
            return;
        };
        let model = &self.window.model;
        let is_watched = |board| {
            let labels = model.board(board).and_then(|view| model.labels_of(view));
            labels.is_some_and(|labels| labels.notify_when_lost)
        };
        let describe = |board| {
            model.board(board).map(|view| WatchedBoard {
                name: text::plain(&model.title(view)),
                reason: lost_boards::reason(view),
            })
        };
        let (due, wait) = notifications.lost.due(now, is_watched, describe);
        if let Some(wait) = wait {
            ctx.request_repaint_after(wait);
        }
        for notification in due {
            if let Some(service) = self.notification_service(ctx) {
                service.show(notification);
            }
        }
        self.report_notification_problems();
    }

    fn report_notification_problems(&mut self) {
        let Some(notifications) = &mut self.local.notifications else {
            return;
        };
        let problems = notifications
            .service
            .as_ref()
            .map(NotificationService::problems);
        for problem in problems.unwrap_or_default() {
            // A check was asked for; of failed notifications one is enough.
            let say = problem == ServiceProblem::Check || !notifications.reported;
            notifications.reported = true;
            if say {
                self.window.notify(Notice::Failed(NO_SERVICE.to_owned()));
            }
        }
    }

    /// The desktop's service; its thread is started when it is first needed.
    fn notification_service(&mut self, ctx: &egui::Context) -> Option<&NotificationService> {
        let notifications = self.local.notifications.as_mut()?;
        if notifications.service.is_none() {
            match NotificationService::start(ctx) {
                Ok(service) => notifications.service = Some(service),
                Err(error) => self.window.notify(Notice::Failed(format!(
                    "Could not start a thread for notifications: {error}"
                ))),
            }
        }
        notifications.service.as_ref()
    }
}

/// Whether a board restarts if it obeys.
fn restarts(command: &Operation) -> bool {
    match command {
        Operation::Call(called, _) => {
            [method::DEVICE_REBOOT, method::DEVICE_FACTORY_RESET].contains(&called.as_str())
        }
        Operation::Trigger(_, trigger) => *trigger == Trigger::Install,
        Operation::Set(..) | Operation::Press(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ComponentKey, Kind, Object};

    use super::*;

    #[test]
    fn only_commands_after_which_a_board_restarts_announce_a_loss() {
        let call = |method: &str| Operation::Call(method.to_owned(), Object::new());
        let trigger = |kind, trigger| Operation::Trigger(ComponentKey::new(kind, 0), trigger);
        assert!(restarts(&call(method::DEVICE_REBOOT)));
        assert!(restarts(&call(method::DEVICE_FACTORY_RESET)));
        assert!(restarts(&trigger(Kind::Update, Trigger::Install)));
        assert!(!restarts(&call(method::DEVICE_IDENTIFY)));
        assert!(!restarts(&trigger(Kind::Cover, Trigger::Open)));
    }
}
