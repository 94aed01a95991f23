//! What a window asks, carried out as far as it may.

use std::{collections::BTreeSet, sync::Arc};

use fleet::{BoardKey, BoardView, ImageSource, Outcome, Reply, Shown, Trigger, Urgency};
use protocol::{Code, ComponentKey, LogFilter, RpcError, method};

use super::{Session, lock};
use crate::{
    Refusal,
    wire::{FromServer, FromWindow, Json, Shows, decode, event::level},
};

/// What only those who manage the server may call, also if they were granted
/// control: it would outlast their session.
const MANAGED: [&str; 7] = [
    method::DEVICE_FACTORY_RESET,
    method::KEYS_ADD,
    method::KEYS_REMOVE,
    method::OTA_BEGIN,
    method::OTA_WRITE,
    method::OTA_COMMIT,
    method::OUTBOUND_SET,
];

impl Session {
    /// Takes a message of the window.
    ///
    /// # Errors
    /// It is no message of a window: the session must end with this.
    pub fn receive(&mut self, message: &[u8]) -> Result<(), Refusal> {
        let message: FromWindow = decode(message).map_err(|_| Refusal::NotAMessage)?;
        match message {
            FromWindow::Hello(_) => return Err(Refusal::NotAMessage),
            FromWindow::Shows(shows) => self.shows(shows)?,
            FromWindow::Set {
                request,
                board,
                component,
                change,
            } => {
                let (board, component) = (BoardKey(board), key(&component)?);
                let reply = self.reply(request);
                if let Some(reply) = self.allowed(board, Some(&component), None, reply) {
                    self.hub.fleet().set(board, &component, change.0, reply);
                }
            }
            FromWindow::Toggle {
                request,
                board,
                component,
            } => {
                let (board, component) = (BoardKey(board), key(&component)?);
                let reply = self.reply(request);
                if let Some(reply) = self.allowed(board, Some(&component), None, reply) {
                    self.hub.fleet().toggle(board, &component, reply);
                }
            }
            FromWindow::Call {
                request,
                board,
                component,
                method,
                params,
            } => {
                let board = BoardKey(board);
                let component = component.as_deref().map(key).transpose()?;
                let reply = self.reply(request);
                let allowed = self.allowed(board, component.as_ref(), Some(&method), reply);
                if let Some(reply) = allowed {
                    self.call(board, component, &method, params, reply);
                }
            }
            FromWindow::Add { request, address } => self.add(request, &address),
            FromWindow::Connect(board) if self.controls() => {
                self.hub.fleet().connect(BoardKey(board));
            }
            FromWindow::RetryNow(board) if self.controls() => {
                self.hub.fleet().retry_now(BoardKey(board));
            }
            FromWindow::CancelUpdate(board) if self.manages() => {
                self.hub.fleet().cancel_update(BoardKey(board));
            }
            FromWindow::FollowLog(board, wanted) => {
                let wanted = match wanted {
                    Some(number) => LogFilter::UpTo(level(number).ok_or(Refusal::NotAMessage)?),
                    None => LogFilter::Off,
                };
                self.hub.follow_log(self.number, BoardKey(board), wanted);
            }
            FromWindow::FollowPreview(board, wanted) => {
                self.hub
                    .follow_preview(self.number, BoardKey(board), wanted);
            }
            FromWindow::FollowFrames(board, wanted) => self.follow_frames(BoardKey(board), wanted),
            FromWindow::Image(board, size)
                if self.manages() && u64::from(size) <= ImageSource::LARGEST =>
            {
                self.image = Some((BoardKey(board), size, Vec::new()));
            }
            FromWindow::ImagePart(part) => self.image_part(&part)?,
            FromWindow::EndSession(number) if self.manages() => {
                self.hub.end(number, Refusal::Ended);
            }
            FromWindow::Grant(number, control) if self.manages() => {
                self.hub.grant(number, control);
            }
            FromWindow::ShowPage(page) if self.manages() => {
                self.hub.show_page(self.number, &page);
            }
            // A window offers none of these without the permission.
            FromWindow::Connect(_)
            | FromWindow::RetryNow(_)
            | FromWindow::CancelUpdate(_)
            | FromWindow::Image(..)
            | FromWindow::EndSession(_)
            | FromWindow::Grant(..)
            | FromWindow::ShowPage(_) => {
                log::info!("session {}: not allowed", self.number);
            }
        }
        Ok(())
    }

    /// What the window shows from now on.
    fn shows(&mut self, shows: Shows) -> Result<(), Refusal> {
        let boards = |boards: Vec<u32>| boards.into_iter().map(BoardKey).collect::<BTreeSet<_>>();
        let parts = shows.parts.into_iter().map(|(board, parts)| {
            let keys: Result<Vec<_>, _> = parts.iter().map(|part| key(part)).collect();
            Ok((BoardKey(board), keys?))
        });
        let shown = Shown {
            boards: boards(shows.boards),
            round_trips: boards(shows.round_trips),
            parts: parts.collect::<Result<_, Refusal>>()?,
            log: shows.log,
            news: shows.news,
        };
        // What was not sent while it was not shown.
        let begins = shown.boards.iter().chain(shown.parts.keys());
        let begins = begins.chain(&shown.round_trips).filter(|board| {
            let had = self.shown.boards.contains(board) || self.shown.round_trips.contains(board);
            !had || !self.sent.has_past(**board)
        });
        for board in begins.copied().collect::<BTreeSet<BoardKey>>() {
            self.add_board(board);
        }
        self.watch.shows(shown.clone());
        self.shown = shown;
        (self.wake)(Urgency::Prompt);
        Ok(())
    }

    /// Calls a method, or what stands for it.
    fn call(
        &self,
        board: BoardKey,
        component: Option<ComponentKey>,
        method: &str,
        params: Json<protocol::Object>,
        reply: Reply,
    ) {
        let fleet = self.hub.fleet();
        match component {
            Some(component) if method == method::BUTTON_PRESS => {
                fleet.press(board, &component, reply);
            }
            Some(component) if let Some(trigger) = Trigger::of(method) => {
                fleet.trigger(board, &component, trigger, reply);
            }
            _ => fleet.call(board, method, params.0, reply),
        }
    }

    fn add(&mut self, request: u64, address: &str) {
        let added = match self.controls() {
            true => self
                .hub
                .fleet()
                .add_address(address)
                .map_err(|error| error.to_string()),
            false => Err(view_only().message),
        };
        let added = added.map(|board| board.0);
        self.added.push(FromServer::Added(request, added));
        (self.wake)(Urgency::Prompt);
    }

    fn follow_frames(&mut self, board: BoardKey, wanted: bool) {
        if !wanted {
            self.sent.following.remove(&board);
            return;
        }
        let Some(view) = self.hub.fleet().board(board) else {
            return;
        };
        let following = view.frames.follow();
        self.sent.following.insert(board, (following, 0));
        self.add_board(board);
        (self.wake)(Urgency::Prompt);
    }

    fn image_part(&mut self, part: &[u8]) -> Result<(), Refusal> {
        // What follows an image that was not allowed.
        let Some((board, size, mut bytes)) = self.image.take() else {
            return Ok(());
        };
        bytes.extend_from_slice(part);
        match bytes
            .len()
            .cmp(&usize::try_from(size).unwrap_or(usize::MAX))
        {
            std::cmp::Ordering::Less => self.image = Some((board, size, bytes)),
            std::cmp::Ordering::Equal => {
                self.hub.fleet().update(board, ImageSource::Bytes(bytes));
            }
            std::cmp::Ordering::Greater => return Err(Refusal::NotAMessage),
        }
        Ok(())
    }

    /// The reply of a command, if the session may give it; it is refused
    /// otherwise.
    fn allowed(
        &self,
        board: BoardKey,
        component: Option<&ComponentKey>,
        method: Option<&str>,
        reply: Reply,
    ) -> Option<Reply> {
        let (controls, manages) = self.hub.access(self.number);
        let managed = method.is_some_and(|method| MANAGED.contains(&method));
        if !controls || (managed && !manages) {
            if let Some(reply) = reply {
                reply(Outcome::Refused(match controls {
                    false => view_only(),
                    true => forbidden("only someone who manages the server may do this"),
                }));
            }
            return None;
        }
        // What does not exist cannot change, and would be remembered for ever.
        let exists = |view: &Arc<BoardView>| {
            component.is_none_or(|component| view.component(component).is_some())
        };
        if self.hub.fleet().board(board).as_ref().is_some_and(exists) {
            let (name, at) = (self.hub.name(self.number), self.hub.fleet().clock().now());
            let acts = &mut self.hub.lock().acts;
            acts.add(board, component.cloned(), self.number, &name, at);
        }
        Some(reply)
    }

    fn reply(&self, request: u64) -> Reply {
        let (answers, wake) = (Arc::clone(&self.answers), Arc::clone(&self.wake));
        Some(Box::new(move |outcome| {
            lock(&answers).push_back((request, outcome));
            wake(Urgency::Prompt);
        }))
    }

    fn controls(&self) -> bool {
        self.hub.access(self.number).0
    }

    fn manages(&self) -> bool {
        self.hub.access(self.number).1
    }
}

fn key(text: &str) -> Result<ComponentKey, Refusal> {
    text.parse().map_err(|_| Refusal::NotAMessage)
}

fn view_only() -> RpcError {
    forbidden("this window may only view: ask the person who runs the server for control")
}

fn forbidden(message: &str) -> RpcError {
    RpcError::new(Code::Forbidden, "view_only", message.to_owned())
}
