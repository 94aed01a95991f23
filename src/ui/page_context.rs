//! What a page gets to draw one frame: what the window knows, the frame's
//! context, and where the actions go that a person asks for.

use std::{cell::RefCell, ops::Deref};

use eframe::egui::{CentralPanel, Frame, Margin, Ui};

use super::{
    action::Action, batch::Batches, frame_context::FrameContext, model::Model, theme::palette,
};

/// A page of the window: draws itself and reports what is asked for.
pub(super) trait PageView {
    /// The margin around the contents.
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin::symmetric(20, 12)
    }

    /// Draws panels at the edges of the page.
    fn panels(&mut self, _ui: &mut Ui, _context: &PageContext<'_>) {}

    /// Draws the middle of the page.
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>);

    /// Draws the page into the room that the window has left for it.
    fn show(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.panels(ui, context);
        let frame = Frame::new()
            .fill(palette(ui).ground)
            .inner_margin(self.margin(context));
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| self.contents(ui, context));
    }
}

/// The actions of one frame, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct ActionQueue(RefCell<Vec<Action>>);

impl ActionQueue {
    pub(super) fn into_actions(self) -> Vec<Action> {
        self.0.into_inner()
    }
}

/// The context of a page while it draws one frame.
pub(super) struct PageContext<'a> {
    /// What the window knows of the fleet.
    pub(super) model: &'a Model,
    /// Commands that were sent together, and their progress.
    pub(super) batches: &'a Batches,
    /// Time and scheduling of the frame.
    pub(super) frame: &'a FrameContext,
    actions: &'a ActionQueue,
}

impl<'a> PageContext<'a> {
    pub(super) fn new(
        model: &'a Model,
        batches: &'a Batches,
        frame: &'a FrameContext,
        actions: &'a ActionQueue,
    ) -> Self {
        Self {
            model,
            batches,
            frame,
            actions,
        }
    }

    /// Reports an action.
    pub(super) fn push(&self, action: impl Into<Action>) {
        self.actions.0.borrow_mut().push(action.into());
    }

    /// Reports several actions, or the one of an `Option`.
    pub(super) fn extend<A: Into<Action>>(&self, actions: impl IntoIterator<Item = A>) {
        let actions = actions.into_iter().map(Into::into);
        self.actions.0.borrow_mut().extend(actions);
    }
}

impl Deref for PageContext<'_> {
    type Target = FrameContext;

    fn deref(&self) -> &FrameContext {
        self.frame
    }
}
