//! What the users of a fleet ask, sent to its server.

use std::sync::Arc;

use fleet::{
    BoardKey, ChangeScope, CommandState, FleetRequest, Outcome, Reply, Shown, UpdateProblem,
    UpdateState,
};
use keys::Role;
use link::commands::Command;
use protocol::{ComponentKey, LogFilter, State};
use web_time::Instant;

use super::{Mirror, answer, publish};
use crate::wire::{self, FromWindow, IMAGE_PART, Json, Shows, event::level_number};

impl Mirror {
    /// What is shown from now on.
    pub fn shows(&mut self, shown: Shown) {
        self.shown = Some(shown);
        if self.welcomed {
            self.say_shown();
        }
    }

    /// Follows the frames of a board from now on, or no longer.
    pub fn follow_frames(&mut self, board: BoardKey, wanted: bool) {
        match wanted {
            true => self.followed.insert(board),
            false => self.followed.remove(&board),
        };
        self.say(board, |board| FromWindow::FollowFrames(board, wanted));
    }

    /// Sends what a user of the fleet asks.
    pub fn request(&mut self, request: FleetRequest) {
        match request {
            FleetRequest::Command(board, command, reply) => self.command(board, command, reply),
            FleetRequest::Toggle(board, _, component, reply) => {
                self.ask(board, reply, |request, board| FromWindow::Toggle {
                    request,
                    board,
                    component: component.to_string(),
                });
            }
            FleetRequest::Add(key, address, family) => {
                let address = match family {
                    Some(family) => format!("{family}://{address}"),
                    None => address.to_string(),
                };
                self.requests += 1;
                self.adding.insert(self.requests, (key, address));
                self.say_added(self.requests);
            }
            FleetRequest::Connect(board) => self.say(board, FromWindow::Connect),
            FleetRequest::RetryNow(board) => self.say(board, FromWindow::RetryNow),
            FleetRequest::FollowLog(board, wanted) => {
                let wanted = match wanted {
                    LogFilter::Off => None,
                    LogFilter::UpTo(level) => Some(level_number(level)),
                };
                self.say(board, |board| FromWindow::FollowLog(board, wanted));
            }
            FleetRequest::FollowPreview(board, wanted) => {
                self.say(board, |board| FromWindow::FollowPreview(board, wanted));
            }
            // It is read first: see `Mirror::update`.
            FleetRequest::Update(..) => {}
            FleetRequest::CancelUpdate(board) => self.say(board, FromWindow::CancelUpdate),
            FleetRequest::EndSession(session) => {
                self.outgoing.push(FromWindow::EndSession(session));
            }
            FleetRequest::Grant(session, access) => {
                let control = access == Role::Control;
                self.outgoing.push(FromWindow::Grant(session, control));
            }
            FleetRequest::ShowPage(page) => self.outgoing.push(FromWindow::ShowPage(page)),
            // What the server keeps is not changed from here: keys, brokers,
            // where it listens, and which boards it knows.
            FleetRequest::Recall(..)
            | FleetRequest::Forget(_)
            | FleetRequest::Ignore(_)
            | FleetRequest::StopIgnoring(_)
            | FleetRequest::HoldKeys(_)
            | FleetRequest::GiveKeys(..)
            | FleetRequest::ForgetKey(_)
            | FleetRequest::Listen(_)
            | FleetRequest::AddBroker(_)
            | FleetRequest::RemoveBroker(_) => {}
            // For the connection.
            FleetRequest::Reconnect | FleetRequest::End => {}
        }
        if !self.welcomed {
            self.outgoing.clear();
        }
    }

    fn command(&mut self, board: BoardKey, command: Command, reply: Reply) {
        let Command {
            component,
            method,
            params,
            wanted,
            replaceable,
            refusal,
            ..
        } = command;
        if let Some(refusal) = refusal {
            return answer(reply, Outcome::Refused(refusal));
        }
        match component {
            Some(component) if replaceable => {
                let mut change = State::new();
                for (field, value) in params.into_iter().filter(|(field, _)| field != "id") {
                    change = change.with(&field, value);
                }
                if self.welcomed
                    && let Some(wanted) = wanted
                {
                    self.show_wanted(board, &component, &wanted);
                }
                self.ask(board, reply, |request, board| FromWindow::Set {
                    request,
                    board,
                    component: component.to_string(),
                    change: Json(change),
                });
            }
            component => self.ask(board, reply, |request, board| FromWindow::Call {
                request,
                board,
                component: component.map(|component| component.to_string()),
                method,
                params: Json(params),
            }),
        }
    }

    /// Shows a requested state at once, as a fleet of this computer does.
    fn show_wanted(&mut self, board: BoardKey, component: &ComponentKey, change: &State) {
        let Some(view) = self.views.get_mut(&board) else {
            return;
        };
        let at = view
            .components
            .iter()
            .position(|one| one.descriptor.key == *component);
        let Some(at) = at else {
            return;
        };
        let board = Arc::make_mut(view);
        if let Some(component) = board.components.get_mut(at) {
            let component = Arc::make_mut(component);
            let wanted = component.wanted.get_or_insert_default();
            wanted.merge(change);
            component.command = CommandState::Pending {
                since: Instant::now(),
            };
        }
        publish(&self.published, view, ChangeScope::Components, &[at]);
    }

    pub(super) fn say_added(&mut self, request: u64) {
        if let (true, Some((_, address))) = (self.welcomed, self.adding.get(&request)) {
            let address = address.clone();
            self.outgoing.push(FromWindow::Add { request, address });
        }
    }

    /// Sends an image, for an update of a board; or shows why it could not be
    /// read.
    pub fn update(&mut self, board: BoardKey, image: Result<Vec<u8>, String>) {
        let image = image.and_then(|bytes| match u32::try_from(bytes.len()) {
            Ok(size) => Ok((bytes, size)),
            Err(error) => Err(error.to_string()),
        });
        let (bytes, size) = match image {
            Ok(image) => image,
            Err(problem) => {
                if let Some(view) = self.views.get_mut(&board) {
                    let failed = UpdateState::Failed(UpdateProblem::File(problem));
                    Arc::make_mut(view).update = Some(failed);
                    publish(&self.published, view, ChangeScope::Board, &[]);
                }
                return;
            }
        };
        self.say(board, |board| FromWindow::Image(board, size));
        if !self.welcomed {
            return;
        }
        for part in bytes.chunks(IMAGE_PART) {
            self.outgoing.push(FromWindow::ImagePart(part.to_vec()));
        }
    }

    /// Sends what is about a board, if the server knows it.
    pub(super) fn say(&mut self, board: BoardKey, message: impl FnOnce(wire::Board) -> FromWindow) {
        if let (true, Some(number)) = (self.welcomed, self.numbers.get(&board)) {
            self.outgoing.push(message(*number));
        }
    }

    /// Sends a command, whose outcome is awaited.
    fn ask(
        &mut self,
        board: BoardKey,
        reply: Reply,
        message: impl FnOnce(u64, wire::Board) -> FromWindow,
    ) {
        let (true, Some(number)) = (self.welcomed, self.numbers.get(&board)) else {
            return answer(reply, Outcome::NotConnected);
        };
        self.requests += 1;
        self.outgoing.push(message(self.requests, *number));
        self.waiting.insert(self.requests, reply);
    }

    pub(super) fn say_shown(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let number = |board: &BoardKey| self.numbers.get(board).copied();
        let parts = shown.parts.iter().filter_map(|(board, parts)| {
            let parts = parts.iter().map(ToString::to_string).collect();
            Some((number(board)?, parts))
        });
        let shows = Shows {
            boards: shown.boards.iter().filter_map(number).collect(),
            round_trips: shown.round_trips.iter().filter_map(number).collect(),
            parts: parts.collect(),
            log: shown.log,
            news: shown.news,
        };
        self.outgoing.push(FromWindow::Shows(shows));
    }
}
