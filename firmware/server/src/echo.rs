//! `/ws`: sends back what it is sent, text and binary, as ESP-IDF's example
//! does. One message at a time: a client that does not read is not read from.

use alloc::vec::Vec;

use board::Hardware;
use embassy_futures::select::{Either, select};
use protocol::limits;

use crate::{
    clock::{Clock, within},
    side::SideChannel,
    socket::{Gone, Socket, WRITE, write},
    ws::{Close, FrameType, Message, Reader, Stopped, close_frame, frame},
};

/// Echoes until the client closes, falls silent, or the board restarts.
pub(crate) async fn run<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    limit: usize,
    channel: SideChannel<'_, H, C>,
) -> Result<(), Gone> {
    let clock = channel.clock();
    let said = match select(echo(socket, already_read, limit, &channel), channel.ends()).await {
        Either::First(last_words) => last_words,
        Either::Second(close) => Ok(close),
    };
    drop(channel);
    write(socket, &said?, WRITE, clock).await
}

/// Comes to the close frame that ends it.
async fn echo<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    limit: usize,
    channel: &SideChannel<'_, H, C>,
) -> Result<Vec<u8>, Gone> {
    let clock = channel.clock();
    let mut reader = Reader::new(limit, already_read);
    loop {
        let heard = next(&mut reader, socket, clock).await;
        match &heard {
            Ok(Message::Pong) => channel.pong_received(),
            Ok(_) => channel.heard(),
            Err(_) => {}
        }
        let answer = match heard {
            Ok(Message::Text(text)) => frame(FrameType::Text(false), text.as_bytes()),
            Ok(Message::Binary(bytes)) => frame(FrameType::Binary(false), &bytes),
            Ok(Message::Ping(payload)) => frame(FrameType::Pong, &payload),
            Ok(Message::Pong) => continue,
            Ok(Message::Close(code)) => return Ok(close_frame(code, "")),
            Err(Stopped::Broken(Close { code, reason })) => {
                return Ok(close_frame(Some(code), reason));
            }
            Err(Stopped::Gone) => return Err(Gone),
        };
        write(socket, &answer, WRITE, clock).await?;
    }
}

/// The next message of a client that may be silent for a while, but answers a
/// ping then, as on the control channel.
async fn next<S: Socket>(
    reader: &mut Reader,
    socket: &mut S,
    clock: &impl Clock,
) -> Result<Message, Stopped> {
    if let Some(message) = within(clock, limits::BOARD_PINGS_AFTER, reader.next(socket)).await {
        return message;
    }
    if write(socket, &frame(FrameType::Ping, &[]), WRITE, clock)
        .await
        .is_err()
    {
        return Err(Stopped::Gone);
    }
    let patience = limits::BOARD_DROPS_AFTER.saturating_sub(limits::BOARD_PINGS_AFTER);
    within(clock, patience, reader.next(socket))
        .await
        .unwrap_or(Err(Stopped::Gone))
}
