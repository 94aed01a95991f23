//! The side channels: WebSockets next to the control channel. `/ws` sends back
//! what it receives, as ESP-IDF's example does; `/log` and `/telemetry` send
//! what the board records and ignore what they receive.
//!
//! `/log` is text with one line per message and starts with the lines that the
//! board still holds. `/telemetry` is one text message that describes the
//! samples, then binary frames. A client that does not read loses data, and is
//! told how much; it delays no other client.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{
    future::{pending, poll_fn},
    task::Poll,
    time::Duration,
};

use board::{CLOSED_BY_CLIENT, ClientId, Hardware, Origin, SideChannelKind, Unread};
use embassy_futures::select::{Either, select};
use protocol::{RpcError, limits};

use crate::{
    clock::{Clock, within},
    shared::Shared,
    socket::{Gone, Socket, WRITE, write},
    ws::{Close, FrameType, Message, Reader, Stopped, close_frame, frame},
};

/// How many lines are taken from the log at once.
const LINES: usize = 8;

/// An entry in the board's list of clients; dropping it removes the entry.
pub(crate) struct SideChannel<'a, H: Hardware, C: Clock> {
    shared: &'a Shared<H, C>,
    side: SideChannelKind,
    id: ClientId,
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Registers a client that opens a side channel.
    pub(crate) fn open_side_channel(
        &self,
        side: SideChannelKind,
        origin: Origin,
    ) -> Result<SideChannel<'_, H, C>, RpcError> {
        let id = self.with(|board, now| {
            let id = board.open_side_channel(now, side)?;
            board.set_origin(id, origin);
            Ok(id)
        })?;
        Ok(SideChannel {
            shared: self,
            side,
            id,
        })
    }
}

impl<H: Hardware, C: Clock> SideChannel<'_, H, C> {
    /// Serves the channel until the client closes it or falls silent, a
    /// controller closes it, or the board restarts. `echo_limit` is the longest
    /// message that is echoed, in bytes.
    pub(crate) async fn serve<S: Socket>(
        self,
        socket: &mut S,
        already_read: Vec<u8>,
        echo_limit: usize,
    ) -> Result<(), Gone> {
        let clock = self.shared.clock();
        let limit = match self.side {
            SideChannelKind::Echo => echo_limit,
            SideChannelKind::Log(_) | SideChannelKind::Telemetry => limits::MESSAGE_INTO_BOARD,
        };
        let reader = Reader::new(limit, already_read);
        let close = match select(self.exchange(socket, reader), self.closed_by_board()).await {
            Either::First(outcome) => outcome?,
            Either::Second(close) => close,
        };
        drop(self);
        write(socket, &close, WRITE, clock).await
    }

    /// Reads and writes until the client ends the channel; returns the close
    /// frame to send. One message at a time: a client that does not read is not
    /// read from.
    async fn exchange<S: Socket>(
        &self,
        socket: &mut S,
        mut reader: Reader,
    ) -> Result<Vec<u8>, Gone> {
        let clock = self.shared.clock();
        if let Some(description) = self.description() {
            self.send(socket, FrameType::Text(false), description.as_bytes())
                .await?;
        }
        let mut pinged = false;
        // Data that is sent to the client is no sign that it is alive.
        let mut heard_at = clock.now();
        loop {
            let patience = patience(heard_at, pinged).saturating_sub(clock.now());
            let next = within(clock, patience, reader.next(socket));
            let message = match select(next, self.has_unread()).await {
                Either::First(Some(message)) => message,
                Either::First(None) if pinged => return Err(Gone),
                Either::First(None) => {
                    pinged = true;
                    self.send(socket, FrameType::Ping, &[]).await?;
                    continue;
                }
                Either::Second(()) => {
                    self.send_unread(socket).await?;
                    continue;
                }
            };
            pinged = false;
            match &message {
                Ok(Message::Pong) => self
                    .shared
                    .with(|board, now| board.pong_received(now, self.id)),
                Ok(_) => self.shared.with(|board, now| board.heard(now, self.id)),
                Err(_) => {}
            }
            match message {
                Ok(Message::Ping(payload)) => self.send(socket, FrameType::Pong, &payload).await?,
                Ok(Message::Pong) => {}
                Ok(Message::Close(code)) => return Ok(close_frame(code, "")),
                Ok(Message::Text(text)) if self.side == SideChannelKind::Echo => {
                    self.send(socket, FrameType::Text(false), text.as_bytes())
                        .await?;
                }
                Ok(Message::Binary(bytes)) if self.side == SideChannelKind::Echo => {
                    self.send(socket, FrameType::Binary(false), &bytes).await?;
                }
                Ok(Message::Text(_) | Message::Binary(_)) => {}
                Err(Stopped::Broken(Close { code, reason })) => {
                    return Ok(close_frame(Some(code), reason));
                }
                Err(Stopped::Gone) => return Err(Gone),
            }
            heard_at = clock.now();
        }
    }

    /// Waits until the board ends the channel; returns the close frame to send.
    async fn closed_by_board(&self) -> Vec<u8> {
        let dismissed = self
            .shared
            .watch(|inner| inner.board().is_closed_remotely(self.id));
        match select(self.shared.restarting(), dismissed).await {
            Either::First(()) => close_frame(Some(Close::SERVICE_RESTART), "the board restarts"),
            Either::Second(()) => close_frame(Some(Close::NORMAL), CLOSED_BY_CLIENT),
        }
    }

    /// The message that a channel of telemetry starts with.
    fn description(&self) -> Option<String> {
        (self.side == SideChannelKind::Telemetry)
            .then(|| self.shared.with(|board, now| board.telemetry_header(now)))
            .flatten()
    }

    /// Waits until the board has something to send to this client.
    async fn has_unread(&self) {
        if self.side == SideChannelKind::Echo {
            return pending().await;
        }
        poll_fn(|cx| {
            let mut inner = self.shared.inner();
            if inner.board().has_unread(self.id) {
                return Poll::Ready(());
            }
            inner.wake_on_records(cx.waker());
            Poll::Pending
        })
        .await;
    }

    async fn send_unread<S: Socket>(&self, socket: &mut S) -> Result<(), Gone> {
        match self.side {
            SideChannelKind::Echo => Ok(()),
            SideChannelKind::Log(_) => self.send_lines(socket).await,
            SideChannelKind::Telemetry => {
                let next = self.shared.with(|board, _| {
                    let samples = board.read_telemetry(self.id);
                    samples.map(|samples| frame(FrameType::Binary(false), samples))
                });
                match next {
                    Some(bytes) => write(socket, &bytes, WRITE, self.shared.clock()).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn send_lines<S: Socket>(&self, socket: &mut S) -> Result<(), Gone> {
        let Unread { lost, lines } = self.shared.with(|board, _| board.read_log(self.id, LINES));
        if lost > 0 {
            let notice = format!("({lost} lines were lost: they came faster than they were read)");
            self.send(socket, FrameType::Text(false), notice.as_bytes())
                .await?;
        }
        for line in lines {
            self.send(socket, FrameType::Text(false), line.to_string().as_bytes())
                .await?;
        }
        Ok(())
    }

    async fn send<S: Socket>(
        &self,
        socket: &mut S,
        frame_type: FrameType,
        payload: &[u8],
    ) -> Result<(), Gone> {
        let bytes = frame(frame_type, payload);
        write(socket, &bytes, WRITE, self.shared.clock()).await
    }
}

/// Until when a client may be silent: then it is pinged, later disconnected, as
/// on the control channel.
fn patience(heard_at: Duration, pinged: bool) -> Duration {
    heard_at
        + if pinged {
            limits::BOARD_DROPS_AFTER
        } else {
            limits::BOARD_PINGS_AFTER
        }
}

impl<H: Hardware, C: Clock> Drop for SideChannel<'_, H, C> {
    fn drop(&mut self) {
        self.shared
            .with(|board, _| board.close_side_channel(self.id));
    }
}
