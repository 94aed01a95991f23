//! The dialog, as the app drives it.

use super::Window;

use crate::{
    model::{dialog_kind::DialogKind, notice::Notice},
    shell::{dialogs::Dialog, pairing::Compare},
};
use fleet::BoardKey;

impl Window {
    /// Opens a dialog with the text `proposed`.
    pub fn open_dialog(&mut self, asks: DialogKind, proposed: String) {
        self.dialog = Some(Dialog::new(asks, proposed));
    }

    /// The board that the dialog is pairing.
    pub(crate) fn pairs_with(&self) -> Option<BoardKey> {
        match &self.dialog.as_ref()?.asks {
            DialogKind::Pair { board, .. } => Some(*board),
            _ => None,
        }
    }

    /// Whether the dialog lists the brokers, or asks for the password of this
    /// one.
    pub(crate) fn is_about_broker(&self, broker: &str) -> bool {
        match self.dialog.as_ref().map(|dialog| &dialog.asks) {
            Some(DialogKind::Broker) => true,
            Some(DialogKind::BrokerPassword(of)) => of == broker,
            _ => false,
        }
    }

    /// Shows the pairing code in the dialog.
    pub fn compare_code(&mut self, code: String) {
        if let Some(dialog) = &mut self.dialog {
            dialog.problem = None;
            dialog.compares(Some(code));
        }
    }

    /// The person confirmed the code.
    pub(crate) fn confirm_code(&mut self) {
        if let Some(compare) = self.compared_code() {
            compare.matches = true;
        }
    }

    /// The code was confirmed at the board.
    pub fn confirm_code_at_board(&mut self) {
        if let Some(compare) = self.compared_code() {
            compare.confirmed = true;
        }
    }

    /// Shows progress in the dialog.
    pub fn set_dialog_progress(&mut self, how: String) {
        if let Some(dialog) = &mut self.dialog {
            (dialog.under_way, dialog.problem) = (Some(how), None);
        }
    }

    /// Closes the dialog, or shows why the text was rejected.
    pub fn resolve_dialog(&mut self, outcome: Result<(), String>) {
        match (outcome, &mut self.dialog) {
            (Ok(()), dialog) => *dialog = None,
            (Err(problem), Some(dialog)) => {
                (dialog.problem, dialog.under_way) = (Some(problem), None);
                dialog.compares(None);
            }
            (Err(problem), None) => self.notify(Notice::Failed(problem)),
        }
    }

    fn compared_code(&mut self) -> Option<&mut Compare> {
        self.dialog.as_mut()?.compare.as_mut()
    }
}
