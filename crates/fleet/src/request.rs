//! What the users of a fleet ask of whatever keeps it.

use std::net::SocketAddr;

use address::Address;
use families::Family;
use keys::{Keys, Role};
use link::commands::{Command, CommandId};
use protocol::{ComponentKey, LogFilter};

use crate::{BoardKey, Broker, ImageSource, KnownBoard, Reply};

/// What the users of a fleet ask of whatever keeps it. Each is documented at
/// the method of [`Fleet`](crate::Fleet) that sends it.
#[expect(missing_docs, reason = "documented at the methods of Fleet")]
pub enum FleetRequest {
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
    /// The number identifies the update.
    Update(BoardKey, u64, ImageSource),
    CancelUpdate(BoardKey),
    HoldKeys(Keys),
    /// Keys, and the board that is to be connected to now.
    GiveKeys(Keys, Option<BoardKey>),
    ForgetKey(String),
    Listen(Option<SocketAddr>),
    AddBroker(Broker),
    RemoveBroker(String),
    EndSession(u32),
    Grant(u32, Role),
    ShowPage(String),
    Reconnect,
    /// The fleet was dropped.
    End,
}
