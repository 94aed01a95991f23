//! `/rpc`: one controller's channel. Reads and writes at the same time, so that a client that does not read is still heard; what
//! is said, and when it has to end, is the board's decision.

use alloc::vec::Vec;
use core::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use board::{Hardware, Outgoing};
use embassy_futures::{
    select::{Either, select},
    yield_now,
};
use embedded_io_async::{Read, Write};
use protocol::limits;

use crate::{
    clock::{Clock, within},
    shared::Controller,
    socket::{DRAIN, Gone, Socket, WRITE, end, write},
    ws::{Close, FrameType, Message, Reader, Stopped, close_frame, frame},
};

/// Why nothing more is heard.
enum Deaf {
    /// The connection ended.
    Gone,
    /// This is still to be said: a close frame.
    Say(Vec<u8>),
}

/// Frames that the channel itself has to send, before what the board says.
#[derive(Default)]
struct Urgent {
    close: Option<Vec<u8>>,
    pong: Option<Vec<u8>>,
}

/// One thing to write.
enum Step {
    Frame(Vec<u8>),
    Last(Vec<u8>),
}

/// Serves the channel until either side ends it.
pub(crate) async fn run<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    already_read: Vec<u8>,
    controller: Controller<'_, H, C>,
) {
    let clock = controller.clock();
    let urgent = RefCell::new(Urgent::default());
    let ended = {
        let (mut incoming, mut outgoing) = socket.split();
        let reader = Reader::new(limits::MESSAGE_INTO_BOARD, already_read);
        let listening = listen(&mut incoming, reader, &controller, &urgent);
        let mut talking = pin!(talk(&mut outgoing, &controller, &urgent));
        match select(select(listening, controller.dismissed()), &mut talking).await {
            Either::First(Either::First(Deaf::Gone)) => Err(Gone),
            Either::First(Either::First(Deaf::Say(close))) => {
                urgent.borrow_mut().close = Some(close);
                within(clock, DRAIN, talking).await.unwrap_or(Err(Gone))
            }
            // A frame that stands still cannot be followed by a close frame: after a moment the socket is dropped.
            Either::First(Either::Second(())) => within(clock, DRAIN, talking).await.unwrap_or(Err(Gone)),
            Either::Second(said) => said,
        }
    };
    // Its place is free for the next one now.
    drop(controller);
    if ended.is_ok() {
        end(socket, clock).await;
    }
}

/// Hears the client until it stops.
async fn listen<R: Read, H: Hardware, C: Clock>(
    socket: &mut R,
    mut reader: Reader,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
) -> Deaf {
    loop {
        match reader.next(socket).await {
            Ok(Message::Text(text)) => {
                controller.room().await;
                controller.receive(&text);
            }
            Ok(Message::Ping(payload)) => {
                controller.heard();
                // RFC 6455, section 5.5.3: of pings that wait, the latest alone may be answered.
                urgent.borrow_mut().pong = Some(frame(FrameType::Pong, &payload));
            }
            Ok(Message::Pong) => controller.heard(),
            Ok(Message::Binary(_)) => {
                let reason = "the control channel takes JSON in text messages";
                return Deaf::Say(close_frame(Some(Close::UNSUPPORTED_DATA), reason));
            }
            Ok(Message::Close(code)) => return Deaf::Say(close_frame(code, "")),
            Err(Stopped::Broken(Close { code, reason })) => return Deaf::Say(close_frame(Some(code), reason)),
            Err(Stopped::Gone) => return Deaf::Gone,
        }
        // Lets the other half, and the other connections, have their turn.
        yield_now().await;
    }
}

/// Writes until something has been written that ends the channel.
async fn talk<W: Write, H: Hardware, C: Clock>(
    socket: &mut W,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
) -> Result<(), Gone> {
    loop {
        match poll_fn(|cx| poll_step(cx, controller, urgent)).await {
            Step::Frame(bytes) => write(socket, &bytes, WRITE, controller.clock()).await?,
            Step::Last(bytes) => return write(socket, &bytes, WRITE, controller.clock()).await,
        }
    }
}

fn poll_step<H: Hardware, C: Clock>(
    cx: &Context<'_>,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
) -> Poll<Step> {
    let mut urgent = urgent.borrow_mut();
    if let Some(close) = urgent.close.take() {
        return Poll::Ready(Step::Last(close));
    }
    if let Some(pong) = urgent.pong.take() {
        return Poll::Ready(Step::Frame(pong));
    }
    controller.poll_outgoing(cx).map(|outgoing| match outgoing {
        Outgoing::Text(text) => Step::Frame(frame(FrameType::Text(false), text.as_bytes())),
        Outgoing::Ping => Step::Frame(frame(FrameType::Ping, &[])),
        Outgoing::Close { code, reason } => Step::Last(close_frame(Some(code), reason)),
    })
}
