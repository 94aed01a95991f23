//! Carries out commands that arrived as messages, and publishes their outcome.

use std::{sync::Arc, time::Instant};

use fleet::{BoardKey, BoardView, Outcome};
use mqtt::Event;
use protocol::{Code, ComponentKey, Object, RpcError, State};
use serde_json::{Value, json};

use super::{Bridge, Input};
use crate::{Notice, Target, commands, home_assistant};

/// The most commands that wait for boards.
const MOST: usize = 1024;

/// Who gets the outcome of a command.
pub(super) struct Sender {
    board: String,
    id: Value,
    reply_to: Option<String>,
    /// What the command was, for people.
    command: String,
}

/// A command that is ready to be sent.
enum Prepared {
    Call(String, Object),
    Set(ComponentKey, Object),
}

impl<S: FnMut(&Notice)> Bridge<S> {
    /// Carries out a command, or says why not.
    pub(super) fn command(&mut self, target: Target, payload: &[u8]) {
        let mut sender = Sender {
            board: target.board().to_owned(),
            id: Value::Null,
            reply_to: None,
            command: match &target {
                Target::Command { .. } => "$command".to_owned(),
                Target::Set { component, .. } => format!("{component}/set"),
                Target::HomeAssistant { component, .. } => format!("{component}/ha/set"),
            },
        };
        match self.prepare(target, payload, &mut sender) {
            Ok((key, prepared)) => self.send(key, prepared, sender),
            Err(error) => self.answer(&sender, &Outcome::Refused(error)),
        }
    }

    fn prepare(
        &self,
        target: Target,
        payload: &[u8],
        sender: &mut Sender,
    ) -> Result<(BoardKey, Prepared), RpcError> {
        let view = self.view(target.board());
        let prepared = match target {
            Target::Command { .. } => {
                let request =
                    commands::parse(&self.options.names, payload).map_err(|rejected| {
                        sender.id = rejected.id;
                        sender.reply_to = rejected.reply_to;
                        rejected.error
                    })?;
                sender.id = request.id;
                sender.reply_to = request.reply_to;
                sender.command.clone_from(&request.method);
                Prepared::Call(request.method, request.params)
            }
            Target::Set { component, .. } => Prepared::Set(component, commands::fields(payload)?),
            Target::HomeAssistant { board, component } => {
                let view = view
                    .as_ref()
                    .ok_or_else(|| commands::unknown_board(&board))?;
                let command = home_assistant::command(view, &component, payload)
                    .map_err(|refusal| refused(&refusal))?;
                Prepared::Call(command.method.to_owned(), command.params)
            }
        };
        let key = view
            .ok_or_else(|| commands::unknown_board(&sender.board))?
            .key;
        if self.commands >= MOST {
            let message = format!("{MOST} commands wait for boards; try again");
            return Err(RpcError::new(Code::ResourceExhausted, "too_many", message));
        }
        Ok((key, prepared))
    }

    fn view(&self, board: &str) -> Option<Arc<BoardView>> {
        self.site().with_id(board).cloned()
    }

    fn send(&mut self, key: BoardKey, prepared: Prepared, sender: Sender) {
        self.commands += 1;
        let inputs = self.inputs.sender.clone();
        let reply: fleet::Reply = Some(Box::new(move |outcome| {
            let _ = inputs.send(Input::Outcome(sender, outcome));
        }));
        match prepared {
            Prepared::Call(method, params) => self.fleet.call(key, &method, params, reply),
            Prepared::Set(component, fields) => {
                self.fleet.set(key, &component, State(fields.into()), reply);
            }
        }
    }

    /// Publishes the outcome of a command: to the topic that it names; if it
    /// names none and was not confirmed, as an event of the board.
    pub(super) fn answer(&mut self, sender: &Sender, outcome: &Outcome) {
        let mut reply = commands::reply(&sender.id, outcome);
        let done = matches!(outcome, Outcome::Done { .. });
        if !done {
            log::info!(
                "{} of {}: {}",
                text::plain(&sender.command),
                sender.board,
                text::answer(outcome)
            );
        }
        let topic = match &sender.reply_to {
            Some(topic) => {
                let payload = reply.to_string().into_bytes();
                self.replies.add(topic.clone(), payload, Instant::now());
                self.publish_replies();
                return;
            }
            None if done || *outcome == Outcome::Superseded => return,
            None => {
                if let Some(fields) = reply.as_object_mut() {
                    fields.insert("command".to_owned(), json!(sender.command));
                }
                self.options.names.board_topic(&sender.board, "$refused")
            }
        };
        if let Some(active) = &self.active {
            active.client.event(&topic, reply.to_string().into_bytes());
        }
    }

    /// Publishes the replies that wait, if there is a connection: that of the
    /// active bridge, or the other one if another bridge is active by now.
    pub(super) fn publish_replies(&mut self) {
        let client = if self.claim.is_active() {
            self.active.as_ref().map(|active| &active.client)
        } else if self.claim.is_held() {
            self.main.as_ref()
        } else {
            None
        };
        let Some(client) = client.filter(|client| client.is_connected()) else {
            return;
        };
        for reply in self.replies.due(Instant::now()) {
            client.reply(&reply.topic, reply.payload, reply.ticket);
        }
    }

    /// What became of a reply.
    pub(super) fn reply_event(&mut self, event: &Event) {
        match event {
            Event::Acknowledged(ticket) => self.replies.arrived(*ticket),
            Event::Unconfirmed(ticket) | Event::Unsent(ticket) => self.replies.failed(*ticket),
            _ => {}
        }
    }
}

fn refused(refusal: &home_assistant::Refusal) -> RpcError {
    RpcError::new(Code::InvalidParams, "home_assistant", refusal.to_string())
}
