//! Everything that people did in this window, in order of time, and how each
//! act is undone. Decides nothing about questions and sends nothing.

mod changed_since;
mod opposite;
pub(crate) mod recorded;
pub(crate) mod reversal;
pub(crate) mod words;

use std::{collections::VecDeque, time::Duration};

use disk::settings::Page;
use protocol::ComponentKey;
use web_time::{Instant, SystemTime};

use fleet::BoardKey;

use self::reversal::Reversal;

/// How many acts are remembered; the oldest is dropped first.
const KEPT: usize = 200;

/// Acts of one kind on one thing, such as the positions of a slider that is
/// dragged, are one act while they follow each other within this time.
const TOGETHER: Duration = Duration::from_secs(1);

/// A point in time, on both clocks that the window uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    /// For ages.
    pub(crate) now: Instant,
    /// On the fleet's clock, as the times of changes and of the journal are.
    pub(crate) steady: SystemTime,
}

/// Where the effect of an act can be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The page on which it was done.
    pub(crate) page: Page,
    /// The boards that it changed.
    pub(crate) boards: Vec<BoardKey>,
    /// The component, if it changed one only.
    pub(crate) component: Option<ComponentKey>,
    /// The scene or dashboard that it changed, by its name.
    pub(crate) document: Option<String>,
}

impl Place {
    /// A board, on this page.
    pub(crate) fn board(page: Page, board: BoardKey) -> Self {
        Self {
            page,
            boards: vec![board],
            ..Self::default()
        }
    }
}

/// Whether an act is in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActState {
    /// It is.
    Done,
    /// It is being undone; the results of the commands are awaited.
    Undoing,
    /// It was undone.
    Undone,
    /// It is being done again.
    Redoing,
}

/// Something that a person did.
#[derive(Debug)]
pub(crate) struct Act {
    /// Identifies it; newer acts have higher numbers.
    pub(crate) number: u64,
    /// When it was done.
    pub(crate) at: When,
    /// What it was, in the imperative: `Turn on Desk lamp: Light`.
    pub(crate) title: String,
    /// Where its effect is seen.
    pub(crate) place: Place,
    /// The batch that carried it out.
    pub(crate) batch: Option<u64>,
    /// Whether it is in effect.
    pub(crate) state: ActState,
    /// When it was done, undone or redone last.
    pub(crate) turned: When,
    reversal: Reversal,
    /// What is merged into it, if it follows soon.
    merges: Option<String>,
    merged: bool,
}

impl Act {
    /// The board that it is about, if it is about one.
    pub(crate) fn board(&self) -> Option<BoardKey> {
        match self.place.boards.as_slice() {
            [board] => Some(*board),
            _ => None,
        }
    }

    /// Why it cannot be undone; `None` if it can.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match &self.reversal {
            Reversal::Impossible(why) => Some(why),
            _ => None,
        }
    }

    /// Whether *Undo* can be offered for it now.
    pub(crate) fn can_be_undone(&self) -> bool {
        self.state == ActState::Done && self.why_not().is_none()
    }

    /// How it is undone or, after that, done again.
    pub(crate) fn reversal(&self) -> &Reversal {
        &self.reversal
    }
}

/// An act that is about to be recorded.
#[derive(Debug)]
pub(crate) struct NewAct {
    pub(crate) title: String,
    pub(crate) place: Place,
    pub(crate) batch: Option<u64>,
    pub(crate) reversal: Reversal,
    /// What it has in common with others that follow soon and are merged into
    /// it.
    pub(crate) merges: Option<String>,
}

impl NewAct {
    pub(crate) fn new(title: impl Into<String>, place: Place, reversal: Reversal) -> Self {
        Self {
            title: title.into(),
            place,
            batch: None,
            reversal,
            merges: None,
        }
    }

    /// An act that cannot be undone, and why.
    pub(crate) fn final_act(title: impl Into<String>, place: Place, why: &str) -> Self {
        Self::new(title, place, Reversal::Impossible(why.to_owned()))
    }
}

/// Everything that people did in this window since it was opened.
#[derive(Debug, Default)]
pub(crate) struct History {
    next: u64,
    acts: VecDeque<Act>,
    /// Acts that can be done again, the one undone last at the end.
    undone: Vec<u64>,
}

impl History {
    /// Records an act; returns its number.
    pub(crate) fn record(&mut self, new: NewAct, at: When) -> u64 {
        self.undone.clear();
        if let Some(last) = self.acts.back_mut()
            && last.state == ActState::Done
            && last.merges.is_some()
            && last.merges == new.merges
            && at.now.saturating_duration_since(last.at.now) < TOGETHER
        {
            last.merge(new, at);
            return last.number;
        }
        if self.acts.len() == KEPT {
            self.acts.pop_front();
        }
        let NewAct {
            title,
            place,
            batch,
            reversal,
            merges,
        } = new;
        let number = self.next;
        self.next += 1;
        self.acts.push_back(Act {
            number,
            at,
            title,
            place,
            batch,
            state: ActState::Done,
            turned: at,
            reversal,
            merges,
            merged: false,
        });
        number
    }

    /// All acts that are remembered, oldest first.
    pub(crate) fn acts(&self) -> impl DoubleEndedIterator<Item = &Act> {
        self.acts.iter()
    }

    /// An act, while it is remembered.
    pub(crate) fn get(&self, number: u64) -> Option<&Act> {
        let first = self.acts.front()?.number;
        // Acts may have been removed in between.
        let most = usize::try_from(number.checked_sub(first)?).ok()?;
        self.acts
            .iter()
            .take(most.saturating_add(1))
            .rev()
            .find(|act| act.number == number)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Act> {
        self.acts.iter_mut().rev().find(|act| act.number == number)
    }

    /// The newest act that is in effect: what *Undo* means.
    pub(crate) fn newest(&self) -> Option<&Act> {
        self.acts
            .iter()
            .rev()
            .find(|act| matches!(act.state, ActState::Done | ActState::Undoing))
    }

    /// The act that was undone last: what *Redo* means. `None` once something
    /// else was done.
    pub(crate) fn newest_undone(&self) -> Option<&Act> {
        self.get(*self.undone.last()?)
    }

    /// The act that a batch carried out.
    pub(crate) fn of_batch(&self, batch: u64) -> Option<&Act> {
        self.acts.iter().rev().find(|act| act.batch == Some(batch))
    }

    /// The newest act that is in effect, came after this one and set the same
    /// component.
    pub(crate) fn later_on(
        &self,
        number: u64,
        board: BoardKey,
        component: &ComponentKey,
    ) -> Option<&Act> {
        let later = self.acts.iter().rev().take_while(|act| act.number > number);
        later
            .filter(|act| act.state == ActState::Done)
            .find(|act| act.reversal.sets(board, component))
    }

    /// The newest act on a component.
    pub(crate) fn newest_on(&self, board: BoardKey, component: &ComponentKey) -> Option<&Act> {
        self.acts.iter().rev().find(|act| {
            act.board() == Some(board) && act.place.component.as_ref() == Some(component)
        })
    }

    /// The act that was recorded at this time.
    pub(crate) fn recorded_at(&self, at: Instant) -> Option<u64> {
        let act = self.acts.back()?;
        (act.at.now == at).then_some(act.number)
    }

    /// An act was not carried out after all: nothing is left to undo.
    pub(crate) fn was_not_done(&mut self, number: u64) {
        // Of a slider that was dragged, other positions may have been reached.
        self.acts.retain(|act| act.number != number || act.merged);
    }

    /// A part of an act was not carried out, even if the act is being undone:
    /// undoing leaves this component alone.
    pub(crate) fn part_was_not_done(
        &mut self,
        number: u64,
        board: BoardKey,
        component: &ComponentKey,
    ) {
        if let Some(act) = self.get_mut(number)
            && matches!(act.state, ActState::Done | ActState::Undoing)
        {
            act.reversal.leave_alone(board, component);
        }
    }

    /// Starts to undo an act, or to do it again.
    pub(crate) fn begin(&mut self, number: u64) {
        if let Some(act) = self.get_mut(number) {
            act.state = match act.state {
                ActState::Done | ActState::Undoing => ActState::Undoing,
                ActState::Undone | ActState::Redoing => ActState::Redoing,
            };
        }
    }

    /// An act was undone or done again; now it can be turned back.
    pub(crate) fn turned(&mut self, number: u64, at: When) {
        let Some(act) = self.get_mut(number) else {
            return;
        };
        let reversal = std::mem::replace(&mut act.reversal, Reversal::NOTHING);
        act.reversal = reversal.back();
        act.turned = at;
        let undone = matches!(act.state, ActState::Done | ActState::Undoing);
        act.state = match undone {
            true => ActState::Undone,
            false => ActState::Done,
        };
        // The act is complete: nothing that follows belongs to it.
        act.merges = None;
        self.undone.retain(|other| *other != number);
        if undone {
            self.undone.push(number);
        }
    }

    /// Undoing an act, or doing it again, failed: it can be tried again with
    /// what is `left`.
    pub(crate) fn failed(&mut self, number: u64, left: Reversal) {
        if let Some(act) = self.get_mut(number) {
            act.reversal = left;
            act.state = match act.state {
                ActState::Done | ActState::Undoing => ActState::Done,
                ActState::Undone | ActState::Redoing => ActState::Undone,
            };
        }
    }

    /// A board that was forgotten is back under another key.
    pub(crate) fn goes_on(&mut self, before: BoardKey, now: BoardKey) {
        for act in &mut self.acts {
            for board in act.place.boards.iter_mut().filter(|key| **key == before) {
                *board = now;
            }
            act.reversal.goes_on(before, now);
        }
    }

    /// Makes every act older by this much, for tests.
    pub(crate) fn age(&mut self, by: Duration) {
        for act in &mut self.acts {
            for when in [&mut act.at, &mut act.turned] {
                when.now = when.now.checked_sub(by).unwrap_or(when.now);
                when.steady = when.steady.checked_sub(by).unwrap_or(when.steady);
            }
        }
    }
}

impl Act {
    /// Takes an act that follows soon and belongs to this one.
    fn merge(&mut self, new: NewAct, at: When) {
        (self.at, self.turned, self.merged) = (at, at, true);
        self.reversal.merge(new.reversal);
        self.title = match &self.reversal {
            Reversal::Boards(exchange) => words::title_of_boards(exchange),
            _ => new.title,
        };
        for board in new.place.boards {
            if !self.place.boards.contains(&board) {
                self.place.boards.push(board);
            }
        }
        self.place.document = new.place.document;
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Kind, State};

    use super::{reversal::ReversedStep, *};
    use crate::model::batch::{BatchStep, Operation};

    fn when(seconds: u64) -> When {
        // One origin for all, because an `Instant` cannot be made up.
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        When {
            now: *ORIGIN.get_or_init(Instant::now) + Duration::from_secs(seconds),
            steady: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        }
    }

    fn labels(title: &str) -> NewAct {
        NewAct::new(title, Place::default(), Reversal::Labels(Vec::new()))
    }

    #[test]
    fn undo_steps_back_and_redo_forward_until_something_new_is_done() {
        let mut history = History::default();
        let one = history.record(labels("one"), when(0));
        let two = history.record(labels("two"), when(2));
        let newest = |history: &History| history.newest().map(|act| act.number);
        for number in [two, one] {
            assert_eq!(newest(&history), Some(number));
            history.turned(number, when(3));
        }
        assert_eq!(newest(&history), None);
        let undone = |history: &History| history.newest_undone().map(|act| act.number);
        assert_eq!(undone(&history), Some(one));
        history.turned(one, when(4));
        assert_eq!((newest(&history), undone(&history)), (Some(one), Some(two)));
        let three = history.record(labels("three"), when(5));
        assert_eq!((newest(&history), undone(&history)), (Some(three), None));
    }

    #[test]
    fn only_acts_that_belong_together_and_follow_soon_are_one() {
        let mut history = History::default();
        let dragged = |title: &str| NewAct {
            merges: Some("slider".to_owned()),
            ..labels(title)
        };
        let one = history.record(dragged("to 10 %"), when(0));
        assert_eq!(history.record(dragged("to 20 %"), when(0)), one);
        assert_eq!(
            history.get(one).map(|act| act.title.as_str()),
            Some("to 20 %")
        );
        assert_ne!(history.record(dragged("to 30 %"), when(9)), one);
        assert_ne!(history.record(labels("other"), when(9)), one);
    }

    #[test]
    fn undo_that_fails_leaves_the_act_as_it_was() {
        let mut history = History::default();
        let one = history.record(labels("one"), when(0));
        history.begin(one);
        assert_eq!(
            history.get(one).map(|act| act.state),
            Some(ActState::Undoing)
        );
        history.failed(one, Reversal::Labels(Vec::new()));
        assert!(history.get(one).is_some_and(Act::can_be_undone));
        history.was_not_done(one);
        assert!(history.newest().is_none());
    }

    #[test]
    fn the_oldest_acts_are_dropped() {
        let mut history = History::default();
        for at in 0..KEPT as u64 + 5 {
            history.record(labels("again"), when(at * 2));
        }
        assert_eq!(history.acts().count(), KEPT);
        assert!(history.get(4).is_none());
        assert!(history.get(5).is_some());
    }

    #[test]
    fn an_act_of_which_nothing_was_done_cannot_be_undone() {
        let light = ComponentKey::new(Kind::Light, 0);
        let set = |on: bool| BatchStep {
            board: BoardKey(1),
            what: Operation::Set(light.clone(), State::new().with("on", on)),
        };
        let step = ReversedStep {
            to: set(false),
            from: set(true),
        };
        let reversal = Reversal::Send {
            steps: vec![step],
            left_out: 0,
        };
        let mut history = History::default();
        let act = NewAct::new("Turn on Light", Place::default(), reversal);
        let act = history.record(act, when(0));
        history.begin(act);
        history.part_was_not_done(act, BoardKey(1), &light);
        let act = history.get(act).expect("it is remembered");
        assert_eq!(act.why_not(), Some("Nothing is left to undo."));
    }
}
