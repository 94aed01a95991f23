//! What goes into a session and what comes out of it. Plain data.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Event, Level, LogFilter, RpcError, State, Unreadable,
};

use super::{Called, Ephemeral};
use crate::{
    address::Candidates,
    keys::Keys,
    link::{
        commands::{Command, Ticket},
        state::{Ending, LinkState, Origin, Outcome, ResyncCause},
        target::Destination,
        transport::attempts::Standing,
        update::{Image, UpdateState},
    },
};

/// What a session is told.
#[derive(Debug)]
pub(crate) enum Input {
    /// A link is wanted from now on.
    Connect,
    /// No link is wanted any more.
    Leave,
    /// Try at once instead of after the wait.
    RetryNow,
    /// Other addresses are known.
    AlsoAt(Candidates),
    /// The person gave this address: whichever board answers there is meant.
    Given(String),
    /// mDNS says where the board is, and how it speaks.
    Announced(Announced),
    /// The next attempt goes by this announcement of the board instead of the
    /// one before, which led to nothing.
    Instead(Announced),
    /// The board had this id when an earlier run knew it.
    Known(String),
    /// It is not yet known which keys are held: nobody is connected to before.
    KeysAwaited,
    /// These keys are held from now on.
    Keys(Keys),
    /// This address answered the attempt.
    Reached(u64, String),
    /// Too many attempts are under way: this one waits for its turn, and its
    /// time does not run.
    Queued(u64),
    /// An attempt that waited has begun, and has this long.
    Begun(u64, Duration),
    /// The socket of this attempt is open; with random bytes, in case that a
    /// handshake is to be made on it.
    Opened(u64, Ephemeral),
    /// A text message came.
    Message(u64, String),
    /// A binary message came.
    Binary(u64, Vec<u8>),
    /// Something else came: a ping or a pong.
    Heard(u64),
    /// The socket of this attempt ended or never opened.
    Ended(u64, Ending),
    /// The person wants something.
    Command(Command),
    /// These lines of the board's log are wanted from now on.
    FollowLog(LogFilter),
    /// The person wants another firmware; its image is being read. The number
    /// is that of [`Input::UpdateRead`].
    UpdateWanted(u64),
    /// The image was read, or why it cannot be.
    UpdateRead {
        /// Whose.
        order: u64,
        /// The image.
        image: Result<Image, String>,
        /// What runs now, where that is known.
        before: Option<String>,
    },
    /// The person does not want it any more.
    CancelUpdate,
    /// Who says to be the board has connected to this program.
    Called(Called),
    /// Another peer claims to be the board, which has a link: the link has to
    /// show that it works, reported as [`Report::Answered`].
    Doubted,
    /// The id that was said on the present connection is that of a board to
    /// which another link works.
    IdTaken {
        /// The id.
        id: String,
        /// Where that link goes.
        by: String,
    },
    /// This program takes no more calls.
    CallsAreOver,
    /// [`Session::next_deadline`] is there.
    Tick,
}

/// What of an announcement matters to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Whose it is: another board that answers there is not taken for this one.
    pub id: String,
    /// Where.
    pub addresses: Candidates,
    /// The major version.
    pub proto: u32,
    /// It speaks only encrypted.
    pub locked: bool,
}

/// What a session wants done, in this order.
#[derive(Debug)]
pub(crate) enum Output {
    /// Open a socket; what comes of it is told with this attempt's number.
    Connect {
        /// Counts up.
        attempt: u64,
        /// Where it may go.
        to: Destination,
        /// Which attempts go first, where many wait.
        standing: Standing,
    },
    /// Go on with the connection of [`Input::Called`]; what comes of it is told
    /// with this attempt's number.
    Accept {
        /// Counts up.
        attempt: u64,
    },
    /// Close the connection of [`Input::Called`]: there is a link already, or
    /// none can be had.
    Decline,
    /// Send a text message. Within the session: on a locked link it leaves it
    /// as [`Output::SendSealed`].
    Send(String),
    /// Send a binary message of a handshake.
    SendFrame(Vec<u8>),
    /// Send a binary message that is encrypted.
    SendSealed {
        /// What is sent.
        sealed: Vec<u8>,
        /// What it says, for who looks at the traffic of this computer.
        text: String,
    },
    /// The message that came says this, for who looks at the traffic of this
    /// computer.
    Decrypted(String),
    /// Close the socket.
    Disconnect,
    /// Believe this.
    Report(Report),
}

/// What a session found out.
#[derive(Debug)]
pub(crate) enum Report {
    /// How the link is.
    Link(LinkState),
    /// The board is locked, and this is its id: proved where there is a key for
    /// it, otherwise only said.
    Greeted(String),
    /// The board answers in plain text.
    Open,
    /// The link that was doubted works.
    Answered,
    /// An inbound connection from here claimed to be the board, whose link
    /// works and which denies it.
    Claimed(String),
    /// What the board is.
    Info(Box<DeviceInfo>),
    /// What is on it, all of it, in its order.
    Components(Vec<Descriptor>),
    /// Everything's state at one moment.
    Snapshot {
        /// The number that the board gave to this program, where it said.
        client: Option<u32>,
        /// Whole states.
        components: BTreeMap<ComponentKey, State>,
        /// When the board made it, in this computer's time.
        at: SystemTime,
    },
    /// State changed.
    Changed {
        /// What changed.
        components: BTreeMap<ComponentKey, State>,
        /// Who did it.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's stamp until now.
        late: Option<Duration>,
    },
    /// Something happened.
    Events {
        /// In this order.
        events: Vec<Event>,
        /// Who did it.
        origin: Origin,
        /// When, in this computer's time.
        at: SystemTime,
        /// From the board's stamp until now.
        late: Option<Duration>,
    },
    /// The board's log went on.
    Log {
        /// Lines that the board had to forget before these.
        lost: u64,
        /// When, in this computer's time, how important, and what.
        lines: Vec<(SystemTime, Level, String)>,
    },
    /// The board does not give its log.
    NoLog(RpcError),
    /// A value that the board sent cannot be read, and counts as unknown.
    Unreadable(Unreadable),
    /// The whole state is asked for anew.
    Resync(ResyncCause),
    /// How long a question took, and when the board booted.
    RoundTrip {
        /// From question to answer.
        took: Duration,
        /// In this computer's time.
        booted: Option<SystemTime>,
    },
    /// What the component is wanted to be, and since when a command for it is
    /// pending.
    Control {
        /// Which.
        component: ComponentKey,
        /// `None` where nothing is wanted.
        wanted: Option<State>,
        /// `None` where nothing is pending.
        pending_since: Option<Instant>,
    },
    /// How the update does.
    Update(UpdateState),
    /// What came of a command.
    Settled {
        /// Which.
        ticket: Ticket,
        /// Of what.
        component: Option<ComponentKey>,
        /// Its method.
        method: String,
        /// What came of it.
        outcome: Outcome,
    },
}
