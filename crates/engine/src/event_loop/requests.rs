//! Carries out what the fleet's users ask.

use address::{Address, Candidates};
use families::Family;
use fleet::{BoardKey, FleetRequest, ImageSource, KnownBoard, Outcome};
use link::{input::Input, state::Now, update::Image};

use super::Engine;
use crate::{board::Board, image};

/// An image that was read, for an update of a board.
pub(super) struct ReadImage {
    board: BoardKey,
    update: u64,
    image: Result<Image, String>,
}

impl Engine {
    pub(super) fn request(&mut self, now: Now, request: FleetRequest) {
        match request {
            FleetRequest::Add(key, address, family) => self.add(now, key, address, family),
            FleetRequest::Recall(key, known) => self.recall(now, key, &known),
            FleetRequest::Connect(key) => self.input(now, key, Input::Connect),
            FleetRequest::RetryNow(key) => self.input(now, key, Input::RetryNow),
            FleetRequest::FollowLog(key, wanted) => {
                self.input(now, key, Input::FollowLog(wanted));
            }
            FleetRequest::FollowPreview(key, wanted) => {
                self.with(now, key, |board, ctx| {
                    board.follow_preview(now, wanted, ctx)
                });
            }
            FleetRequest::Forget(key) => self.forget(now, key),
            FleetRequest::Ignore(id) => self.ignore(now, &id),
            FleetRequest::StopIgnoring(id) => self.stop_ignoring(now, &id),
            FleetRequest::Update(key, update, image) => {
                self.input(now, key, Input::UpdateRequested(update));
                self.read_image(now, key, update, image);
            }
            FleetRequest::CancelUpdate(key) => self.input(now, key, Input::CancelUpdate),
            FleetRequest::Command(key, _, reply) | FleetRequest::Toggle(key, _, _, reply)
                if self.roster.get(key).is_none() =>
            {
                if let Some(reply) = reply {
                    reply(Outcome::NotConnected);
                }
            }
            FleetRequest::Command(key, command, reply) => {
                self.with(now, key, |board, ctx| {
                    board.command(now, command, reply, ctx)
                });
            }
            FleetRequest::Toggle(key, id, component, reply) => {
                self.with(now, key, |board, ctx| {
                    board.toggle(now, id, component, reply, ctx)
                });
            }
            FleetRequest::HoldKeys(keys) => {
                // Keys that were entered meanwhile take precedence.
                let given = self.keys.replace(keys).unwrap_or_default();
                self.keys.get_or_insert_default().extend(&given);
                self.keys_changed(now);
            }
            FleetRequest::GiveKeys(keys, board) => {
                self.keys.get_or_insert_default().extend(&keys);
                self.keys_changed(now);
                if let Some(board) = board {
                    self.input(now, board, Input::RetryNow);
                }
            }
            FleetRequest::ForgetKey(id) => {
                if self.keys.as_mut().is_some_and(|keys| keys.remove(&id)) {
                    self.keys_changed(now);
                }
            }
            FleetRequest::AddBroker(broker) => self.add_broker(broker),
            FleetRequest::RemoveBroker(name) => self.remove_broker(now, &name),
            // The loop handles the first two; the others are for a server.
            FleetRequest::Listen(_)
            | FleetRequest::End
            | FleetRequest::EndSession(_)
            | FleetRequest::Grant(..)
            | FleetRequest::ShowPage(_)
            | FleetRequest::Reconnect => {}
        }
    }

    /// Reads an image on a thread of its own: a disk may be asleep, and this
    /// one does not wait for it.
    fn read_image(&mut self, now: Now, board: BoardKey, update: u64, source: ImageSource) {
        let read_images = self.images.clone();
        let read = move || {
            let image = image::read(source);
            let _ = read_images.send(ReadImage {
                board,
                update,
                image,
            });
        };
        let thread = std::thread::Builder::new().name("image".to_owned());
        if let Err(error) = thread.spawn(read) {
            let problem = format!("could not start a thread to read the image: {error}");
            self.image_read(
                now,
                ReadImage {
                    board,
                    update,
                    image: Err(problem),
                },
            );
        }
    }

    pub(super) fn image_read(&mut self, now: Now, read: ReadImage) {
        let ReadImage {
            board,
            update,
            image,
        } = read;
        self.with(now, board, |board, ctx| {
            board.image_read(now, update, image, ctx)
        });
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
