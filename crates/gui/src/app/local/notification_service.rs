//! Shows notifications with the desktop's service, on a thread of its own: a
//! service may take seconds to start.

use std::{io, sync::mpsc, thread};

use eframe::egui;

use crate::model::lost_boards::{LostBoards, Notification};
use desktop::Desktop;

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
            let mut desktop = Desktop::default();
            for job in work {
                let (outcome, what) = match &job {
                    Job::Check => (desktop.check(), ServiceProblem::Check),
                    Job::Show(notification) => (desktop.show(notification), ServiceProblem::Show),
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

#[cfg(not(target_os = "macos"))]
mod desktop {
    use std::collections::VecDeque;

    use notify_rust::{NotificationHandle, error::Result};

    use super::Notification;

    /// The notifications whose connection to the service stays open: some
    /// desktops remove a notification when the connection it came over is
    /// closed.
    const KEPT: usize = 8;

    #[derive(Default)]
    pub(super) struct Desktop {
        shown: VecDeque<NotificationHandle>,
    }

    impl Desktop {
        #[cfg(unix)]
        #[expect(clippy::unused_self, reason = "as on other systems")]
        pub(in crate::app) fn check(&self) -> Result<()> {
            notify_rust::get_capabilities().map(drop)
        }

        /// Windows always has a service.
        #[cfg(not(unix))]
        #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Linux")]
        pub(in crate::app) fn check(&self) -> Result<()> {
            Ok(())
        }

        pub(in crate::app) fn show(&mut self, notification: &Notification) -> Result<()> {
            let mut message = notify_rust::Notification::new();
            message
                .appname("Switchboard")
                .summary(&notification.title)
                .body(&body(&notification.body)?);
            #[cfg(unix)]
            message
                .icon("switchboard")
                .hint(notify_rust::Hint::DesktopEntry("switchboard".to_owned()));
            self.shown.push_back(message.show()?);
            if self.shown.len() > KEPT {
                self.shown.pop_front();
            }
            Ok(())
        }
    }

    /// The text for a service that may take it for markup: boards choose their
    /// names (Desktop Notifications Specification, "Markup").
    #[cfg(unix)]
    fn body(text: &str) -> Result<String> {
        let capabilities = notify_rust::get_capabilities()?;
        Ok(
            match capabilities.iter().any(|able| able == "body-markup") {
                true => escaped(text),
                false => text.to_owned(),
            },
        )
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
    fn body(text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    #[cfg(unix)]
    fn escaped(text: &str) -> String {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    }

    #[cfg(all(test, unix))]
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
}

/// Through `osascript`, which every macOS has: the framework UserNotifications
/// is for signed apps. So they appear in the name of the Script Editor.
#[cfg(target_os = "macos")]
mod desktop {
    use std::{
        io,
        process::{Command, Stdio},
    };

    use super::Notification;

    /// The texts are arguments, so that nothing in them is run.
    const SCRIPT: [&str; 6] = [
        "-e",
        "on run texts",
        "-e",
        "display notification (item 2 of texts) with title (item 1 of texts)",
        "-e",
        "end run",
    ];

    #[derive(Default)]
    pub(super) struct Desktop;

    impl Desktop {
        /// macOS always has a service.
        #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Linux")]
        pub(in crate::app) fn check(&self) -> io::Result<()> {
            Ok(())
        }

        #[expect(clippy::unused_self, reason = "as on Linux")]
        pub(in crate::app) fn show(&mut self, notification: &Notification) -> io::Result<()> {
            let status = Command::new("osascript")
                .args(SCRIPT)
                .args(["--", &notification.title, &notification.body])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()?;
            match status.success() {
                true => Ok(()),
                false => Err(io::Error::other(format!("osascript ended with {status}"))),
            }
        }
    }
}
