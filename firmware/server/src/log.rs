//! `/log`: sends the board's log, a line a text message, first what is kept and then each line as it comes. What a client says
//! here is passed over. A client that does not read holds up nobody: what it is too late for it loses, and is told so.

use alloc::{format, string::ToString, vec::Vec};

use board::{Hardware, Unread};
use embassy_futures::select::{Either, select};
use protocol::{Level, limits};

use crate::{
    clock::{Clock, within},
    shared::{LogListener, Shared},
    socket::{Gone, Socket, WRITE, end, write},
    ws::{Close, FrameType, Message, Reader, Stopped, close_frame, frame},
};

/// How many lines are taken out of the ring at once.
const LINES: usize = 8;

/// Sends the log until the client closes, falls silent, or the board restarts.
pub(crate) async fn run<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    level: Level,
    shared: &Shared<H, C>,
) {
    let clock = shared.clock();
    let mut log = shared.listen_to_log(level);
    let restart = close_frame(Some(Close::SERVICE_RESTART), "the board restarts");
    let said = match select(follow(socket, already_read, &mut log, clock), shared.restarting()).await {
        Either::First(last_words) => last_words,
        Either::Second(()) => Ok(restart),
    };
    drop(log);
    if let Ok(last_words) = said
        && write(socket, &last_words, WRITE, clock).await.is_ok()
    {
        end(socket, clock).await;
    }
}

/// Comes to the close frame that ends it.
async fn follow<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    log: &mut LogListener<'_, H, C>,
    clock: &C,
) -> Result<Vec<u8>, Gone> {
    let mut reader = Reader::new(limits::MESSAGE_INTO_BOARD, already_read);
    let mut pinged = false;
    loop {
        let patience = if pinged {
            limits::BOARD_DROPS_AFTER.saturating_sub(limits::BOARD_PINGS_AFTER)
        } else {
            limits::BOARD_PINGS_AFTER
        };
        let heard = match select(within(clock, patience, reader.next(socket)), log.news()).await {
            Either::First(heard) => heard,
            Either::Second(()) => {
                send(socket, log.read(LINES), clock).await?;
                continue;
            }
        };
        let silent = heard.is_none();
        let answer = match heard {
            Some(Ok(Message::Close(code))) => return Ok(close_frame(code, "")),
            Some(Err(Stopped::Broken(Close { code, reason }))) => return Ok(close_frame(Some(code), reason)),
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

async fn send<S: Socket>(socket: &mut S, unread: Unread, clock: &impl Clock) -> Result<(), Gone> {
    if unread.lost > 0 {
        let note = format!("({} lines were lost: they came faster than they were read)", unread.lost);
        write(socket, &frame(FrameType::Text(false), note.as_bytes()), WRITE, clock).await?;
    }
    for line in unread.lines {
        write(socket, &frame(FrameType::Text(false), line.to_string().as_bytes()), WRITE, clock).await?;
    }
    Ok(())
}
