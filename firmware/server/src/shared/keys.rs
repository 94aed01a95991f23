//! Keys of a locked board: handshakes that prove one, and pairing.

use core::{net::IpAddr, time::Duration};

use board::{Hardware, PairingId, PairingState};
use noise::{Hello, Key, KeyId, Psk, Role};
use protocol::{Level, RpcError};

use super::Shared;
use crate::clock::Clock;

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Whether the board serves only clients that have a key.
    pub fn is_locked(&self) -> bool {
        self.inner.borrow().board.is_locked()
    }

    /// Waits until the board is locked: an open board's side channels end then.
    pub(crate) async fn until_locked(&self) {
        self.watch(|inner| inner.board.is_locked()).await;
    }

    /// Whether the board has this key.
    pub fn has_key(&self, kid: KeyId) -> bool {
        self.psk(kid).is_some()
    }

    /// Adds a key at the board: see [`Core::add_key`](board::Core::add_key).
    ///
    /// # Errors
    /// As [`Core::add_key`](board::Core::add_key).
    pub fn add_key(&self, name: &str, role: Role) -> Result<Key, RpcError> {
        self.with(|board, now| board.add_key(now, name, role))
    }

    /// Opens pairing at the board: see
    /// [`Core::open_pairing`](board::Core::open_pairing).
    pub fn open_pairing(&self) {
        self.with(|board, now| board.open_pairing(now));
    }

    pub(crate) fn random<const N: usize>(&self) -> Option<[u8; N]> {
        self.with(|board, _| board.random())
    }

    pub(crate) fn hello(&self) -> Option<Hello> {
        self.with(|board, _| board.greeting())
    }

    pub(crate) fn psk(&self, kid: KeyId) -> Option<Psk> {
        self.inner.borrow().board.psk(kid)
    }

    /// The role of a key; `None` if the board lacks this key.
    pub(crate) fn role(&self, kid: KeyId) -> Option<Role> {
        self.inner.borrow().board.role(kid)
    }

    /// A client used a wrong key; returns how long the refusal has to wait.
    pub(crate) fn wrong_key(&self, kid: KeyId) -> Duration {
        let delay = self.inner.borrow_mut().handshakes.failed(self.clock.now());
        self.log(
            Level::Warn,
            format_args!("a client tried a wrong key ({kid})"),
        );
        delay
    }

    /// Waits until no other handshake of this key is in progress; the next one
    /// waits until the guard is dropped.
    pub(crate) async fn begin_handshake(&self, kid: KeyId) -> HandshakeGuard<'_, H, C> {
        loop {
            if self.inner.borrow_mut().handshakes.begin(kid) {
                return HandshakeGuard { shared: self, kid };
            }
            self.watch(|inner| inner.handshakes.is_free(kid)).await;
        }
    }

    /// Whether a controller may request a key now.
    pub(crate) fn check_pairing(&self) -> Result<(), RpcError> {
        self.inner.borrow().board.check_pairing()
    }

    /// A controller at this address requests a key; dropping the guard
    /// withdraws the request.
    pub(crate) fn request_pairing(
        &self,
        from: IpAddr,
    ) -> Result<PairingRequest<'_, H, C>, RpcError> {
        let id = self.with(|board, now| board.request_pairing(now, from))?;
        Ok(PairingRequest { shared: self, id })
    }
}

/// The handshake of a key in progress.
pub(crate) struct HandshakeGuard<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    kid: KeyId,
}

impl<H: Hardware, C: Clock> Drop for HandshakeGuard<'_, H, C> {
    fn drop(&mut self) {
        let mut inner = self.shared.inner.borrow_mut();
        inner.handshakes.end(self.kid);
        inner.wake_watchers();
    }
}

/// A controller's request for a key.
pub(crate) struct PairingRequest<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    id: PairingId,
}

impl<H: Hardware, C: Clock> PairingRequest<'_, H, C> {
    /// Waits until it is this controller's turn, or pairing has ended.
    pub(crate) async fn turn(&self) -> PairingState {
        self.until(|turn| turn != PairingState::Queued).await
    }

    /// Waits until the code was confirmed at the board, or pairing has ended.
    pub(crate) async fn outcome(&self) -> PairingState {
        self.until(|turn| matches!(turn, PairingState::Confirmed | PairingState::Over))
            .await
    }

    /// Waits until pairing has ended.
    pub(crate) async fn over(&self) {
        self.until(|turn| turn == PairingState::Over).await;
    }

    async fn until(&self, done: impl Fn(PairingState) -> bool) -> PairingState {
        self.shared
            .watch(|inner| done(inner.board.pairing_state(self.id)))
            .await;
        self.shared.inner.borrow().board.pairing_state(self.id)
    }

    pub(crate) fn show_code(&self, code: noise::Code) {
        self.shared
            .with(|board, now| board.show_pairing_code(now, self.id, code));
    }

    pub(crate) fn take_key(&self) -> Result<Key, RpcError> {
        self.shared
            .with(|board, now| board.take_paired_key(now, self.id))
    }
}

impl<H: Hardware, C: Clock> Drop for PairingRequest<'_, H, C> {
    fn drop(&mut self) {
        self.shared
            .with(|board, now| board.cancel_pairing(now, self.id));
    }
}
