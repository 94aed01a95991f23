//! The keys of locked boards, for the window. They are loaded, saved and paired
//! on other threads, since a keychain may wait for a person.

use std::{io, sync::mpsc, thread, time::Duration};

use eframe::egui::Context;

use address::Candidates;
use disk::keys::{Forgotten, Loaded, Store, StoreError};
use keys::{Key, Keys};

use fleet::BoardKey;
use pairing::{PairProblem, Pairing, Progress, Wanted};

/// How long the exit waits for keys that are still being saved. A keychain that
/// waits for a person must not block the exit.
const FAREWELL: Duration = Duration::from_secs(5);

/// News about keys.
#[derive(Debug)]
pub(crate) enum KeyNews {
    /// The keychain does not respond at once; the wait ends after this time.
    Waiting(Duration),
    /// These keys were stored.
    Loaded(Keys),
    /// Some could not be loaded, or one not saved.
    Failed(StoreError),
    /// Progress of a pairing.
    Pairing(Progress),
}

/// The window's keys.
pub(crate) struct KeyRing {
    held: Keys,
    store: Store,
    /// Changes to be saved, in order, and a channel that closes when the saving
    /// thread has ended. The thread ends when the sender is dropped.
    changes: Option<(mpsc::Sender<Change>, mpsc::Receiver<()>)>,
    told: (mpsc::Sender<RingMessage>, mpsc::Receiver<RingMessage>),
    /// The number of the newest pairing; messages of older ones are ignored.
    pairings: u64,
    pairing: Option<Pairing>,
}

enum Change {
    Add(Keys),
    Forget(String),
    /// Load the keys again.
    Load,
}

enum RingMessage {
    Store(KeyNews),
    Pairing(u64, Progress),
}

impl Default for KeyRing {
    /// No keys, and nowhere to save any.
    fn default() -> Self {
        Self {
            held: Keys::default(),
            store: Store::nowhere(),
            changes: None,
            told: mpsc::channel(),
            pairings: 0,
            pairing: None,
        }
    }
}

impl KeyRing {
    /// Starts to load the keys.
    pub(crate) fn load(store: Store, ctx: &Context) -> Self {
        let mut ring = Self::default();
        ring.store = store.clone();
        let (changes, wanted) = mpsc::channel();
        let (tell, ctx) = (ring.told.0.clone(), ctx.clone());
        let (ends, ended) = mpsc::channel::<()>();
        let run = move || {
            let _ends = ends;
            let tell = move |news| {
                // The receiver is gone once the window is closed.
                let _ = tell.send(RingMessage::Store(news));
                ctx.request_repaint();
            };
            let store = store.telling({
                let tell = tell.clone();
                move |left| tell(KeyNews::Waiting(left))
            });
            let load = || {
                let Loaded { keys, problem } = store.load();
                tell(KeyNews::Loaded(keys));
                problem
                    .into_iter()
                    .for_each(|problem| tell(KeyNews::Failed(problem)));
            };
            load();
            while let Ok(change) = wanted.recv() {
                let done = match change {
                    Change::Add(keys) => store.add(keys),
                    Change::Forget(board) => match store.remove(&board) {
                        Ok(Forgotten::Deleted) => Ok(()),
                        Ok(Forgotten::Stays(problem)) | Err(problem) => Err(problem),
                    },
                    Change::Load => {
                        load();
                        Ok(())
                    }
                };
                if let Err(problem) = done {
                    tell(KeyNews::Failed(problem));
                }
            }
        };
        match thread::Builder::new().name("keys".to_owned()).spawn(run) {
            Ok(_) => ring.changes = Some((changes, ended)),
            Err(error) => {
                // Do not let anything wait for keys that never arrive.
                let _ = ring
                    .told
                    .0
                    .send(RingMessage::Store(KeyNews::Loaded(Keys::default())));
                let problem = StoreError::Keychain(format!("could not start a thread: {error}"));
                let _ = ring
                    .told
                    .0
                    .send(RingMessage::Store(KeyNews::Failed(problem)));
            }
        }
        ring
    }

    /// Where keys are saved.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn held(&self) -> &Keys {
        &self.held
    }

    /// The next news, if there is any.
    pub(crate) fn news(&mut self) -> Option<KeyNews> {
        loop {
            match self.told.1.try_recv().ok()? {
                RingMessage::Store(KeyNews::Loaded(mut keys)) => {
                    keys.extend(&self.held);
                    self.held = keys.clone();
                    return Some(KeyNews::Loaded(keys));
                }
                RingMessage::Store(news) => return Some(news),
                // Its key is stored, even if the dialog is gone.
                RingMessage::Pairing(
                    _,
                    progress @ (Progress::Paired(_) | Progress::Failed(PairProblem::Unclear(_))),
                ) => {
                    return Some(KeyNews::Pairing(progress));
                }
                RingMessage::Pairing(number, progress)
                    if number == self.pairings && self.pairing.is_some() =>
                {
                    return Some(KeyNews::Pairing(progress));
                }
                RingMessage::Pairing(..) => {}
            }
        }
    }

    /// Adds a key or a password and saves it.
    pub(crate) fn keep(&mut self, keys: Keys, ctx: &Context) {
        self.held.extend(&keys);
        self.change(Change::Add(keys), ctx);
    }

    /// Removes and deletes the key or the password of this board.
    pub(crate) fn forget(&mut self, board: String, ctx: &Context) {
        self.held.remove(&board);
        self.change(Change::Forget(board), ctx);
    }

    /// Loads the keys again: the keychain may have been unlocked.
    pub(crate) fn load_again(&self, ctx: &Context) {
        self.change(Change::Load, ctx);
    }

    fn change(&self, change: Change, ctx: &Context) {
        if let Some((changes, _)) = &self.changes {
            // The thread has ended only if it panicked.
            let _ = changes.send(change);
        }
        ctx.request_repaint();
    }

    /// Adds a key that is already stored.
    pub(crate) fn hold_stored(&mut self, key: Key) {
        self.held.insert(key);
    }

    /// Pairs with the board of this id at one of these addresses. The new key
    /// replaces an existing one only if `replace` is set.
    ///
    /// # Errors
    /// When the pairing cannot be started.
    pub(crate) fn pair(
        &mut self,
        board: BoardKey,
        addresses: &Candidates,
        id: Option<&str>,
        replace: bool,
        ctx: &Context,
    ) -> io::Result<()> {
        log::debug!(
            "pairs with board {} at {}",
            board.0,
            addresses.texts().join(", ")
        );
        self.pairings += 1;
        let (number, tell, ctx) = (self.pairings, self.told.0.clone(), ctx.clone());
        let wanted = Wanted {
            addresses: addresses.clone(),
            board: id.map(str::to_owned),
            store: self.store.clone(),
            replace,
        };
        let pairing = Pairing::begin(wanted, move |progress| {
            // The receiver is gone once the window is closed.
            let _ = tell.send(RingMessage::Pairing(number, progress));
            ctx.request_repaint();
        })?;
        self.pairing = Some(pairing);
        Ok(())
    }

    /// The board shows the same code.
    pub(crate) fn codes_match(&self) {
        if let Some(pairing) = &self.pairing {
            pairing.codes_match();
        }
    }

    /// Abandons the pairing.
    pub(crate) fn stop_pairing(&mut self) {
        self.pairing = None;
    }
}

impl Drop for KeyRing {
    fn drop(&mut self) {
        if let Some((changes, ended)) = self.changes.take() {
            drop(changes);
            // Nothing is ever sent; the channel closes when the thread ends.
            let _ = ended.recv_timeout(FAREWELL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Condvar, Mutex};

    use super::*;
    use disk::keys::Vault;

    /// A keychain that answers once it is unlocked.
    #[derive(Default)]
    struct Locked(Mutex<bool>, Condvar);

    impl Vault for Locked {
        fn read(&self) -> Result<Option<Keys>, StoreError> {
            let guard = self.0.lock().expect("no test fails while it holds it");
            drop(
                self.1
                    .wait_while(guard, |unlocked| !*unlocked)
                    .expect("as above"),
            );
            Ok(Some(Keys::default()))
        }

        fn write(&self, _: &Keys) -> Result<bool, StoreError> {
            Ok(true)
        }
    }

    #[test]
    fn the_window_is_told_that_the_keychain_is_waited_for_and_then_what_it_has() {
        let vault = Arc::new(Locked::default());
        let folder =
            std::env::temp_dir().join(format!("switchboard-key-ring-{}", std::process::id()));
        let store = Store::with(vault.clone(), folder.clone(), Duration::from_secs(30));
        let mut ring = KeyRing::load(store, &Context::default());
        let mut next = || {
            let end = web_time::Instant::now() + Duration::from_secs(10);
            loop {
                if let Some(news) = ring.news() {
                    return news;
                }
                assert!(web_time::Instant::now() < end, "nothing is told");
                thread::sleep(Duration::from_millis(5));
            }
        };
        assert!(matches!(next(), KeyNews::Waiting(left) if left > Duration::from_secs(20)));
        *vault.0.lock().expect("as above") = true;
        vault.1.notify_all();
        assert!(matches!(next(), KeyNews::Loaded(_)));
        let _ = std::fs::remove_dir_all(&folder);
    }
}
