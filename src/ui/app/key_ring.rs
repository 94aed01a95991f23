//! The keys of locked boards, for the window: loaded, saved and asked for on
//! other threads, since a keychain may wait for a person.

use std::{io, sync::mpsc, thread, time::Duration};

use eframe::egui::Context;

use crate::{
    address::Candidates,
    fleet::BoardKey,
    keys::{Forgotten, Key, Keys, Loaded, Store, StoreError},
    pairing::{PairProblem, Pairing, Progress, Wanted},
};

/// At the end so long is waited for what is still to be saved: a keychain that
/// asks its person something does not hold the end up.
const FAREWELL: Duration = Duration::from_secs(5);

/// What came of something.
#[derive(Debug)]
pub(crate) enum KeyNews {
    /// A keychain does not answer at once; it is going to be waited for so
    /// long.
    Waiting(Duration),
    /// These keys there were.
    Loaded(Keys),
    /// Not all could be loaded, or one not saved.
    Failed(StoreError),
    /// How a pairing goes on.
    Pairing(Progress),
}

/// The window's keys.
pub(crate) struct KeyRing {
    held: Keys,
    store: Store,
    /// Changes to be saved, in their order, and what ends with the thread that
    /// saves them, which ends with the sender.
    changes: Option<(mpsc::Sender<Change>, mpsc::Receiver<()>)>,
    told: (mpsc::Sender<RingMessage>, mpsc::Receiver<RingMessage>),
    /// The number of the newest pairing: what an older one tells is not heard.
    pairings: u64,
    pairing: Option<Pairing>,
}

enum Change {
    Add(Key),
    Forget(String),
    /// They are loaded once more.
    Load,
}

enum RingMessage {
    Store(KeyNews),
    Pairing(u64, Progress),
}

impl Default for KeyRing {
    /// None, and nowhere to save any.
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
    /// Begins to load.
    pub(crate) fn load(store: Store, ctx: &Context) -> Self {
        let mut ring = Self::default();
        ring.store = store.clone();
        let (changes, wanted) = mpsc::channel();
        let (tell, ctx) = (ring.told.0.clone(), ctx.clone());
        let (ends, ended) = mpsc::channel::<()>();
        let run = move || {
            let _ends = ends;
            let tell = move |news| {
                // The window may be gone.
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
                    Change::Add(key) => store.add(key),
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
                // Nobody waits for keys that never come.
                let _ = ring
                    .told
                    .0
                    .send(RingMessage::Store(KeyNews::Loaded(Keys::default())));
                let problem = StoreError::Keychain(format!("no thread: {error}"));
                let _ = ring
                    .told
                    .0
                    .send(RingMessage::Store(KeyNews::Failed(problem)));
            }
        }
        ring
    }

    pub(crate) fn held(&self) -> &Keys {
        &self.held
    }

    /// What came of something since.
    pub(crate) fn news(&mut self) -> Option<KeyNews> {
        loop {
            match self.told.1.try_recv().ok()? {
                RingMessage::Store(KeyNews::Loaded(mut keys)) => {
                    self.held.iter().for_each(|key| keys.insert(key.clone()));
                    self.held = keys.clone();
                    return Some(KeyNews::Loaded(keys));
                }
                RingMessage::Store(news) => return Some(news),
                // Its key is stored, whether or not something waits for it.
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

    /// Holds a key from now on, and saves it.
    pub(crate) fn keep(&mut self, key: Key, ctx: &Context) {
        self.held.insert(key.clone());
        self.change(Change::Add(key), ctx);
    }

    /// Holds no key for this board any more, and deletes it.
    pub(crate) fn forget(&mut self, board: String, ctx: &Context) {
        self.held.remove(&board);
        self.change(Change::Forget(board), ctx);
    }

    /// Loads the keys once more: a keychain may have been unlocked.
    pub(crate) fn load_again(&self, ctx: &Context) {
        self.change(Change::Load, ctx);
    }

    fn change(&self, change: Change, ctx: &Context) {
        if let Some((changes, _)) = &self.changes {
            // The thread ends before this only where it panicked.
            let _ = changes.send(change);
        }
        ctx.request_repaint();
    }

    /// Holds a key that is stored already.
    pub(crate) fn hold_stored(&mut self, key: Key) {
        self.held.insert(key);
    }

    /// DialogKind the board of this id at one of these addresses for a key,
    /// which is stored instead of another where `replace` says so.
    ///
    /// # Errors
    /// Where that cannot even be begun.
    pub(crate) fn pair(
        &mut self,
        board: BoardKey,
        addresses: &Candidates,
        id: Option<String>,
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
            board: id,
            store: self.store.clone(),
            replace,
        };
        let pairing = Pairing::begin(wanted, move |progress| {
            // The window may be gone.
            let _ = tell.send(RingMessage::Pairing(number, progress));
            ctx.request_repaint();
        })?;
        self.pairing = Some(pairing);
        Ok(())
    }

    /// The person says that the board shows the same code.
    pub(crate) fn codes_match(&self) {
        if let Some(pairing) = &self.pairing {
            pairing.codes_match();
        }
    }

    /// Nobody waits for a key any more.
    pub(crate) fn stop_pairing(&mut self) {
        self.pairing = None;
    }
}

impl Drop for KeyRing {
    fn drop(&mut self) {
        if let Some((changes, ended)) = self.changes.take() {
            drop(changes);
            // Nothing is ever sent: it comes to an end with the thread.
            let _ = ended.recv_timeout(FAREWELL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Condvar, Mutex};

    use super::*;
    use crate::keys::Vault;

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
            let end = std::time::Instant::now() + Duration::from_secs(10);
            loop {
                if let Some(news) = ring.news() {
                    return news;
                }
                assert!(std::time::Instant::now() < end, "nothing is told");
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
