//! Undoes what was done to scenes, dashboards and plots. Knows them only as
//! wholes: one state is exchanged for another.

use super::{
    Window,
    documents::{dashboard, page, scene},
    pages::Pages,
};
use disk::{
    documents::{Document, DocumentKind, Shelved},
    settings::Page,
};

use crate::{
    model::history::{
        Act, NewAct, Place,
        reversal::{DocumentExchange, PlotsExchange, Reversal},
    },
    widgets::document_bar::DocumentBar,
};

impl Window {
    /// Records that a scene or dashboard was created (no `before`), changed or
    /// deleted (no `after`). The same title within a second is one act, as when
    /// a tile is moved step by step.
    pub(super) fn record_document(
        &mut self,
        title: String,
        at: usize,
        before: Option<Document>,
        after: Option<Document>,
    ) -> Option<u64> {
        let some = after.as_ref().or(before.as_ref())?;
        if before == after {
            return None;
        }
        let kind = some.kind();
        let place = Place {
            page: page(kind),
            document: Some(some.name().to_owned()),
            ..Place::default()
        };
        let both = before.is_some() && after.is_some();
        let exchange = DocumentExchange {
            kind,
            at,
            to: before,
            from: after,
        };
        let merges =
            both.then(|| format!("{title} in {}", place.document.as_deref().unwrap_or("")));
        let new = NewAct::new(title, place, Reversal::Document(Box::new(exchange)));
        self.record(NewAct { merges, ..new })
    }

    /// Exchanges a scene or dashboard.
    ///
    /// # Errors
    /// When the one to be exchanged no longer exists.
    pub(super) fn exchange_document(&mut self, exchange: DocumentExchange) -> Result<(), String> {
        let DocumentExchange { kind, at, to, from } = exchange;
        let gone = |document: &Document| {
            format!("the {} {} no longer exists.", kind.word(), document.name())
        };
        let found = match &from {
            Some(from) => Some(self.place_of(from).ok_or_else(|| gone(from))?),
            None => None,
        };
        let Pages {
            dashboards, scenes, ..
        } = &mut self.pages;
        match kind {
            DocumentKind::Dashboard => {
                put(&mut dashboards.documents, at, found, to.and_then(dashboard));
            }
            DocumentKind::Scene => put(&mut scenes.documents, at, found, to.and_then(scene)),
        }
        Ok(())
    }

    /// Records what was done to the curves of plots in this frame.
    pub(super) fn record_plots(&mut self) {
        let Some((title, to)) = self.pages.plots.take_edit() else {
            return;
        };
        let place = Place {
            page: Page::Plots,
            ..Place::default()
        };
        let from = self.pages.plots.settings();
        let exchange = Box::new(PlotsExchange { to, from });
        self.record(NewAct::new(title, place, Reversal::Plots(exchange)));
    }

    /// Whether undoing an act would overwrite another change of the plots.
    pub(super) fn plots_changed(&self, act: &Act) -> Option<String> {
        let Reversal::Plots(exchange) = act.reversal() else {
            return None;
        };
        let (now, left) = (self.pages.plots.settings(), &exchange.from);
        ((&now.curves, &now.channels) != (&left.curves, &left.channels))
            .then(|| "The plots were changed since.".to_owned())
    }

    /// Whether undoing an act would overwrite another change of its document.
    pub(super) fn document_changed(&self, act: &Act) -> Option<String> {
        let Reversal::Document(exchange) = act.reversal() else {
            return None;
        };
        let left = exchange.from.as_ref()?;
        let now = self.document(exchange.kind, self.place_of(left)?)?;
        (now != *left).then(|| format!("{} was changed since.", left.name()))
    }

    /// Whether the document of an act is shown, if it is about one.
    pub(super) fn shows_document(&self, act: &Act) -> bool {
        let Reversal::Document(exchange) = act.reversal() else {
            return true;
        };
        // Of one that was deleted, the page is all that can be shown.
        let Some(left) = &exchange.from else {
            return true;
        };
        let shown = match exchange.kind {
            DocumentKind::Dashboard => name_of_shown(&self.pages.dashboards.documents),
            DocumentKind::Scene => name_of_shown(&self.pages.scenes.documents),
        };
        shown.as_deref() == Some(left.name())
    }

    /// The index of the document with this name.
    fn place_of(&self, document: &Document) -> Option<usize> {
        let name = document.name();
        match document.kind() {
            DocumentKind::Dashboard => index_of(&self.pages.dashboards.documents, name),
            DocumentKind::Scene => index_of(&self.pages.scenes.documents, name),
        }
    }
}

fn index_of<T: Shelved>(documents: &DocumentBar<T>, name: &str) -> Option<usize> {
    let mut items = documents.shelf.items.iter();
    items.position(|item| item.name() == name)
}

fn name_of_shown<T: Shelved + Clone>(documents: &DocumentBar<T>) -> Option<String> {
    documents.shown().map(|(_, item)| item.name().to_owned())
}

/// Replaces the document that was `found`, or inserts one at an index.
fn put<T: Shelved + Clone>(
    documents: &mut DocumentBar<T>,
    at: usize,
    found: Option<usize>,
    to: Option<T>,
) {
    if let Some(found) = found {
        documents.exchange(found, true, None);
    }
    let Some(mut to) = to else { return };
    to.rename(documents.shelf.free_name(to.name()));
    let at = found.unwrap_or(at).min(documents.shelf.items.len());
    documents.shelf.items.insert(at, to);
    documents.show(at);
}
