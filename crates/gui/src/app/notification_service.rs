//! Shows notifications with the desktop's service, on a thread of its own: a
//! service may take seconds to start.

use std::{collections::VecDeque, io, sync::mpsc, thread};

use eframe::egui;
use notify_rust::NotificationHandle;

use crate::model::lost_boards::{LostBoards, Notification};

/// The notifications whose connection to the service stays open: some desktops
/// remove a notification when the connection it came over is closed.
const KEPT: usize = 8;

/// Notifications of this window.
#[derive(Default)]
pub(crate) struct Notifications {
    pub(super) lost: LostBoards,
    /// The desktop's service, once it was needed.
    pub(super) service: Option<NotificationService>,
    /// Whether a failed notification was reported.
    pub(super) reported: bool,
}

enum Job {
    Check,
    Show(Notification),
}

/// What the service was asked for and failed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceProblem {
    Check,
    Show,
}

/// The desktop's notification service.
pub(crate) struct NotificationService {
    jobs: mpsc::Sender<Job>,
    problems: mpsc::Receiver<ServiceProblem>,
}

impl NotificationService {
    /// Starts the thread; it ends when this is dropped. `ctx` is woken after a
    /// problem.
    pub(crate) fn start(ctx: &egui::Context) -> io::Result<Self> {
        let (jobs, work) = mpsc::channel();
        let (report, problems) = mpsc::channel();
        let ctx = ctx.clone();
        let run = move || {
            prepare();
            let mut shown = VecDeque::new();
            for job in work {
                let (outcome, what) = match &job {
                    Job::Check => (check(), ServiceProblem::Check),
                    Job::Show(notification) => {
                        (show(notification, &mut shown), ServiceProblem::Show)
                    }
                };
                if let Err(error) = outcome {
                    log::warn!("the notification service failed: {error}");
                    // The receiver is gone once the window is closed.
                    let _ = report.send(what);
                    ctx.request_repaint();
                }
            }
        };
        thread::Builder::new()
            .name("notifications".to_owned())
            .spawn(run)?;
        Ok(Self { jobs, problems })
    }

    /// Finds out whether the service answers; only a problem is reported.
    pub(crate) fn check(&self) {
        let _ = self.jobs.send(Job::Check);
    }

    pub(crate) fn show(&self, notification: Notification) {
        let _ = self.jobs.send(Job::Show(notification));
    }

    /// What failed since the last call.
    pub(crate) fn problems(&self) -> Vec<ServiceProblem> {
        self.problems.try_iter().collect()
    }
}

fn show(
    notification: &Notification,
    shown: &mut VecDeque<NotificationHandle>,
) -> notify_rust::error::Result<()> {
    let mut message = notify_rust::Notification::new();
    message
        .appname("Switchboard")
        .summary(&notification.title)
        .body(&body(&notification.body)?);
    #[cfg(all(unix, not(target_os = "macos")))]
    message
        .icon("switchboard")
        .hint(notify_rust::Hint::DesktopEntry("switchboard".to_owned()));
    shown.push_back(message.show()?);
    if shown.len() > KEPT {
        shown.pop_front();
    }
    Ok(())
}

/// The text for a service that may take it for markup: boards choose their
/// names (Desktop Notifications Specification, "Markup").
#[cfg(all(unix, not(target_os = "macos")))]
fn body(text: &str) -> notify_rust::error::Result<String> {
    let capabilities = notify_rust::get_capabilities()?;
    Ok(
        match capabilities.iter().any(|able| able == "body-markup") {
            true => escaped(text),
            false => text.to_owned(),
        },
    )
}

#[cfg(all(unix, not(target_os = "macos")))]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(all(unix, not(target_os = "macos")))]
fn check() -> notify_rust::error::Result<()> {
    notify_rust::get_capabilities().map(drop)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
#[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
fn body(text: &str) -> notify_rust::error::Result<String> {
    Ok(text.to_owned())
}

/// Windows and macOS always have a service.
#[cfg(not(all(unix, not(target_os = "macos"))))]
#[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
fn check() -> notify_rust::error::Result<()> {
    Ok(())
}

/// Without this, macOS shows notifications in the name of another program. It
/// fails outside of `Switchboard.app`.
#[cfg(target_os = "macos")]
fn prepare() {
    if let Err(error) = notify_rust::set_application("org.switchboard.Switchboard") {
        log::warn!("notifications are shown in the name of another program: {error}");
    }
}

#[cfg(not(target_os = "macos"))]
fn prepare() {}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_board_is_no_markup() {
        assert_eq!(
            escaped("<b>Lamp</b> & strip &lt;"),
            "&lt;b&gt;Lamp&lt;/b&gt; &amp; strip &amp;lt;"
        );
    }
}
