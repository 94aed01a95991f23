//! What the engine is told to do, by the fleet's users.

use std::net::SocketAddr;

use address::{Address, Candidates};
use families::Family;
use keys::Keys;
use link::{
    commands::{Command, CommandId},
    input::Input,
    state::Now,
    update::Image,
};
use protocol::{ComponentKey, LogFilter};

use super::Engine;
use crate::{BoardKey, KnownBoard, Outcome, Reply, board::Board, brokers::Broker};

/// What the engine is told to do.
pub(crate) enum EngineCommand {
    Add(BoardKey, Address, Option<Family>),
    Recall(BoardKey, KnownBoard),
    Connect(BoardKey),
    Forget(BoardKey),
    Ignore(String),
    StopIgnoring(String),
    RetryNow(BoardKey),
    FollowLog(BoardKey, LogFilter),
    FollowPreview(BoardKey, bool),
    Command(BoardKey, Command, Reply),
    Toggle(BoardKey, CommandId, ComponentKey, Reply),
    Update(BoardKey, u64),
    ImageRead(BoardKey, u64, Result<Image, String>),
    CancelUpdate(BoardKey),
    HoldKeys(Keys),
    /// Keys, and the board that is to be connected to now.
    GiveKeys(Keys, Option<BoardKey>),
    ForgetKey(String),
    Listen(Option<SocketAddr>),
    AddBroker(Broker),
    RemoveBroker(String),
    End,
}

impl Engine {
    pub(super) fn command(&mut self, now: Now, command: EngineCommand) {
        match command {
            EngineCommand::Add(key, address, family) => self.add(now, key, address, family),
            EngineCommand::Recall(key, known) => self.recall(now, key, &known),
            EngineCommand::Connect(key) => self.input(now, key, Input::Connect),
            EngineCommand::RetryNow(key) => self.input(now, key, Input::RetryNow),
            EngineCommand::FollowLog(key, wanted) => {
                self.input(now, key, Input::FollowLog(wanted));
            }
            EngineCommand::FollowPreview(key, wanted) => {
                self.with(now, key, |board, ctx| {
                    board.follow_preview(now, wanted, ctx)
                });
            }
            EngineCommand::Forget(key) => self.forget(now, key),
            EngineCommand::Ignore(id) => self.ignore(now, &id),
            EngineCommand::StopIgnoring(id) => self.stop_ignoring(now, &id),
            EngineCommand::Update(key, update) => {
                self.input(now, key, Input::UpdateRequested(update));
            }
            EngineCommand::ImageRead(key, update, image) => {
                self.with(now, key, |board, ctx| {
                    board.image_read(now, update, image, ctx)
                });
            }
            EngineCommand::CancelUpdate(key) => self.input(now, key, Input::CancelUpdate),
            EngineCommand::Command(key, _, reply) | EngineCommand::Toggle(key, _, _, reply)
                if self.roster.get(key).is_none() =>
            {
                if let Some(reply) = reply {
                    reply(Outcome::NotConnected);
                }
            }
            EngineCommand::Command(key, command, reply) => {
                self.with(now, key, |board, ctx| {
                    board.command(now, command, reply, ctx)
                });
            }
            EngineCommand::Toggle(key, id, component, reply) => {
                self.with(now, key, |board, ctx| {
                    board.toggle(now, id, component, reply, ctx)
                });
            }
            EngineCommand::HoldKeys(keys) => {
                // Keys that were entered meanwhile take precedence.
                let given = self.keys.replace(keys).unwrap_or_default();
                self.keys.get_or_insert_default().extend(&given);
                self.keys_changed(now);
            }
            EngineCommand::GiveKeys(keys, board) => {
                self.keys.get_or_insert_default().extend(&keys);
                self.keys_changed(now);
                if let Some(board) = board {
                    self.input(now, board, Input::RetryNow);
                }
            }
            EngineCommand::ForgetKey(id) => {
                if self.keys.as_mut().is_some_and(|keys| keys.remove(&id)) {
                    self.keys_changed(now);
                }
            }
            EngineCommand::AddBroker(broker) => self.add_broker(broker),
            EngineCommand::RemoveBroker(name) => self.remove_broker(now, &name),
            // Handled by the loop.
            EngineCommand::Listen(_) | EngineCommand::End => {}
        }
    }

    fn keys_changed(&mut self, now: Now) {
        self.broker_keys();
        for key in self.roster.keys() {
            let keys = self.keys.clone().unwrap_or_default();
            self.with(now, key, |board, ctx| board.set_keys(now, keys, ctx));
        }
    }

    /// Adds a board, or another address of one that is known.
    fn add(&mut self, now: Now, key: BoardKey, address: Address, family: Option<Family>) {
        if self.roster.get(key).is_none() {
            self.insert(now, key, Candidates::given(address.clone()), true);
        }
        self.roster.add_address(key, &address.to_string());
        if let Some(family) = family {
            self.input(now, key, Input::Family(family));
        }
        self.with(now, key, |board, ctx| {
            board.typed_address(now, address, ctx)
        });
        self.input(now, key, Input::Connect);
    }

    /// Adds a board that an earlier run knew, unless this run knows it already.
    fn recall(&mut self, now: Now, key: BoardKey, known: &KnownBoard) {
        let exists = known
            .id
            .as_ref()
            .is_some_and(|id| self.ignored.is_foreign(id) || self.roster.with_id(id).is_some());
        // A board of a broker is found there again; the broker's address is not
        // that of a board.
        let is_brokered = known.family.is_brokered() || self.brokers.is_at(&known.address);
        if exists || is_brokered || self.roster.at(&known.address).is_some() {
            return;
        }
        let Ok(address) = known.address.parse::<Address>() else {
            return;
        };
        // A typed address counts as before; one that was found is used only if
        // an announcement of it would be.
        let addresses = match known.by_hand {
            _ if !known.announced.is_empty() => known.announced.clone(),
            true => Candidates::given(address),
            false => Candidates::remembered(address),
        };
        let seed = self.seed(key);
        let keys = self.keys.clone();
        let mut board = Board::new(now, key, addresses.clone(), known.by_hand, seed, keys);
        board.recall(now, known);
        self.enter(now, key, board);
        if let Some(id) = &known.id {
            self.roster.identify(key, id);
        }
        self.roster.add_address(key, &known.address);
        self.input(now, key, Input::Addresses(addresses));
        self.input(now, key, Input::Connect);
    }

    pub(super) fn forget(&mut self, now: Now, key: BoardKey) {
        self.input(now, key, Input::Disconnect);
        if let Some(board) = self.roster.remove(key) {
            self.removed(*board);
        }
        self.context.live_ids.forget(key);
        self.context.published.forget(key);
    }
}
