//! Stands in for the dialog *Set up a board* in a browser: it never opens.

use super::Window;
use crate::model::{
    abilities::Ability, action::Request, frame_context::FrameContext, notice::Notice,
};

impl Window {
    /// Says why the dialog does not open.
    pub(crate) fn open_setup(&mut self) {
        if let Err(why) = self.model.abilities.check(Ability::Setup) {
            self.notify(Notice::Failed(why.to_owned()));
        }
    }

    /// Nothing is open.
    pub(crate) fn close_setup(&mut self) {
        self.setup = None;
    }

    /// There is nothing to follow.
    pub(super) fn follow_setup(&mut self, _frame: &FrameContext) -> Vec<Request> {
        Vec::new()
    }
}
