//! Records the session and replays recordings: what takes time runs on threads
//! of their own, which report to the app between frames.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use eframe::egui;
use record::{Destination, FileSettings, Notice as RecordingNotice, Recording, Selection};
use web_time::Instant;

use crate::{
    app::{
        local::session_reports::{Replayer, Report, Started},
        state::App,
    },
    model::{
        notice::Notice,
        sessions::{self, RecordingState, ReplayState, Replays},
        virtual_boards::Samples,
    },
};

impl App {
    /// Lets this replay recordings.
    #[must_use]
    pub fn with_replays(mut self, replays: Option<Box<dyn Replays>>) -> Self {
        if let Some(replays) = replays {
            self.local.replayer = Replayer::Ready(replays);
            self.window.model.sessions.replay = ReplayState::Off;
        }
        self
    }

    /// Records the session to this file.
    pub(in crate::app) fn record_session(&mut self, path: PathBuf, ctx: &egui::Context) {
        if self.window.model.sessions.recording != RecordingState::Off {
            return;
        }
        let prepared = Recording::prepare(&self.fleet, Selection::all());
        let (reports, woken) = (self.local.recorder.reports.0.clone(), ctx.clone());
        let run = move || {
            let (told, wake) = (reports.clone(), woken.clone());
            let tell = move |notice| {
                // The receiver is gone once the window is closed.
                let _ = told.send(Report::Notice(notice));
                wake.request_repaint();
            };
            let to = Destination::Files(path.clone());
            let started = prepared.start(&to, FileSettings::default(), tell);
            let started = started.map_err(|error| error.to_string());
            let _ = reports.send(Report::Started(path, started));
            woken.request_repaint();
        };
        match thread::Builder::new()
            .name("recording".to_owned())
            .spawn(run)
        {
            Ok(_) => self.window.model.sessions.recording = RecordingState::Starting,
            Err(error) => self.window.notify(Notice::Failed(format!(
                "Could not start a thread for the recording: {error}"
            ))),
        }
    }

    /// Writes the rest of the recording and ends it.
    pub(in crate::app) fn stop_recording(&mut self, ctx: &egui::Context) {
        let state = &mut self.window.model.sessions.recording;
        let RecordingState::On { path, .. } = state else {
            return;
        };
        let path = path.clone();
        let Some(recording) = self.local.recorder.recording.take() else {
            return;
        };
        *state = RecordingState::Stopping;
        let (reports, woken) = (self.local.recorder.reports.0.clone(), ctx.clone());
        let run = move || {
            let stopped = recording.stop();
            let _ = reports.send(Report::Stopped(path, stopped));
            woken.request_repaint();
        };
        if let Err(error) = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(run)
        {
            // Without the thread, the recording was dropped and thereby ended.
            self.window.model.sessions.recording = RecordingState::Off;
            log::warn!("cannot start a thread to end the recording: {error}");
        }
    }

    /// Takes what the recording reports.
    pub(in crate::app) fn poll_recording(&mut self) {
        while let Ok(report) = self.local.recorder.reports.1.try_recv() {
            match report {
                Report::Started(path, Ok(recording)) => {
                    self.local.recorder.recording = Some(recording);
                    let path = self.local.recorder.file.take().unwrap_or(path);
                    self.window.model.sessions.recording = RecordingState::On {
                        path,
                        since: Instant::now(),
                        problem: None,
                    };
                }
                Report::Started(_, Err(problem)) => {
                    self.window.model.sessions.recording = RecordingState::Off;
                    let words = text::capitalized(&format!("{problem}."));
                    self.window.notify(Notice::Failed(words));
                }
                Report::Notice(notice) => self.recording_notice(notice),
                Report::Stopped(path, Ok(status)) => {
                    self.window.model.sessions.recording = RecordingState::Off;
                    let records = text::count(status.records, "record");
                    self.window.notify(Notice::Done(format!(
                        "Saved {records} to {}.",
                        path.display()
                    )));
                }
                Report::Stopped(path, Err(problem)) => {
                    self.window.model.sessions.recording = RecordingState::Off;
                    self.window.notify(Notice::Failed(format!(
                        "{} is not complete: {problem}",
                        path.display()
                    )));
                }
            }
        }
    }

    fn recording_notice(&mut self, notice: RecordingNotice) {
        let state = &mut self.window.model.sessions.recording;
        let problem = match state {
            RecordingState::On { problem, .. } => Some(problem),
            _ => None,
        };
        match notice {
            RecordingNotice::Part(path) if problem.is_none() => {
                self.local.recorder.file = Some(path);
            }
            RecordingNotice::Part(_) | RecordingNotice::Database(_) => {}
            RecordingNotice::Trouble(why) => {
                let words = format!(
                    "Cannot record: {why}. Records are kept in memory until writing works again."
                );
                if let Some(problem) = problem {
                    *problem = Some(why);
                }
                self.window.notify(Notice::Failed(words));
            }
            RecordingNotice::Resumed { lost } => {
                if let Some(problem) = problem {
                    *problem = None;
                }
                let words = match lost {
                    0 => "Recording again; nothing was lost.".to_owned(),
                    lost => format!("Recording again; {} lost.", text::count(lost, "record")),
                };
                self.window.notify(Notice::Done(words));
            }
        }
    }

    /// Replays a recording at the speed that was typed in the dialog.
    pub(in crate::app) fn start_replay(&mut self, path: &Path, typed: &str, ctx: &egui::Context) {
        let speed = match sessions::speed(typed) {
            Ok(speed) => speed,
            Err(problem) => return self.window.resolve_dialog(Err(problem)),
        };
        self.window.resolve_dialog(Ok(()));
        let path = path.to_owned();
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let wake = ctx.clone();
        self.with_replays_thread(ctx, move |replays| {
            let wake = Box::new(move || wake.request_repaint());
            let outcome = replays.start(&path, speed, wake);
            Some(Started {
                name,
                speed,
                outcome,
            })
        });
    }

    /// Ends the replay, and removes its boards from the list.
    pub(in crate::app) fn stop_replay(&mut self, ctx: &egui::Context) {
        self.with_replays_thread(ctx, |replays| {
            replays.stop();
            None
        });
    }

    /// Does something with what runs replays, on a thread of its own.
    fn with_replays_thread(
        &mut self,
        ctx: &egui::Context,
        task: impl FnOnce(&mut dyn Replays) -> Option<Started> + Send + 'static,
    ) {
        let replayer = std::mem::take(&mut self.local.replayer);
        let Replayer::Ready(mut replays) = replayer else {
            self.local.replayer = replayer;
            return;
        };
        let (sender, receiver) = mpsc::channel();
        let woken = ctx.clone();
        let run = move || {
            let outcome = task(replays.as_mut());
            let _ = sender.send((replays, outcome));
            woken.request_repaint();
        };
        match thread::Builder::new().name("replay".to_owned()).spawn(run) {
            Ok(_) => {
                self.local.replayer = Replayer::Busy(receiver);
                self.window.model.sessions.replay = ReplayState::Busy;
            }
            Err(error) => {
                self.window.model.sessions.replay = ReplayState::Absent;
                self.window.notify(Notice::Failed(format!(
                    "Could not start a thread for the replay: {error}"
                )));
            }
        }
    }

    /// Takes what the replay reports.
    pub(in crate::app) fn poll_replay(&mut self) {
        match &mut self.local.replayer {
            Replayer::Absent => {}
            Replayer::Busy(receiver) => match receiver.try_recv() {
                Ok((replays, started)) => self.replay_returned(replays, started),
                Err(mpsc::TryRecvError::Empty) => {}
                Err(mpsc::TryRecvError::Disconnected) => {
                    self.local.replayer = Replayer::Absent;
                    self.window.model.sessions.replay = ReplayState::Absent;
                }
            },
            Replayer::Ready(replays) => {
                let state = &mut self.window.model.sessions.replay;
                let ReplayState::On { ended, .. } = state else {
                    return;
                };
                let progress = replays.progress();
                *ended = progress.ended;
                self.local.replayed.extend(progress.boards);
                for note in progress.notes {
                    self.window.notify(Notice::Failed(note));
                }
            }
        }
    }

    fn replay_returned(&mut self, replays: Box<dyn Replays>, started: Option<Started>) {
        self.local.replayer = Replayer::Ready(replays);
        // The boards of an earlier replay never come back.
        let model = &self.window.model;
        let ended = model
            .boards()
            .filter(|board| self.local.replayed.has(board));
        for board in ended {
            self.fleet.forget(board.key);
        }
        self.local.replayed = Samples::default();
        self.window.model.sessions.replay = match started {
            Some(Started {
                name,
                speed,
                outcome: Ok(()),
            }) => ReplayState::On {
                name,
                speed,
                ended: false,
            },
            Some(Started {
                outcome: Err(problem),
                ..
            }) => {
                self.window
                    .notify(Notice::Failed(format!("Could not replay: {problem}")));
                ReplayState::Off
            }
            None => ReplayState::Off,
        };
    }
}
