//! What a row of the timeline says.

use std::time::Duration;

use eframe::egui::Color32;

use protocol::method;

use super::details;
use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        batch::{Operation, SentBatch, Tally},
        history::{Act, ActState},
        page_context::PageContext,
        timeline::{ActRow, Content, EventRow, TimelineRow},
    },
    widgets::{
        icon,
        log_row::{LogRow, RowButton, Sign},
        theme::Palette,
    },
};
use disk::settings::Page;
use fleet::{LogEntry, LogEvent, Outcome};

/// A command is sent at most this long after the click, and this much earlier
/// by another clock.
const SENT_WITHIN: Duration = Duration::from_secs(2);
const EARLIER: Duration = Duration::from_millis(100);

/// The contents of a row; `open` is whether it is unfolded.
pub(super) fn contents(
    palette: &Palette,
    context: &PageContext<'_>,
    row: &TimelineRow,
    open: bool,
) -> LogRow {
    let mut contents = match &row.content {
        Content::Event(event) => of_event(palette, context, event),
        Content::Act(act) => of_act(palette, context, act),
    };
    contents.id = row.number;
    if details::has_some(context, row) {
        contents.unfolded = Some((open, format!("Details: {}", contents.name)));
    }
    contents
}

fn of_event(palette: &Palette, context: &PageContext<'_>, row: &EventRow) -> LogRow {
    let effect = row.effect.as_ref().and_then(|effect| match &effect.what {
        LogEvent::Changed { change, .. } => Some(change),
        _ => None,
    });
    let change = row.merged.as_ref().or(effect);
    let mut contents = LogRow::event(palette, context, &row.entry, change);
    if row.changes > 1 {
        let changes = format!("{} changes", row.changes);
        contents.name.push_str(&format!(", {changes}"));
        contents.timing = changes;
        // The row stands for its whole second.
        if let Some(second) = contents.time.find('.') {
            contents.time.truncate(second);
        }
    }
    if let Some(act) = act_of(context, &row.entry) {
        offer_undo(&mut contents, act, palette);
    }
    contents
}

/// The act that a command carried out.
fn act_of<'a>(context: &PageContext<'a>, entry: &LogEntry) -> Option<&'a Act> {
    let LogEvent::Command {
        component,
        method: called,
        outcome: Outcome::Done { took, .. },
        ..
    } = &entry.what
    else {
        return None;
    };
    let clicked = entry.steady.checked_sub(*took)?;
    let is_it = |act: &&Act| {
        let only_step = || {
            let batch = context.batches.get(act.batch?)?;
            match batch.steps.as_slice() {
                [only] => Some(&only.step.what),
                _ => None,
            }
        };
        act.board() == Some(entry.board)
            && match component {
                Some(_) => act.place.component == *component,
                None => {
                    called == method::DEVICE_SET_NAME
                        && only_step().is_some_and(
                            |step| matches!(step, Operation::Call(call, _) if call == called),
                        )
                }
            }
            && match clicked.duration_since(act.at.steady) {
                Ok(after) => after < SENT_WITHIN,
                Err(before) => before.duration() < EARLIER,
            }
    };
    context.history.acts().rev().find(is_it)
}

/// Offers to undo an act, or says that it was undone.
fn offer_undo(contents: &mut LogRow, act: &Act, palette: &Palette) {
    match act.state {
        ActState::Done if act.can_be_undone() => {
            contents.button = Some(RowButton {
                icon: icon::ARROW_COUNTER_CLOCKWISE,
                name: format!("Undo: {}", act.title),
                hint: format!("Undo: {}", act.title),
                action: WindowAction::Undo(Some(act.number)).into(),
            });
        }
        ActState::Done => {}
        ActState::Undoing => contents.timing = "undoing".to_owned(),
        ActState::Redoing => contents.timing = "redoing".to_owned(),
        ActState::Undone => {
            contents.timing = "undone".to_owned();
            contents.name.push_str(", undone");
            contents.color = palette.weak;
        }
    }
}

fn of_act(palette: &Palette, context: &PageContext<'_>, row: &ActRow) -> LogRow {
    let batch = row.batch.and_then(|batch| context.batches.get(batch));
    let act = row.act.and_then(|act| context.history.get(act));
    let title = act.map_or(&row.title, |act| &act.title);
    let (sign, color, state) = match batch {
        Some(batch) => state_of(palette, batch),
        None => (icon::CHECK, palette.text, String::new()),
    };
    let name = match state.is_empty() {
        true => title.clone(),
        false => format!("{title}: {state}"),
    };
    let board = match row.boards.as_slice() {
        [] => String::new(),
        [board] => context.model.title_of(*board),
        many => text::count(many.len() as u64, "board"),
    };
    let leads = match (row.boards.as_slice(), act) {
        ([board], _) => context.model.board(*board).map(|board| WindowAction::Show {
            board: board.key,
            component: None,
        }),
        (_, Some(act)) => Some(WindowAction::ShowPage(act.place.page)),
        _ => Some(WindowAction::ShowPage(Page::Boards)),
    };
    let mut contents = LogRow {
        id: 0,
        name,
        time: context.time_of_day(row.at),
        sign: Sign::Icon(
            sign,
            if color == palette.text {
                palette.good
            } else {
                color
            },
        ),
        board,
        subject: String::new(),
        key: String::new(),
        what: title.clone(),
        color: palette.text,
        who: "you".to_owned(),
        timing: state,
        leads,
        unfolded: None,
        button: None,
    };
    match (batch, act) {
        (Some(batch), _) if !batch.tally().is_complete() => {
            contents.button = Some(RowButton {
                icon: icon::X,
                name: format!("{}: cancel", batch.title),
                hint: "Stop sending; commands already sent will finish".to_owned(),
                action: BoardCommand::Cancel(batch.number).into(),
            });
        }
        (_, Some(act)) => offer_undo(&mut contents, act, palette),
        _ => {}
    }
    contents
}

/// The sign, the color and the words for the state of a batch.
pub(crate) fn state_of(palette: &Palette, given: &SentBatch) -> (&'static str, Color32, String) {
    state_of_tally(palette, given.tally())
}

fn state_of_tally(palette: &Palette, tally: Tally) -> (&'static str, Color32, String) {
    let Tally {
        all,
        done,
        failed,
        canceled,
    } = tally;
    let words = match (tally.is_complete(), failed) {
        (true, 0) if canceled > 0 => format!("canceled; {done} of {all} done"),
        (true, _) if canceled > 0 => {
            format!("canceled; {done} of {all} done, {failed} failed")
        }
        (false, _) => format!("{done} of {all} done"),
        (true, 0) => "done".to_owned(),
        (true, _) => format!("{done} of {all} done, {failed} failed"),
    };
    match (tally.is_complete(), failed) {
        (false, 0) => (icon::CLOCK, palette.underway, words),
        (true, 0) if canceled > 0 => (icon::X, palette.weak, words),
        (true, 0) => (icon::CHECK, palette.text, words),
        _ => (icon::WARNING, palette.bad, words),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, icon, state_of_tally};
    use crate::widgets::theme::DARK;

    #[test]
    fn a_canceled_batch_is_not_shown_as_done() {
        let tally = |[done, failed, canceled]: [usize; 3]| Tally {
            all: 5,
            done,
            failed,
            canceled,
        };
        for (counts, sign, words) in [
            ([5, 0, 0], icon::CHECK, "done"),
            ([3, 0, 0], icon::CLOCK, "3 of 5 done"),
            ([3, 2, 0], icon::WARNING, "3 of 5 done, 2 failed"),
            ([3, 0, 2], icon::X, "canceled; 3 of 5 done"),
            ([3, 1, 1], icon::WARNING, "canceled; 3 of 5 done, 1 failed"),
        ] {
            let (shown, _, said) = state_of_tally(&DARK, tally(counts));
            assert_eq!((shown, said.as_str()), (sign, words));
        }
    }
}
