//! What a connection is to this server, and how one is ended.

use core::time::Duration;

use edge_nal::{Close, TcpShutdown, TcpSplit};
use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};

use crate::clock::{Clock, within};

/// A TCP connection.
pub(crate) trait Socket: Read + Write + TcpSplit + TcpShutdown {}

impl<S: Read + Write + TcpSplit + TcpShutdown> Socket for S {}

/// How long a connection that has been ended is read on.
pub(crate) const DRAIN: Duration = Duration::from_millis(300);

/// Bytes read at once of a connection that has been ended.
const READ_ON: usize = 2_048;

/// How long a frame may take to leave.
pub(crate) const WRITE: Duration = protocol::limits::BOARD_DROPS_AFTER;

/// Says that nothing more will be sent, then reads until the peer has said so
/// too: to drop a socket with unread bytes sends a reset, which makes the peer
/// discard what it has still to read (RFC 9112, section 9.6).
pub(crate) async fn end<S: Socket>(socket: &mut S, clock: &impl Clock) {
    let drain = async {
        if socket.close(Close::Write).await.is_err() {
            return;
        }
        // Large enough that what a client had on its way is read within the
        // time, each piece in a turn of its own.
        let mut rest = alloc::vec![0; READ_ON];
        while matches!(socket.read(&mut rest).await, Ok(read) if read > 0) {
            // Who goes on sending is always ready to be read: without this
            // neither the clock nor anybody else had a turn.
            yield_now().await;
        }
    };
    // Whatever came of it, the socket is dropped now.
    let _ = within(clock, DRAIN, drain).await;
}

/// The peer is gone, or does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// Writes all of it, unless that takes longer than `limit`.
pub(crate) async fn write<W: Write>(
    socket: &mut W,
    bytes: &[u8],
    limit: Duration,
    clock: &impl Clock,
) -> Result<(), Gone> {
    match within(clock, limit, socket.write_all(bytes)).await {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) | None => Err(Gone),
    }
}
