//! One board of the fleet: its session, its socket, its state, and the replies
//! that are waited for. Carries out what the session decides.

mod outputs;
mod reports;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use address::{Address, Candidates, ip_of};
use families::Family;
use keys::Keys;
use link::{
    commands::{Command, CommandId},
    input::{Announced, Input},
    session::{InboundConnection, Session},
    state::{LinkState, Now},
    target::Via,
    update::Image,
};
use protocol::{ComponentKey, mdns::Announcement};

use super::{
    board_state::BoardState,
    context::Context,
    inbound::InboundSocket,
    roster::{Entry, Membership},
    transport::Socket,
};
use fleet::{BoardChange, BoardKey, BoardView, ChangeScope, KnownBoard, Outcome, Reply};

/// What of an input's effects concerns the whole fleet.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The board stated its id; with the id that it was thought to have.
    pub(super) identified: Option<(String, Option<Arc<str>>)>,
    /// The board stated an id that belongs to this board, to which another link
    /// works.
    pub(super) taken: Option<(String, BoardKey)>,
    /// A link that was up went down.
    pub(super) lost: bool,
    /// The link is down, and will be retried.
    failed: bool,
    /// How much of the board changed.
    scope: Option<ChangeScope>,
    /// Nothing changed but what the components report, and nothing of it
    /// concerns the fleet.
    pub(super) quiet: bool,
}

/// How long after a direct way to a board failed it is tried again, while one
/// through a broker works.
const TRY_DIRECT_AGAIN: Duration = Duration::from_secs(600);

/// How many other claimants of a board's id wait for its link to be verified.
const SUSPECTS: usize = 4;

/// A way to a board, from an announcement.
pub(super) struct Way<'a> {
    pub(super) family: Family,
    pub(super) addresses: &'a Candidates,
    /// Set if it is reached through a broker, whose addresses these are.
    pub(super) via: Option<Arc<Via>>,
}

/// Takes the outcome of a command.
type OnOutcome = Box<dyn FnOnce(Outcome) + Send>;

pub(super) struct Board {
    session: Session,
    state: BoardState,
    socket: Option<(u64, Socket)>,
    /// An inbound connection that claims to be this board, until the session
    /// has decided.
    inbound: Option<Box<InboundSocket>>,
    replies: HashMap<CommandId, OnOutcome>,
    /// Outcomes whose replies are called once the other effects are published:
    /// the receiver may look at the board at once.
    outcomes: Vec<(OnOutcome, Outcome)>,
    deadline: Option<Instant>,
    /// An earlier run knew it.
    remembered: bool,
    /// Addresses of other claimants of its id, until its own link is verified.
    suspects: Vec<String>,
    /// Its announcements by their mDNS names: several while it changes its
    /// name, or if another device announces its id.
    pub(super) announcements: BTreeMap<String, Announced>,
    /// The announcement that the session uses, and its mDNS name.
    in_use: Option<(String, Announced)>,
    /// The announcement by which it was last connected to.
    last_good: Option<(String, Announced)>,
    /// The direct addresses that were tried while a link through a broker
    /// worked, and when.
    direct_tried: Option<(Candidates, Instant)>,
}

impl Board {
    pub(super) fn new(
        now: Now,
        key: BoardKey,
        addresses: Candidates,
        by_hand: bool,
        seed: u64,
        keys: Option<Keys>,
    ) -> Self {
        let mut session = Session::new(now.instant, seed, random);
        // No link is wanted yet, so there are no outputs.
        session.handle(now, keys.clone().map_or(Input::KeysPending, Input::Keys));
        let mut state = BoardState::new(now.instant, key, addresses, by_hand);
        state.set_keys(keys.unwrap_or_default());
        Self {
            session,
            state,
            socket: None,
            inbound: None,
            replies: HashMap::new(),
            outcomes: Vec::new(),
            deadline: None,
            remembered: false,
            suspects: Vec::new(),
            announcements: BTreeMap::new(),
            in_use: None,
            last_good: None,
            direct_tried: None,
        }
    }

    /// A board that is known only from an inbound connection.
    pub(super) fn from_inbound(
        now: Now,
        key: BoardKey,
        inbound: &InboundSocket,
        seed: u64,
        keys: Option<Keys>,
    ) -> Self {
        let mut board = Self::new(now, key, Candidates::default(), false, seed, keys);
        board
            .state
            .set_inbound_only(inbound.id.clone(), inbound.from.ip());
        board
            .session
            .handle(now, Input::KnownId(inbound.id.clone()));
        board
    }

    /// A peer that states to be this board has connected. One such connection
    /// is considered at a time; another is declined.
    pub(super) fn inbound(&mut self, now: Now, inbound: InboundSocket, ctx: &Context) -> Effects {
        if self.inbound.is_some() {
            return Effects::default();
        }
        let connection = InboundConnection {
            id: inbound.id.clone(),
            family: inbound.family,
            locked: inbound.locked,
            from: inbound.from.to_string(),
        };
        let name = &self.view().name;
        log::debug!("{name}: {} connects as {}", inbound.from, inbound.id);
        self.inbound = Some(Box::new(inbound));
        self.input(now, Input::Inbound(connection), ctx)
    }

    /// Restores what an earlier run knew.
    pub(super) fn recall(&mut self, now: Now, known: &KnownBoard) {
        self.remembered = true;
        self.state.recall(known);
        if known.by_hand
            && let Ok(address) = known.address.parse()
        {
            self.state.set_typed_address(address);
        }
        if let Some(id) = known.id.clone() {
            self.session.handle(
                now,
                match known.only_this_id {
                    true => Input::OnlyId(id),
                    false => Input::KnownId(id),
                },
            );
        }
        self.session.handle(now, Input::Family(known.family));
    }

    /// These keys are held from now on.
    pub(super) fn set_keys(&mut self, now: Now, keys: Keys, ctx: &Context) -> Effects {
        if self.state.set_keys(keys.clone()) {
            self.publish(ctx);
        }
        self.input(now, Input::Keys(keys), ctx)
    }

    /// Keeps neither values over time nor recent frames.
    pub(super) fn keep_no_past(&mut self) {
        self.state.keep_no_past();
    }

    pub(super) fn view(&self) -> &Arc<BoardView> {
        self.state.view()
    }

    /// When [`Input::Tick`] is due; the engine keeps its queue in step with it.
    pub(super) fn deadline(&mut self) -> &mut Option<Instant> {
        &mut self.deadline
    }

    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.session.next_deadline(now)
    }

    /// The user typed this address.
    pub(super) fn typed_address(&mut self, now: Now, address: Address, ctx: &Context) -> Effects {
        self.state.set_typed_address(address.clone());
        self.publish(ctx);
        self.session
            .handle(now, Input::TypedAddress(address.to_string()));
        self.input(now, Input::Addresses(Candidates::given(address)), ctx)
    }

    pub(super) fn announced(
        &mut self,
        now: Now,
        full_name: String,
        way: Way<'_>,
        announcement: Announcement,
        ctx: &Context,
    ) -> Effects {
        let Way {
            family,
            addresses,
            via,
        } = way;
        let announced = Announced {
            id: announcement.id.clone(),
            addresses: addresses.clone(),
            family,
            proto: announcement.proto,
            locked: announcement.api_encryption.is_some(),
            via,
        };
        self.announcements
            .insert(full_name.clone(), announced.clone());
        if !self.take_up(now.instant, &full_name, &announced) {
            // Kept for when the present way fails.
            self.publish(ctx);
            return Effects::default();
        }
        self.state.set_addresses(addresses);
        // A link that is up the other way is shown as such until this way is
        // tried.
        let up_elsewhere =
            self.view().link.is_up() && self.view().via.is_some() != announced.via.is_some();
        if !up_elsewhere {
            self.state.set_via(announced.via.clone());
        }
        if (matches!(self.view().link, LinkState::Announced) || self.view().inbound_only)
            && let Some(likeliest) = addresses.first()
        {
            self.state.set_address(likeliest);
        }
        self.in_use = Some((full_name, announced.clone()));
        let is_direct = announced.via.is_none();
        self.state.announced(now.instant, announcement, is_direct);
        self.publish(ctx);
        self.input(now, Input::Announced(announced), ctx)
    }

    /// Whether to use an announcement now; notes that a direct way is tried.
    /// The direct way to a board wins over one through a broker, and one
    /// through a broker that works is not given up for a direct one that was
    /// tried not long ago.
    fn take_up(&mut self, now: Instant, full_name: &str, announced: &Announced) -> bool {
        let link = &self.view().link;
        let is_trying = matches!(link, LinkState::Connecting) || link.is_up();
        let present = self.in_use.as_ref().map(|(_, present)| present);
        let through_broker = self.view().via.is_some() && present.is_some();
        if announced.via.is_some() {
            let has_direct = self.view().given.is_some()
                || self.view().inbound_from.is_some()
                || self.announcements.values().any(|other| other.via.is_none());
            // Several brokers may have it: the one in use is kept.
            let in_use = self.in_use.as_ref().map(|(name, _)| name.as_str());
            let is_kept = through_broker && in_use == Some(full_name);
            return is_kept || !is_trying || (!has_direct && !through_broker);
        }
        if !(through_broker && link.is_up()) {
            return true;
        }
        let tried = self.direct_tried.as_ref();
        let is_old = tried.is_none_or(|(addresses, at)| {
            *addresses != announced.addresses || now >= *at + TRY_DIRECT_AGAIN
        });
        if is_old {
            self.direct_tried = Some((announced.addresses.clone(), now));
        }
        is_old
    }

    /// An announcement expired or was withdrawn.
    pub(super) fn withdrawn(&mut self, full_name: &str, ctx: &Context) {
        let is_it = |(name, _): &(String, Announced)| name == full_name;
        if let Some(announced) = self.announcements.remove(full_name) {
            // A broker that no longer lists a board is of no use for it.
            if announced.via.is_some() {
                self.last_good = self.last_good.take().filter(|good| !is_it(good));
            }
            for address in announced.addresses.texts() {
                self.claim_withdrawn(&address, ctx);
            }
        }
        if self.announcements.is_empty() {
            self.state.withdrawn();
            self.publish(ctx);
        }
    }

    /// Another peer claims this board's id at this address. That is reported
    /// once this board's own link is verified: otherwise the board may have
    /// moved there.
    pub(super) fn contested(&mut self, now: Now, address: String, ctx: &Context) -> Effects {
        let known = self.state.knows_claim(&address) || self.suspects.contains(&address);
        if known || self.suspects.len() >= SUSPECTS || self.view().link != LinkState::Connected {
            return Effects::default();
        }
        self.suspects.push(address);
        self.input(now, Input::VerifyLink, ctx)
    }

    /// This board's id is no longer claimed at this address.
    pub(super) fn claim_withdrawn(&mut self, address: &str, ctx: &Context) {
        self.suspects.retain(|suspect| suspect != address);
        let before = self.view().claims.len();
        self.state.claim_withdrawn(address);
        if before != self.view().claims.len() {
            self.publish(ctx);
        }
    }

    /// Whether the board is known to be of another family than this one: an
    /// announcement, which anyone can make, does not change that.
    pub(super) fn is_of_another(&self, family: Family) -> bool {
        let is_known = self.view().info.is_some() || self.remembered;
        is_known && self.view().family != family
    }

    /// Whether nothing proves that the board exists: it was only announced, or
    /// claimed by an inbound connection.
    pub(super) fn is_only_claimed(&self) -> bool {
        matches!(self.membership(), Membership::Claimed(_))
    }

    pub(super) fn command(
        &mut self,
        now: Now,
        command: Command,
        reply: Reply,
        ctx: &Context,
    ) -> Effects {
        if let Some(reply) = reply {
            self.replies.insert(command.id, reply);
        }
        ctx.published.withhold(self.view().key);
        self.input(now, Input::Command(command), ctx)
    }

    /// Switches a component to the opposite of what is shown.
    pub(super) fn toggle(
        &mut self,
        now: Now,
        id: CommandId,
        component: ComponentKey,
        reply: Reply,
        ctx: &Context,
    ) -> Effects {
        let shown = self.view().component(&component);
        let on = shown.and_then(|shown| shown.shown().on());
        self.command(now, Command::toggle(id, component, on), reply, ctx)
    }

    pub(super) fn image_read(
        &mut self,
        now: Now,
        update: u64,
        image: Result<Image, String>,
        ctx: &Context,
    ) -> Effects {
        let running = self.view().info.as_ref().map(|info| info.version.clone());
        let input = Input::ImageRead {
            update,
            image,
            running,
        };
        self.input(now, input, ctx)
    }

    /// The live preview is wanted from now on, or no longer.
    pub(super) fn follow_preview(&mut self, now: Now, wanted: bool, ctx: &Context) -> Effects {
        if !wanted {
            self.state.end_preview();
            self.publish_change(ChangeScope::Components, ctx);
        }
        self.input(now, Input::FollowPreview(wanted), ctx)
    }

    /// The system clock was set.
    pub(super) fn clock_was_set(&self, now: Now) {
        self.state.clock_was_set(now);
    }

    fn publish(&self, ctx: &Context) {
        self.publish_change(ChangeScope::Board, ctx);
    }

    fn publish_change(&self, scope: ChangeScope, ctx: &Context) {
        let change = BoardChange {
            board: self.view(),
            scope,
            components: &[],
        };
        ctx.published.board(change, Vec::new());
    }
}

impl Entry for Board {
    fn membership(&self) -> Membership {
        let view = self.view();
        if view.by_hand || self.remembered || view.held.is_some() {
            return Membership::Own;
        }
        // The address is that of the broker, which any number of boards share.
        if view.via.is_some() {
            return match view.link {
                LinkState::Connected | LinkState::Stale => Membership::Connected(None),
                _ if view.info.is_some() => Membership::Known(None),
                _ => Membership::Claimed(None),
            };
        }
        // The address of a board that connects to this program is that of its
        // last connection, without a port.
        let announced = || ip_of(&view.address).or_else(|| view.address.parse().ok());
        let source = view
            .inbound_from
            .map(|caller| caller.ip())
            .or_else(announced);
        match view.link {
            LinkState::Connected | LinkState::Stale => Membership::Connected(source),
            _ if view.info.is_some() => Membership::Known(source),
            _ => Membership::Claimed(source),
        }
    }

    fn address(&self) -> &str {
        &self.view().address
    }
}

/// Random bytes for a handshake.
fn random() -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the system provides no random numbers: {error}"))?;
    Ok(bytes)
}
