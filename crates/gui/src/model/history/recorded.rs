//! Which act a command is, and how it is undone.

use std::collections::BTreeSet;

use disk::settings::Page;
use protocol::{Object, State, method};

use super::{
    NewAct, Place,
    opposite::reversed,
    reversal::Reversal,
    words::{component_title, step_title, title_of_set, title_of_trigger},
};
use crate::model::{
    action::BoardCommand,
    batch::{Batch, BatchStep, Operation},
    boards::Model,
    credential,
};
use fleet::{BoardKey, Trigger};

const PRESS: &str = "What a press has started cannot be taken back.";
const MOVED: &str = "A movement is not taken back. Set a position, or open or close it again.";
const INSTALL: &str = "What a board has installed cannot be taken back.";
const CALL: &str = "What a request has changed on the board is not known.";
const REBOOT: &str = "A reboot cannot be taken back.";
const RESET: &str = "What a board has erased cannot be restored, unless it was backed up.";
const UNKNOWN: &str = "The state before it was unknown.";

/// The act of a command that is about to be carried out; `None` if it changes
/// nothing, or is recorded once it is known what it changes.
pub(crate) fn act_of_command(command: &BoardCommand, model: &Model, page: Page) -> Option<NewAct> {
    let name = |board: BoardKey| model.title_of(board);
    let act = |board: BoardKey, title: String, why: &str| {
        Some(NewAct::final_act(title, Place::board(page, board), why))
    };
    match command {
        BoardCommand::Set {
            board,
            component,
            change,
        } => {
            let step = BatchStep {
                board: *board,
                what: Operation::Set(component.clone(), change.clone()),
            };
            let place = Place {
                component: Some(component.clone()),
                ..Place::board(page, *board)
            };
            let steps = reversed(&step, model).into_iter().collect();
            let title = title_of_set(model, *board, component, change);
            let mut new = NewAct::new(title, place, Reversal::send(steps, 1, UNKNOWN));
            // Positions of a slider belong together; two clicks do not.
            let fields: Vec<&str> = change.0.keys().collect();
            let dragged = change.0.iter().any(|(_, value)| !value.is_boolean());
            new.merges = dragged.then(|| format!("{} {component} {}", board.0, fields.join(" ")));
            Some(new)
        }
        BoardCommand::Press { board, component } => {
            let title = format!("Press {}", component_title(model, *board, component));
            let place = Place {
                component: Some(component.clone()),
                ..Place::board(page, *board)
            };
            Some(NewAct::final_act(title, place, PRESS))
        }
        BoardCommand::Trigger {
            board,
            component,
            trigger,
        } => {
            let title = title_of_trigger(model, *board, component, *trigger);
            let place = Place {
                component: Some(component.clone()),
                ..Place::board(page, *board)
            };
            Some(NewAct::final_act(title, place, why_final(*trigger)))
        }
        BoardCommand::Call(_, called, _) if only_reads(called) => None,
        BoardCommand::Call(board, called, params) => {
            let step = BatchStep {
                board: *board,
                what: set_by(called, params)
                    .unwrap_or_else(|| Operation::Call(called.clone(), params.clone())),
            };
            let steps = reversed(&step, model).into_iter().collect();
            Some(NewAct::new(
                step_title(model, &step),
                Place::board(page, *board),
                Reversal::send(steps, 1, CALL),
            ))
        }
        BoardCommand::CloseClient(board, client) => act(
            *board,
            format!("Close client {client} of {}", name(*board)),
            "The client connects again when it wants to.",
        ),
        BoardCommand::CancelUpdate(board) => act(
            *board,
            format!("Cancel the update of {}", name(*board)),
            "Start the update again.",
        ),
        BoardCommand::ForgetKey(board) => {
            let view = model.board(*board);
            let noun = view.map_or("key", |view| credential::kind(view).noun());
            let can_pair = view.is_some_and(|view| credential::can_pair(view));
            act(
                *board,
                format!("Forget the {noun} of {}", name(*board)),
                match can_pair {
                    true => {
                        "The key was deleted from this computer. Enter it again, or pair again."
                    }
                    false => "It was deleted from this computer. Enter it again.",
                },
            )
        }
        BoardCommand::Listen(_) => Some(NewAct::final_act(
            "Change inbound connections",
            Place {
                page,
                ..Place::default()
            },
            "Change it with \"Accept inbound connections…\" in the palette.",
        )),
        BoardCommand::RemoveBroker(broker) => Some(NewAct::final_act(
            format!("Remove the broker {broker}"),
            Place {
                page,
                ..Place::default()
            },
            "Add it again with \"Add broker…\" in the palette.",
        )),
        BoardCommand::AddBroker(_)
        | BoardCommand::SetBrokerPassword(..)
        | BoardCommand::Rename(..)
        | BoardCommand::RestoreBackup(..)
        | BoardCommand::Send(_)
        | BoardCommand::ApplyScene(_)
        | BoardCommand::ListClients(..)
        | BoardCommand::Identify(_)
        | BoardCommand::EnterKey(..)
        | BoardCommand::Pair { .. }
        | BoardCommand::ConfirmCode
        | BoardCommand::RejectCode
        | BoardCommand::AskOutbound(_)
        | BoardCommand::SetOutbound(..)
        | BoardCommand::TryNow(_)
        | BoardCommand::Forget(_)
        | BoardCommand::Restore(_)
        | BoardCommand::Add(_)
        | BoardCommand::Cancel(_)
        | BoardCommand::Turn { .. } => None,
    }
}

/// The act of a batch that is about to be sent with this number.
pub(crate) fn act_of_batch(batch: &Batch, number: u64, model: &Model, page: Page) -> NewAct {
    let steps: Vec<_> = batch
        .steps
        .iter()
        .rev()
        .filter_map(|step| reversed(step, model))
        .collect();
    let why = match batch.steps.first().map(|step| &step.what) {
        Some(Operation::Press(_)) => PRESS,
        Some(Operation::Trigger(_, trigger)) => why_final(*trigger),
        Some(Operation::Call(called, _)) if called == method::DEVICE_REBOOT => REBOOT,
        Some(Operation::Call(called, _)) if called == method::DEVICE_FACTORY_RESET => RESET,
        Some(Operation::Call(..)) => CALL,
        _ => UNKNOWN,
    };
    let boards: BTreeSet<BoardKey> = batch.steps.iter().map(|step| step.board).collect();
    let component = match batch.steps.as_slice() {
        [only] => match &only.what {
            Operation::Set(component, _)
            | Operation::Press(component)
            | Operation::Trigger(component, _) => Some(component.clone()),
            Operation::Call(..) => None,
        },
        _ => None,
    };
    let place = Place {
        page,
        boards: boards.into_iter().collect(),
        component,
        document: None,
    };
    NewAct {
        batch: Some(number),
        ..NewAct::new(
            &batch.title,
            place,
            Reversal::send(steps, batch.steps.len(), why),
        )
    }
}

fn why_final(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Open | Trigger::Close | Trigger::Stop => MOVED,
        Trigger::Install => INSTALL,
    }
}

/// Setting a component, if a method does that: `Light.Set` with an `id`.
fn set_by(method: &str, params: &Object) -> Option<Operation> {
    let kind = method.strip_suffix(".Set")?;
    let id = params.get("id")?.as_u64()?;
    let component = format!("{}:{id}", kind.to_lowercase()).parse().ok()?;
    let mut change = State::new();
    for (field, value) in params.iter().filter(|(field, _)| *field != "id") {
        change.0.insert(field.clone(), value.clone());
    }
    Some(Operation::Set(component, change))
}

/// Whether a method changes nothing, by its name.
fn only_reads(method: &str) -> bool {
    let verb = method.rsplit('.').next().unwrap_or_default();
    ["Get", "List", "Ping", "Subscribe", "Identify"]
        .iter()
        .any(|start| verb.starts_with(start))
}
