//! File tasks in a browser: what is saved is downloaded, and what is opened is
//! chosen with the browser's dialog and read into memory.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use backup::Backup;
use disk::documents::Document;
use eframe::egui;
use fleet::ImageSource;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_time::SystemTime;

use crate::{
    app::{
        export::{self, Lines},
        file_result::{FileResult, TaskOutcome},
    },
    model::{
        boards::Model,
        file_task::{Direction, FileDialogSpec, FileTask},
    },
};

/// The largest file that is read: a firmware image has at most 16 MB.
const LARGEST: f64 = 64.0 * 1024.0 * 1024.0;

/// What becomes of the bytes of a chosen file.
type Read = Box<dyn FnOnce(Vec<u8>) -> Result<FileResult, String>>;

/// What a task does.
enum Work {
    /// Download these bytes.
    Save(Result<Vec<u8>, String>),
    Open(Read),
}

/// A file task in progress.
pub(in crate::app) struct RunningTask {
    spec: FileDialogSpec,
    outcome: Rc<RefCell<Option<TaskOutcome>>>,
}

impl RunningTask {
    /// Downloads what is saved, or asks for a file. `ctx` is woken once it is
    /// read.
    ///
    /// # Errors
    /// None: it is as on a desktop.
    #[expect(clippy::unnecessary_wraps, reason = "as on a desktop")]
    pub(in crate::app) fn begin(
        file_task: FileTask,
        model: &Model,
        ctx: egui::Context,
    ) -> io::Result<Self> {
        let spec = file_task.dialog_spec(model);
        let outcome = Rc::<RefCell<Option<TaskOutcome>>>::default();
        match (work(file_task, model, &spec), &spec.direction) {
            (Work::Save(bytes), Direction::Save(name)) => {
                let saved = bytes.and_then(|bytes| {
                    download(name, &bytes)
                        .map_err(|_| "The browser refused the download.".to_owned())
                });
                outcome.replace(Some(match saved {
                    Ok(()) => TaskOutcome::FileResult(FileResult::Saved(format!(
                        "the downloads of this browser as {name}"
                    ))),
                    Err(why) => TaskOutcome::Failed(why),
                }));
                ctx.request_repaint();
            }
            (Work::Open(read), _) => {
                let told = Rc::clone(&outcome);
                let tell = move |answer| {
                    told.replace(Some(answer));
                    ctx.request_repaint();
                };
                if choose(&spec, read, tell).is_err() {
                    let words = "The browser refused to ask for a file.";
                    outcome.replace(Some(TaskOutcome::Failed(words.to_owned())));
                }
            }
            (Work::Save(_), Direction::Open) => {}
        }
        Ok(Self { spec, outcome })
    }

    /// A browser has no paths that could be typed.
    ///
    /// # Errors
    /// Always.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn continue_with(
        &mut self,
        _path: PathBuf,
        _ctx: egui::Context,
    ) -> io::Result<()> {
        Err(io::Error::other("a browser has no paths"))
    }

    /// The outcome, once there is one.
    pub(in crate::app) fn answer(&mut self) -> Option<TaskOutcome> {
        self.outcome.take()
    }

    /// The spec of its file dialog.
    pub(in crate::app) fn spec(&self) -> &FileDialogSpec {
        &self.spec
    }
}

fn work(task: FileTask, model: &Model, spec: &FileDialogSpec) -> Work {
    let written = |write: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
        let mut bytes = Vec::new();
        Work::Save(match write(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(error.to_string()),
        })
    };
    match task {
        FileTask::Image(board) => Work::Open(Box::new(move |bytes| {
            Ok(FileResult::Image(board, ImageSource::Bytes(bytes)))
        })),
        FileTask::LoadBackup(board) => Work::Open(Box::new(move |bytes| {
            let backup = Backup::parse(&bytes)?;
            Ok(FileResult::Backup(board, Box::new(backup)))
        })),
        FileTask::LoadDocument => Work::Open(Box::new(|bytes| {
            Ok(FileResult::Document(Box::new(Document::parse(&bytes)?)))
        })),
        FileTask::BackUp(board) => Work::Save(match model.board(board) {
            Some(view) => Backup::of(view, model.labels_of(view), SystemTime::now())
                .map(|backup| backup.text().into_bytes()),
            None => Err("Could not back up the board: it is no longer in the list.".to_owned()),
        }),
        FileTask::SaveTable(content)
        | FileTask::SaveSamples(content)
        | FileTask::SaveOutput(content) => written(&|file| content.write(file)),
        FileTask::SavePicture(image) => {
            Work::Save(export::picture(&image).map_err(|error| error.to_string()))
        }
        FileTask::SaveDocument(document) => Work::Save(Ok(document.text().into_bytes())),
        FileTask::SaveLines(entries) => {
            let boards = model
                .boards()
                .map(|board| (board.key, Arc::clone(board)))
                .collect();
            let lines = Lines { entries, boards };
            let name = match &spec.direction {
                Direction::Save(name) => name.as_str(),
                Direction::Open => "",
            };
            written(&|file| export::write(Path::new(name), file, &lines))
        }
        FileTask::Record(..)
        | FileTask::OpenRecording
        | FileTask::RecordSession
        | FileTask::OpenSession => Work::Save(Err(
            "A browser cannot record or replay. Open the window of the program.".to_owned(),
        )),
    }
}

/// Has the browser download a file.
fn download(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let document = document()?;
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type("application/octet-stream");
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &kind)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&url)
}

/// Has the browser ask for a file, and reads it.
fn choose(
    spec: &FileDialogSpec,
    read: Read,
    tell: impl Fn(TaskOutcome) + Clone + 'static,
) -> Result<(), JsValue> {
    let field: web_sys::HtmlInputElement = document()?.create_element("input")?.dyn_into()?;
    field.set_type("file");
    let endings = spec.sorts.iter().flat_map(|(_, endings)| *endings);
    let endings: Vec<String> = endings.map(|ending| format!(".{ending}")).collect();
    if !endings.iter().any(|ending| ending == ".*") {
        field.set_accept(&endings.join(","));
    }
    let chosen = {
        let (field, tell) = (field.clone(), tell.clone());
        Closure::once_into_js(move || {
            let Some(file) = field.files().and_then(|files| files.get(0)) else {
                return tell(TaskOutcome::Canceled);
            };
            spawn_local(async move {
                let outcome = contents(file).await.and_then(read);
                tell(match outcome {
                    Ok(result) => TaskOutcome::FileResult(result),
                    Err(why) => TaskOutcome::Failed(why),
                });
            });
        })
    };
    let canceled = Closure::once_into_js(move || tell(TaskOutcome::Canceled));
    field.add_event_listener_with_callback("change", chosen.unchecked_ref())?;
    field.add_event_listener_with_callback("cancel", canceled.unchecked_ref())?;
    field.click();
    Ok(())
}

async fn contents(file: web_sys::File) -> Result<Vec<u8>, String> {
    let name = file.name();
    if file.size() > LARGEST {
        return Err(format!("{} is larger than 64 MB.", text::plain(&name)));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    buffer
        .map(|buffer| js_sys::Uint8Array::new(&buffer).to_vec())
        .map_err(|_| format!("The browser could not read {}.", text::plain(&name)))
}

fn document() -> Result<web_sys::Document, JsValue> {
    web_sys::window()
        .and_then(|window| window.document())
        .ok_or(JsValue::NULL)
}
