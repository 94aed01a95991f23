//! `/log` and `/telemetry`: sends what the board has for this reader, as it
//! comes. The log is text, a line a message; first what is kept. The telemetry
//! is one text that says what is measured, and then binary frames. What a
//! client says here is passed over. A client that does not read holds up
//! nobody: what it is too late for it loses, and can tell.

use alloc::{format, string::ToString, vec::Vec};

use board::{Hardware, SideChannelKind};
use embassy_futures::select::{Either, select};
use protocol::limits;

use crate::{
    clock::{Clock, within},
    side::SideChannel,
    socket::{Gone, Socket, WRITE, write},
    ws::{Close, FrameType, Message, Reader, Stopped, close_frame, frame},
};

/// How many lines are taken out of the ring at once.
const LINES: usize = 8;

/// Sends until the client closes, falls silent, is to be closed, or the board
/// restarts.
pub(crate) async fn run<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    channel: SideChannel<'_, H, C>,
) -> Result<(), Gone> {
    let clock = channel.clock();
    let said = match select(follow(socket, already_read, &channel), channel.ends()).await {
        Either::First(last_words) => last_words,
        Either::Second(close) => Ok(close),
    };
    drop(channel);
    write(socket, &said?, WRITE, clock).await
}

/// Comes to the close frame that ends it.
async fn follow<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    channel: &SideChannel<'_, H, C>,
) -> Result<Vec<u8>, Gone> {
    let clock = channel.clock();
    if channel.side() == SideChannelKind::Telemetry
        && let Some(announced) = channel.telemetry()
    {
        write(
            socket,
            &frame(FrameType::Text(false), announced.as_bytes()),
            WRITE,
            clock,
        )
        .await?;
    }
    let mut reader = Reader::new(limits::MESSAGE_INTO_BOARD, already_read);
    let mut pinged = false;
    // When it was last heard: what is sent to it meanwhile is no sign of its
    // life.
    let mut heard_at = clock.now();
    loop {
        let silent_until = heard_at
            + if pinged {
                limits::BOARD_DROPS_AFTER
            } else {
                limits::BOARD_PINGS_AFTER
            };
        let patience = silent_until.saturating_sub(clock.now());
        let heard = match select(within(clock, patience, reader.next(socket)), channel.news()).await
        {
            Either::First(heard) => heard,
            Either::Second(()) => {
                send(socket, channel).await?;
                continue;
            }
        };
        if heard.is_some() {
            heard_at = clock.now();
        }
        match &heard {
            Some(Ok(Message::Pong)) => channel.pong_received(),
            Some(Ok(_)) => channel.heard(),
            _ => {}
        }
        let silent = heard.is_none();
        let answer = match heard {
            Some(Ok(Message::Close(code))) => return Ok(close_frame(code, "")),
            Some(Err(Stopped::Broken(Close { code, reason }))) => {
                return Ok(close_frame(Some(code), reason));
            }
            Some(Err(Stopped::Gone)) => return Err(Gone),
            Some(Ok(Message::Ping(payload))) => Some(frame(FrameType::Pong, &payload)),
            Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Pong)) => None,
            None if pinged => return Err(Gone),
            None => Some(frame(FrameType::Ping, &[])),
        };
        pinged = silent;
        if let Some(answer) = answer {
            write(socket, &answer, WRITE, clock).await?;
        }
    }
}

async fn send<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    channel: &SideChannel<'_, H, C>,
) -> Result<(), Gone> {
    let clock = channel.clock();
    if channel.side() == SideChannelKind::Telemetry {
        let next = channel.read_frame(|samples| frame(FrameType::Binary(false), samples));
        return match next {
            Some(bytes) => write(socket, &bytes, WRITE, clock).await,
            None => Ok(()),
        };
    }
    let unread = channel.read_lines(LINES);
    if unread.lost > 0 {
        let note = format!(
            "({} lines were lost: they came faster than they were read)",
            unread.lost
        );
        write(
            socket,
            &frame(FrameType::Text(false), note.as_bytes()),
            WRITE,
            clock,
        )
        .await?;
    }
    for line in unread.lines {
        write(
            socket,
            &frame(FrameType::Text(false), line.to_string().as_bytes()),
            WRITE,
            clock,
        )
        .await?;
    }
    Ok(())
}
