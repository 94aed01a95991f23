//! A board under test. Its entry points can be used directly: each one goes
//! through [`Board::handle`], whose effects are checked and collected.

use std::{fmt, net::IpAddr, ops::Deref, time::Duration};

use noise::{Code, Hello, Key, KeyId, Role};
use protocol::{ComponentKey, Epoch, Level, RpcError, Source, State};
use switchboard_board::{
    Board, ClientId, Core, Effects, Origin, OutboundAttempt, Outgoing, PairingId, Plan, PlanError,
    Retained, SideChannelKind, Unread, Unsaved,
};

use crate::test_hardware::TestHardware;

pub(crate) struct TestBoard {
    board: Board<TestHardware>,
    effects: Effects,
}

impl Deref for TestBoard {
    type Target = Board<TestHardware>;

    fn deref(&self) -> &Board<TestHardware> {
        &self.board
    }
}

impl TestBoard {
    pub(crate) fn new(
        plan: Plan,
        retained: &[Retained],
        epoch: Epoch,
        hardware: TestHardware,
    ) -> Result<Self, PlanError> {
        Ok(Self {
            board: Board::new(plan, retained, epoch, hardware)?,
            effects: Effects::default(),
        })
    }

    /// The effects since this was last called.
    pub(crate) fn take_effects(&mut self) -> Effects {
        core::mem::take(&mut self.effects)
    }

    pub(crate) fn discard_effects(&mut self) {
        self.effects = Effects::default();
    }

    fn handle<R>(&mut self, run: impl FnOnce(&mut Core<TestHardware>) -> R) -> R {
        let before = self.announced();
        let (result, effects) = self.board.handle(run);
        assert_eq!(effects.announcement, self.announced() != before);
        assert_eq!(effects.next_deadline, self.board.next_deadline());
        assert_eq!(effects.unsaved, self.board.has_unsaved());
        self.effects = Effects {
            outgoing: self.effects.outgoing | effects.outgoing,
            announcement: self.effects.announcement | effects.announcement,
            closed: self.effects.closed | effects.closed,
            outbound: self.effects.outbound | effects.outbound,
            pairing: self.effects.pairing | effects.pairing,
            unread: self.effects.unread | effects.unread,
            ..effects
        };
        result
    }

    fn announced(&self) -> (String, bool) {
        (self.board.name().to_owned(), self.board.is_locked())
    }

    pub(crate) fn hardware_mut(&mut self) -> &mut TestHardware {
        self.board.hardware_mut()
    }

    pub(crate) fn random<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.handle(|board| board.random())
    }

    pub(crate) fn read_telemetry(&mut self, id: ClientId) -> Option<Vec<u8>> {
        self.handle(|board| board.read_telemetry(id).map(<[u8]>::to_vec))
    }
}

macro_rules! entry_points {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        impl TestBoard {
            $(pub(crate) fn $name(&mut self, $($argument: $type),*) $(-> $result)? {
                self.handle(|board| board.$name($($argument),*))
            })*
        }
    };
}

entry_points! {
    fn add_key(now: Duration, name: &str, role: Role) -> Result<Key, RpcError>;
    fn telemetry_header(now: Duration) -> Option<String>;
    fn request_pairing(now: Duration, from: IpAddr) -> Result<PairingId, RpcError>;
    fn begin_outbound(now: Duration) -> Option<OutboundAttempt>;
    fn call(now: Duration, text: &str) -> Option<String>;
    fn outbound_connected(now: Duration, number: u32, client: ClientId);
    fn outbound_ended(now: Duration, number: u32, why: &str);
    fn close_side_channel(id: ClientId);
    fn set_origin(id: ClientId, origin: Origin);
    fn connect(now: Duration) -> Result<ClientId, RpcError>;
    fn connect_with_key(now: Duration, kid: KeyId) -> Result<ClientId, RpcError>;
    fn disconnect(now: Duration, client: ClientId);
    fn factory_reset(now: Duration);
    fn require_signatures(now: Duration, required: bool, by: Source) -> Result<(), RpcError>;
    fn return_to_other_image(now: Duration) -> Result<(), RpcError>;
    fn greeting() -> Option<Hello>;
    fn heard(now: Duration, client: ClientId);
    fn cancel_pairing(now: Duration, asker: PairingId);
    fn log(now: Duration, level: Level, message: fmt::Arguments<'_>);
    fn next_outgoing(now: Duration, client: ClientId) -> Option<Outgoing>;
    fn save_failed(now: Duration, failed: &Unsaved);
    fn observe(now: Duration, key: &ComponentKey, change: State, source: Source)
        -> Result<(), RpcError>;
    fn open_pairing(now: Duration);
    fn open_side_channel(now: Duration, side: SideChannelKind) -> Result<ClientId, RpcError>;
    fn pong_received(now: Duration, client: ClientId);
    fn press(now: Duration, key: &ComponentKey, event: &str) -> Result<(), RpcError>;
    fn press_begun(now: Duration, began: Duration, key: &ComponentKey, event: &str)
        -> Result<(), RpcError>;
    fn read_log(id: ClientId, most: usize) -> Unread;
    fn receive(now: Duration, client: ClientId, text: &str);
    fn run_until(now: Duration);
    fn saved();
    fn set_connections(connections: usize);
    fn show_pairing_code(now: Duration, asker: PairingId, code: Code);
    fn take_paired_key(now: Duration, asker: PairingId) -> Result<Key, RpcError>;
    fn take_unsaved(now: Duration) -> Option<Unsaved>;
}
