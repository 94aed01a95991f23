//! `/rpc`: one controller's channel. Reads and writes at the same time, so that
//! a client that does not read is still heard; what is said, and when it has to
//! end, is the board's decision.

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
use noise::Channel;
use protocol::RpcError;

use crate::{
    clock::{Clock, within},
    response::error_message,
    shared::Controller,
    socket::{DRAIN, Gone, Socket, WRITE, write},
    ws::{Close, Endpoint, FrameType, Message, Reader, Stopped},
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

/// What is ready goes out in one write while it has fewer bytes: the push of a
/// command and its answer are one TCP segment.
const TOGETHER: usize = 1_024;

/// Serves the channel until either endpoint ends it. Where everything was said,
/// the connection is still to be closed in order.
pub(crate) async fn run<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    reader: Reader,
    controller: Controller<'_, H, C>,
    channel: Option<Channel>,
    endpoint: Endpoint<'_>,
) -> Result<(), Gone> {
    let clock = controller.clock();
    let channel = RefCell::new(channel);
    let urgent = RefCell::new(Urgent::default());
    {
        let (mut incoming, mut outgoing) = socket.split();
        let listening = listen(
            &mut incoming,
            reader,
            &controller,
            &urgent,
            &channel,
            endpoint,
        );
        let mut talking = pin!(talk(
            &mut outgoing,
            &controller,
            &urgent,
            &channel,
            endpoint
        ));
        match select(select(listening, controller.dismissed()), &mut talking).await {
            Either::First(Either::First(Deaf::Gone)) => Err(Gone),
            Either::First(Either::First(Deaf::Say(close))) => {
                urgent.borrow_mut().close = Some(close);
                within(clock, DRAIN, talking).await.unwrap_or(Err(Gone))
            }
            // A frame that stands still cannot be followed by a close frame:
            // after a moment the socket is dropped.
            Either::First(Either::Second(())) => {
                within(clock, DRAIN, talking).await.unwrap_or(Err(Gone))
            }
            Either::Second(said) => said,
        }
    }
}

/// Hears the client until it stops.
async fn listen<R: Read, H: Hardware, C: Clock>(
    socket: &mut R,
    mut reader: Reader,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
    channel: &RefCell<Option<Channel>>,
    endpoint: Endpoint<'_>,
) -> Deaf {
    loop {
        let message = reader
            .next(socket)
            .await
            .map(|message| unsealed(message, channel));
        match message {
            Ok(Message::Text(text)) => {
                controller.room().await;
                controller.receive(&text);
            }
            Ok(Message::Ping(payload)) => {
                controller.heard();
                // RFC 6455, section 5.5.3: of pings that wait, the latest alone
                // may be answered.
                urgent.borrow_mut().pong = Some(endpoint.frame(FrameType::Pong, &payload));
            }
            Ok(Message::Pong) => controller.pong_received(),
            Ok(Message::Binary(_)) => {
                let (code, reason) = match &*channel.borrow() {
                    None => (
                        Close::UNSUPPORTED_DATA,
                        "the control channel takes JSON in text messages",
                    ),
                    Some(_) => (Close::POLICY, "not encrypted with this key"),
                };
                return Deaf::Say(endpoint.close_frame(Some(code), reason));
            }
            Ok(Message::Close(code)) => return Deaf::Say(endpoint.close_frame(code, "")),
            Err(Stopped::Broken(Close { code, reason })) => {
                return Deaf::Say(endpoint.close_frame(Some(code), reason));
            }
            Err(Stopped::Gone) => return Deaf::Gone,
        }
        // Lets the other half, and the other connections, have their turn.
        yield_now().await;
    }
}

/// On a secret channel, what was sealed as it was meant; what was not becomes a
/// binary message, which is refused.
fn unsealed(message: Message, channel: &RefCell<Option<Channel>>) -> Message {
    match (message, &mut *channel.borrow_mut()) {
        (Message::Binary(sealed), Some(channel)) => match channel.open_text(&sealed) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Binary(sealed),
        },
        (Message::Text(text), Some(_)) => Message::Binary(text.into_bytes()),
        (other, _) => other,
    }
}

/// Writes until something has been written that ends the channel.
async fn talk<W: Write, H: Hardware, C: Clock>(
    socket: &mut W,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
    channel: &RefCell<Option<Channel>>,
    endpoint: Endpoint<'_>,
) -> Result<(), Gone> {
    loop {
        let (bytes, last) =
            poll_fn(|cx| poll_ready(|| poll_step(cx, controller, urgent, channel, endpoint))).await;
        write(socket, &bytes, WRITE, controller.clock()).await?;
        if last {
            return Ok(());
        }
    }
}

/// What is ready, as far as it goes out together, and whether it is the last.
fn poll_ready(mut step: impl FnMut() -> Poll<Step>) -> Poll<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    while bytes.len() < TOGETHER {
        let (mut more, last) = match step() {
            Poll::Ready(Step::Frame(more)) => (more, false),
            Poll::Ready(Step::Last(more)) => (more, true),
            Poll::Pending if bytes.is_empty() => return Poll::Pending,
            Poll::Pending => break,
        };
        if bytes.is_empty() {
            bytes = more;
        } else {
            bytes.append(&mut more);
        }
        if last {
            return Poll::Ready((bytes, true));
        }
    }
    Poll::Ready((bytes, false))
}

fn poll_step<H: Hardware, C: Clock>(
    cx: &Context<'_>,
    controller: &Controller<'_, H, C>,
    urgent: &RefCell<Urgent>,
    channel: &RefCell<Option<Channel>>,
    endpoint: Endpoint<'_>,
) -> Poll<Step> {
    let mut urgent = urgent.borrow_mut();
    if let Some(close) = urgent.close.take() {
        return Poll::Ready(Step::Last(close));
    }
    if let Some(pong) = urgent.pong.take() {
        return Poll::Ready(Step::Frame(pong));
    }
    controller.poll_outgoing(cx).map(|outgoing| match outgoing {
        Outgoing::Text(text) => message(&text, channel.borrow_mut().as_mut(), endpoint),
        Outgoing::Ping => Step::Frame(endpoint.frame(FrameType::Ping, &[])),
        Outgoing::Close { code, reason } => Step::Last(endpoint.close_frame(Some(code), reason)),
    })
}

/// A message as its channel carries it.
fn message(text: &str, channel: Option<&mut Channel>, endpoint: Endpoint<'_>) -> Step {
    match channel.map(|channel| channel.seal(text.as_bytes())) {
        None => Step::Frame(endpoint.frame(FrameType::Text(false), text.as_bytes())),
        Some(Ok(sealed)) => Step::Frame(endpoint.frame(FrameType::Binary(false), &sealed)),
        // A message out of a board is far below the limit, and 2^64 of them are
        // never sent.
        Some(Err(_)) => {
            Step::Last(endpoint.close_frame(Some(Close::POLICY), "cannot be encrypted"))
        }
    }
}

/// Tells a controller why it has no place, over its channel where it has proved
/// a key.
pub(crate) async fn refuse<S: Socket>(
    socket: &mut S,
    mut channel: Option<Channel>,
    error: RpcError,
    endpoint: Endpoint<'_>,
    clock: &impl Clock,
) -> Result<(), Gone> {
    let Step::Frame(mut bytes) = message(&error_message(error), channel.as_mut(), endpoint) else {
        return Err(Gone);
    };
    bytes.append(&mut endpoint.close_frame(Some(Close::TRY_AGAIN_LATER), ""));
    write(socket, &bytes, WRITE, clock).await
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn written(steps: Vec<Step>) -> (Poll<(Vec<u8>, bool)>, usize) {
        let mut steps = steps.into_iter();
        let ready = poll_ready(|| steps.next().map_or(Poll::Pending, Poll::Ready));
        (ready, steps.len())
    }

    #[test]
    fn what_is_ready_goes_out_together_and_in_its_order() {
        assert_eq!(written(vec![]), (Poll::Pending, 0));
        let push_and_answer = vec![Step::Frame(vec![1; 200]), Step::Frame(vec![2; 80])];
        assert_eq!(
            written(push_and_answer),
            (
                Poll::Ready(([[1; 200].as_slice(), &[2; 80]].concat(), false)),
                0
            )
        );
    }

    #[test]
    fn what_is_more_than_fits_together_waits() {
        let long = || Step::Frame(vec![1; TOGETHER - 1]);
        let (ready, left) = written(vec![long(), long(), long()]);
        assert_eq!(
            (ready.map(|(bytes, last)| (bytes.len(), last)), left),
            (Poll::Ready((2 * (TOGETHER - 1), false)), 1)
        );
    }

    #[test]
    fn nothing_follows_the_last() {
        let (ready, left) = written(vec![
            Step::Frame(vec![1]),
            Step::Last(vec![2]),
            Step::Frame(vec![3]),
        ]);
        assert_eq!((ready, left), (Poll::Ready((vec![1, 2], true)), 1));
    }
}
