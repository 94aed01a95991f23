//! Creates, changes and deletes scenes and dashboards. Whatever is done to one
//! is one exchange of it for another, which can be exchanged back.

use eframe::egui::Ui;

use super::{Window, pages::Pages};
use disk::{
    documents::{Dashboard, Document, DocumentKind, Scene, Shelved, check_name},
    settings::Page,
};

use crate::{
    model::{
        action::{DocumentChange, PinTarget},
        batch::Batch,
        boards::Model,
        notice::Notice,
        pin::Pin,
    },
    widgets::document_bar::DocumentBar,
};

impl Window {
    /// Copies the names of documents into the model, for menus and commands, if
    /// they have changed.
    pub(super) fn update_document_names(&mut self) {
        let names = &mut self.model.documents;
        let dashboards = &self.pages.dashboards.documents.shelf.items;
        copy_names(
            &mut names.dashboards,
            dashboards.iter().map(|page| &page.name),
        );
        let scenes = &self.pages.scenes.documents.shelf.items;
        copy_names(&mut names.scenes, scenes.iter().map(|scene| &scene.name));
    }

    /// The commands that apply the scene with this index.
    pub(crate) fn scene(&self, at: usize) -> Option<Batch> {
        self.pages.scenes.batch(at, &self.model)
    }

    /// Creates an empty document, shows it and offers components for it.
    pub(super) fn new_document(&mut self, ui: &Ui, kind: DocumentKind) {
        let new = self.blank(kind);
        self.page = page(kind);
        let title = format!("Create {}", new.name());
        self.exchange(title, kind, self.documents(kind), false, Some(new));
        match kind {
            DocumentKind::Dashboard => self.pages.dashboards.picker.open(),
            DocumentKind::Scene => self.pages.scenes.picker.open(),
        }
        ui.ctx().request_repaint();
    }

    /// Replaces a document by a changed one.
    pub(super) fn change_document(&mut self, ui: &Ui, change: DocumentChange) {
        let DocumentChange { at, to, title } = change;
        let kind = to.kind();
        if at < self.documents(kind) {
            self.exchange(title, kind, at, true, Some(*to));
        }
        ui.ctx().request_repaint();
    }

    /// Deletes a document.
    pub(super) fn delete_document(&mut self, ui: &Ui, kind: DocumentKind, at: usize) {
        if let Some(name) = self.name_of_document(kind, at) {
            let act = self.exchange(format!("Delete {name}"), kind, at, true, None);
            let words = format!("Deleted {name}.");
            self.notify(match act {
                Some(act) => Notice::Undoable(words, act),
                None => Notice::Done(words),
            });
        }
        ui.ctx().request_repaint();
    }

    /// Renames a document.
    ///
    /// # Errors
    /// When the name is invalid or another document has it.
    pub(super) fn rename_document(
        &mut self,
        kind: DocumentKind,
        at: usize,
        name: &str,
    ) -> Result<(), String> {
        check_name(name)?;
        let Some(mut document) = self.document(kind, at) else {
            return Ok(());
        };
        let title = format!("Rename {} to {name}", document.name());
        let taken = (0..self.documents(kind))
            .filter(|other| *other != at)
            .any(|other| self.name_of_document(kind, other).as_deref() == Some(name));
        if taken {
            return Err(format!("The name {name:?} is already in use."));
        }
        match &mut document {
            Document::Scene(scene) => scene.rename(name.to_owned()),
            Document::Dashboard(dashboard) => dashboard.rename(name.to_owned()),
        }
        self.exchange(title, kind, at, true, Some(document));
        Ok(())
    }

    /// Adds components to a document; says so unless that is seen.
    pub(super) fn pin(&mut self, ui: &Ui, pins: Vec<Pin>, target: PinTarget) {
        ui.ctx().request_repaint();
        let PinTarget { kind, at } = target;
        let wanted = pins.first().map(Pin::words).unwrap_or_default();
        let before = match at {
            Some(at) => self.document(kind, at),
            None => Some(self.blank(kind)),
        };
        let Some(before) = before else {
            let words = format!("That {} no longer exists.", kind.word());
            return self.notify(Notice::Failed(words));
        };
        let name = before.name().to_owned();
        let (after, added) = match before {
            Document::Dashboard(dashboard) => {
                let (dashboard, added) = self.pages.dashboards.with(dashboard, pins, &self.model);
                if added.is_empty() {
                    return self.notify(Notice::Done(format!("{wanted} is already on {name}.")));
                }
                (Document::Dashboard(dashboard), added)
            }
            Document::Scene(mut scene) => {
                let added = scene_with(&mut scene, pins, &self.model);
                if added.is_empty() {
                    let words =
                        format!("The state of {wanted} is unknown; it cannot be added to a scene.");
                    return self.notify(Notice::Failed(words));
                }
                (Document::Scene(scene), added)
            }
        };
        let what = match added.as_slice() {
            [one] => one.words(),
            many => format!("{} components", many.len()),
        };
        let shown = self.shown_document(kind);
        let title = format!("Add {what} to {name}");
        let place = at.unwrap_or_else(|| self.documents(kind));
        self.exchange(title, kind, place, at.is_some(), Some(after));
        if self.page == page(kind) && shown == at {
            return;
        }
        // Adding on another page does not change which document is shown.
        if let Some(shown) = shown {
            self.show_document(kind, shown);
        }
        self.notify(Notice::Done(match kind {
            DocumentKind::Dashboard => format!("Added {what} to {name}."),
            DocumentKind::Scene => format!("Added {what} to {name} with its current state."),
        }));
    }

    /// Creates a scene with the current state of these components, and shows
    /// it.
    pub(super) fn create_scene(&mut self, ui: &Ui, name: &str, pins: Vec<Pin>) {
        ui.ctx().request_repaint();
        let mut scene = Scene::new(self.pages.scenes.documents.shelf.free_name(name));
        if scene_with(&mut scene, pins, &self.model).is_empty() {
            let words = "None of these components can be part of a scene, or their state is \
                unknown.";
            return self.notify(Notice::Failed(words.to_owned()));
        }
        self.page = Page::Scenes;
        let title = format!("Save {} as scene", scene.name);
        let (kind, at) = (DocumentKind::Scene, self.documents(DocumentKind::Scene));
        self.exchange(title, kind, at, false, Some(Document::Scene(scene)));
    }

    /// Adds a document that was loaded from a file, and shows it.
    pub(crate) fn add_document(&mut self, mut document: Document) {
        let kind = document.kind();
        let free = |name: &str| match kind {
            DocumentKind::Scene => self.pages.scenes.documents.shelf.free_name(name),
            DocumentKind::Dashboard => self.pages.dashboards.documents.shelf.free_name(name),
        };
        let name = free(document.name());
        match &mut document {
            Document::Scene(scene) => scene.rename(name.clone()),
            Document::Dashboard(dashboard) => dashboard.rename(name.clone()),
        }
        self.page = page(kind);
        let at = self.documents(kind);
        self.exchange(format!("Load {name}"), kind, at, false, Some(document));
        self.notify(Notice::Done(format!("Loaded {name}.")));
    }

    /// Replaces, inserts or removes the document at an index, shows it and
    /// records that; returns the number of the act. `replaces` says whether one
    /// is there already.
    fn exchange(
        &mut self,
        title: String,
        kind: DocumentKind,
        at: usize,
        replaces: bool,
        to: Option<Document>,
    ) -> Option<u64> {
        let Pages {
            dashboards, scenes, ..
        } = &mut self.pages;
        let from = match kind {
            DocumentKind::Dashboard => {
                let to = to.clone().and_then(dashboard);
                let old = dashboards.documents.exchange(at, replaces, to);
                old.map(Document::Dashboard)
            }
            DocumentKind::Scene => {
                let to = to.clone().and_then(scene);
                let old = scenes.documents.exchange(at, replaces, to);
                old.map(Document::Scene)
            }
        };
        self.record_document(title, at, from, to)
    }

    /// How many documents of a kind there are.
    fn documents(&self, kind: DocumentKind) -> usize {
        match kind {
            DocumentKind::Dashboard => self.pages.dashboards.documents.shelf.items.len(),
            DocumentKind::Scene => self.pages.scenes.documents.shelf.items.len(),
        }
    }

    /// A document.
    pub(crate) fn document(&self, kind: DocumentKind, at: usize) -> Option<Document> {
        let Pages {
            dashboards, scenes, ..
        } = &self.pages;
        match kind {
            DocumentKind::Dashboard => {
                let item = dashboards.documents.shelf.items.get(at);
                item.cloned().map(Document::Dashboard)
            }
            DocumentKind::Scene => {
                let item = scenes.documents.shelf.items.get(at);
                item.cloned().map(Document::Scene)
            }
        }
    }

    pub(super) fn name_of_document(&self, kind: DocumentKind, at: usize) -> Option<String> {
        self.document(kind, at)
            .map(|document| document.name().to_owned())
    }

    pub(super) fn shown_document(&self, kind: DocumentKind) -> Option<usize> {
        match kind {
            DocumentKind::Dashboard => index(&self.pages.dashboards.documents),
            DocumentKind::Scene => index(&self.pages.scenes.documents),
        }
    }

    pub(super) fn show_document(&mut self, kind: DocumentKind, at: usize) {
        match kind {
            DocumentKind::Dashboard => self.pages.dashboards.documents.show(at),
            DocumentKind::Scene => self.pages.scenes.documents.show(at),
        }
    }

    fn blank(&self, kind: DocumentKind) -> Document {
        let Pages {
            dashboards, scenes, ..
        } = &self.pages;
        match kind {
            DocumentKind::Dashboard => Document::Dashboard(dashboards.documents.blank(kind)),
            DocumentKind::Scene => Document::Scene(scenes.documents.blank(kind)),
        }
    }
}

fn index<T: Shelved + Clone>(documents: &DocumentBar<T>) -> Option<usize> {
    documents.shown().map(|(at, _)| at)
}

/// The page that shows documents of a kind.
pub(super) fn page(kind: DocumentKind) -> Page {
    match kind {
        DocumentKind::Dashboard => Page::Dashboards,
        DocumentKind::Scene => Page::Scenes,
    }
}

pub(super) fn dashboard(document: Document) -> Option<Dashboard> {
    match document {
        Document::Dashboard(dashboard) => Some(dashboard),
        Document::Scene(_) => None,
    }
}

pub(super) fn scene(document: Document) -> Option<Scene> {
    match document {
        Document::Scene(scene) => Some(scene),
        Document::Dashboard(_) => None,
    }
}

/// Adds components with their current state; returns those that can be in a
/// scene and whose state is known.
fn scene_with(scene: &mut Scene, pins: Vec<Pin>, model: &Model) -> Vec<Pin> {
    let mut added = Vec::new();
    for pin in pins {
        if let Some((_, view)) = model.pinned(&pin)
            && scene.take(pin.clone(), &view.descriptor.key.kind, &view.shown())
        {
            added.push(pin);
        }
    }
    added
}

fn copy_names<'a>(names: &mut Vec<String>, now: impl Iterator<Item = &'a String> + Clone) {
    if !names.iter().eq(now.clone()) {
        names.clear();
        names.extend(now.cloned());
    }
}
