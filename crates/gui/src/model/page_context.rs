//! What a page gets to draw one frame: what the window knows, the frame's
//! context, and where the actions go that a person asks for.

use std::{cell::RefCell, ops::Deref};

use crate::model::{
    action::Action, batch::Batches, boards::Model, frame_context::FrameContext, history::History,
};

/// The actions of one frame, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct ActionQueue(RefCell<Vec<Action>>);

impl ActionQueue {
    pub(crate) fn into_actions(self) -> Vec<Action> {
        self.0.into_inner()
    }
}

/// The context of a page while it draws one frame.
pub(crate) struct PageContext<'a> {
    /// What the window knows of the fleet.
    pub(crate) model: &'a Model,
    /// Commands that were sent together, and their progress.
    pub(crate) batches: &'a Batches,
    /// What people did in this window, and how it is undone.
    pub(crate) history: &'a History,
    /// Time and scheduling of the frame.
    pub(crate) frame: &'a FrameContext,
    actions: &'a ActionQueue,
}

impl<'a> PageContext<'a> {
    pub(crate) fn new(
        model: &'a Model,
        batches: &'a Batches,
        history: &'a History,
        frame: &'a FrameContext,
        actions: &'a ActionQueue,
    ) -> Self {
        Self {
            model,
            batches,
            history,
            frame,
            actions,
        }
    }

    /// Reports an action.
    pub(crate) fn push(&self, action: impl Into<Action>) {
        self.actions.0.borrow_mut().push(action.into());
    }

    /// Reports several actions, or the one of an `Option`.
    pub(crate) fn extend<A: Into<Action>>(&self, actions: impl IntoIterator<Item = A>) {
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
