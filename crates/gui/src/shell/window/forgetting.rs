//! Removes boards from the list, hides them, and brings them back.

use disk::settings::{Page, RememberedBoard};

use super::Window;
use crate::model::{
    action::BoardCommand,
    history::{
        NewAct, Place,
        reversal::{BoardsExchange, LabelsExchange, Reversal},
        words::title_of_boards,
    },
    notice::Notice,
};
use fleet::{BoardKey, Family};

impl Window {
    /// Removes a board from the list; the fleet forgets it.
    pub(super) fn forget(&mut self, key: BoardKey) {
        let Some(clock) = self.clock else { return };
        let Some(forgotten) = self.model.forget(key, clock.steady) else {
            return;
        };
        let exchange = BoardsExchange {
            boards: vec![forgotten.board],
            there: true,
        };
        let place = Place {
            page: Page::Boards,
            ..Place::default()
        };
        let mut new = NewAct::new(
            title_of_boards(&exchange),
            place,
            Reversal::Boards(exchange),
        );
        // Several boards that are forgotten with one click are one act.
        new.merges = Some(format!("forget {:?}", clock.now));
        let act = self.history.record(new, clock);
        let title = self.history.get(act).map(|act| act.title.clone());
        let words = title.unwrap_or_default().replacen("Forget", "Forgot", 1);
        self.toasts.withdraw_undo(act);
        self.notify(Notice::Undoable(format!("{words}."), act));
    }

    /// Records that a board of this family, as far as known, is added by this
    /// address.
    pub(crate) fn record_added(&mut self, address: String, family: Family) {
        let title = format!("Add {address}");
        let board = RememberedBoard {
            address,
            family,
            by_hand: true,
            ..RememberedBoard::default()
        };
        let exchange = BoardsExchange {
            boards: vec![board],
            there: false,
        };
        let place = Place {
            page: Page::Boards,
            ..Place::default()
        };
        self.record(NewAct::new(title, place, Reversal::Boards(exchange)));
    }

    /// Boards were hidden: undo is offered.
    pub(super) fn was_hidden(&mut self, act: u64) {
        let title = self.history.get(act).map(|act| act.title.clone());
        let words = title.unwrap_or_default().replacen("Hide", "Hid", 1);
        self.notify(Notice::Undoable(format!("{words}."), act));
    }

    /// A board that is no longer hidden is shown again, if nothing else is.
    pub(super) fn show_again(&mut self, exchanged: &[LabelsExchange]) {
        if let [LabelsExchange { id, to, from }] = exchanged
            && from.hidden
            && !to.hidden
            && self.model.selected().is_none()
            && let Some(key) = self.model.known_as(id)
        {
            self.model.select(key);
        }
    }

    /// Brings a forgotten board back.
    pub(super) fn restore(&mut self, board: RememberedBoard) {
        let exchange = BoardsExchange {
            boards: vec![board],
            there: false,
        };
        let place = Place {
            page: Page::Boards,
            ..Place::default()
        };
        let title = title_of_boards(&exchange);
        let words = title.replacen("Restore", "Restored", 1);
        let back = Reversal::Boards(exchange.clone());
        self.exchange_boards(BoardsExchange {
            there: true,
            ..exchange
        });
        self.record(NewAct::new(title, place, back));
        self.notify(Notice::Done(format!("{words}.")));
    }

    /// Forgets boards or restores them.
    pub(super) fn exchange_boards(&mut self, BoardsExchange { boards, there }: BoardsExchange) {
        if there {
            for board in &boards {
                self.model.take_forgotten(board);
            }
            if let [board] = boards.as_slice() {
                self.model.expect(board);
            }
            self.outbox.push(BoardCommand::Restore(boards).into());
            return;
        }
        let Some(clock) = self.clock else { return };
        for key in boards
            .iter()
            .filter_map(|board| self.model.found_again(board))
            .collect::<Vec<_>>()
        {
            self.model.forget(key, clock.steady);
            self.outbox.push(BoardCommand::Forget(key).into());
        }
    }
}
