//! Runs file tasks: asks for the path through the desktop's portal, then reads
//! or writes the file, all on a thread of its own. Where no portal responds,
//! the person types the path and the same task continues.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use backup::{Backup, BackupError};
use eframe::egui;
use web_time::{Instant, SystemTime};

use disk::documents::{Document, DocumentError};

use crate::{
    app::{
        export::{self, Lines},
        file_result::{FileResult, TaskOutcome},
        local::state::LocalResult,
    },
    model::{
        boards::Model,
        file_task::{Direction, FileDialogSpec, FileTask},
    },
    pages::lab::channels::load::load,
};
use channel::{ReadError, Recorder};
use files::{Access, Draft};
use fleet::ImageSource;

/// A dialog that is canceled faster than this was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(400);

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system refused to write.
    #[error("Could not write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is neither a scene nor a dashboard.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The board cannot be backed up.
    #[error("Could not back up the board: {0}")]
    NoBackup(String),
    /// The file is not a backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The file is not a recording of a session.
    #[error(transparent)]
    Session(record::ReadError),
    /// The file is not a channel recording.
    #[error(transparent)]
    Recording(#[from] ReadError),
}

/// What the task does with the file, on a thread; repeated where the first path
/// was rejected.
type Work = Arc<dyn Fn(&Path) -> Result<FileResult, FileError> + Send + Sync>;

impl FileTask {
    /// What to do once the path is known.
    fn work(self, model: &Model) -> Work {
        match self {
            Self::Image(board) => Arc::new(move |path| {
                // The fleet reads it.
                let image = ImageSource::File(path.to_owned());
                Ok(FileResult::Image(board, image))
            }),
            Self::BackUp(board) => {
                let backup = match model.board(board) {
                    Some(view) => Backup::of(view, model.labels_of(view), SystemTime::now()),
                    None => Err("it is no longer in the list".to_owned()),
                };
                Arc::new(move |path| match &backup {
                    Ok(backup) => written(path, backup.write(path)),
                    Err(why) => Err(FileError::NoBackup(why.clone())),
                })
            }
            Self::LoadBackup(board) => Arc::new(move |path| {
                let backup = Box::new(Backup::read(path)?);
                Ok(FileResult::Backup(board, backup))
            }),
            Self::SaveTable(content) | Self::SaveSamples(content) | Self::SaveOutput(content) => {
                Arc::new(move |path| written(path, put(path, |file| content.write(file))))
            }
            Self::SavePicture(image) => Arc::new(move |path| {
                let png = export::picture(&image);
                let put = png.and_then(|png| files::write(path, &png, Access::AsBefore));
                written(path, put)
            }),
            Self::SaveDocument(document) => {
                Arc::new(move |path| written(path, document.write(path)))
            }
            Self::LoadDocument => {
                Arc::new(|path| Ok(FileResult::Document(Box::new(Document::read(path)?))))
            }
            Self::Record(channel, address) => Arc::new(move |path| {
                let failed = |source| FileError::Write {
                    path: path.to_owned(),
                    source,
                };
                let recorder = Recorder::create(path, &address).map_err(failed)?;
                Ok(LocalResult::Recorder(channel, recorder).into())
            }),
            // The recording creates it, and never replaces an existing file.
            Self::RecordSession => {
                Arc::new(|path| Ok(LocalResult::RecordSession(path.to_owned()).into()))
            }
            Self::OpenSession => Arc::new(|path| {
                record::Reader::open(path).map_err(FileError::Session)?;
                Ok(LocalResult::OpenSession(path.to_owned()).into())
            }),
            Self::OpenRecording => Arc::new(|path| Ok(LocalResult::Recording(load(path)?).into())),
            Self::SaveLines(entries) => {
                let boards = model
                    .boards()
                    .map(|board| (board.key, Arc::clone(board)))
                    .collect();
                let lines = Lines { entries, boards };
                Arc::new(move |path| {
                    let put = put(path, |file| export::write(path, file, &lines));
                    written(path, put)
                })
            }
        }
    }
}

/// Writes a file, as a whole or not at all.
fn put(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = Draft::create(path, Access::AsBefore)?;
    write(&mut file)?;
    file.finish()
}

/// The result of writing a file.
fn written(path: &Path, outcome: io::Result<()>) -> Result<FileResult, FileError> {
    match outcome {
        Ok(()) => Ok(FileResult::Saved(path.display().to_string())),
        Err(source) => Err(FileError::Write {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A file task in progress.
pub(crate) struct RunningTask {
    spec: FileDialogSpec,
    work: Work,
    answer: Option<mpsc::Receiver<TaskOutcome>>,
}

impl fmt::Debug for RunningTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningTask")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

impl RunningTask {
    /// Asks for the path and runs the task. The outcome arrives later, and
    /// `ctx` is woken for it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn begin(
        file_task: FileTask,
        model: &Model,
        ctx: egui::Context,
    ) -> io::Result<Self> {
        let spec = file_task.dialog_spec(model);
        let work = file_task.work(model);
        let answer = on_a_thread(ctx, {
            let (spec, work) = (spec.clone(), Arc::clone(&work));
            move || match ask(&spec) {
                Ok(path) => done(&path, &work),
                Err(answer) => answer,
            }
        })?;
        Ok(Self {
            spec,
            work,
            answer: Some(answer),
        })
    }

    /// Runs the task with a path that was typed.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn continue_with(&mut self, path: PathBuf, ctx: egui::Context) -> io::Result<()> {
        let work = Arc::clone(&self.work);
        self.answer = Some(on_a_thread(ctx, move || done(&path, &work))?);
        Ok(())
    }

    /// The outcome, once there is one.
    pub(crate) fn answer(&mut self) -> Option<TaskOutcome> {
        let answer = match self.answer.as_ref()?.try_recv() {
            Ok(answer) => answer,
            Err(mpsc::TryRecvError::Empty) => return None,
            Err(mpsc::TryRecvError::Disconnected) => TaskOutcome::Canceled,
        };
        self.answer = None;
        Some(answer)
    }

    /// The spec of its file dialog.
    pub(crate) fn spec(&self) -> &FileDialogSpec {
        &self.spec
    }
}

fn ask(spec: &FileDialogSpec) -> Result<PathBuf, TaskOutcome> {
    let asked = Instant::now();
    let mut dialog = rfd::AsyncFileDialog::new().set_title(&spec.title);
    for (name, endings) in spec.sorts {
        dialog = dialog.add_filter(*name, endings);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|_| TaskOutcome::NoDialog)?;
    let chosen = match &spec.direction {
        Direction::Open => runtime.block_on(dialog.pick_file()),
        Direction::Save(name) => runtime.block_on(dialog.set_file_name(name).save_file()),
    };
    match chosen {
        Some(file) => Ok(file.path().to_owned()),
        None if asked.elapsed() < NEVER_SHOWN => Err(TaskOutcome::NoDialog),
        None => Err(TaskOutcome::Canceled),
    }
}

fn done(path: &Path, work: &Work) -> TaskOutcome {
    match work(path) {
        Ok(result) => TaskOutcome::FileResult(result),
        Err(error) => TaskOutcome::Failed(error.to_string()),
    }
}

fn on_a_thread(
    ctx: egui::Context,
    run: impl FnOnce() -> TaskOutcome + Send + 'static,
) -> io::Result<mpsc::Receiver<TaskOutcome>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("file".to_owned())
        .spawn(move || {
            // The receiver is gone once the window is closed.
            let _ = sender.send(run());
            ctx.request_repaint();
        })?;
    Ok(receiver)
}
