//! `/rpc`: the control channel of one controller. Reads and writes at the same
//! time, so that a client that does not read is still heard. What is sent, and
//! when the channel ends, is the board's decision.

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

/// Frames that are ready are written together up to about this size, in bytes:
/// the push that a command causes and its response are one TCP segment.
const BATCH: usize = 1_024;

/// Why reading has ended.
enum ReadEnd {
    /// The connection is gone.
    Gone,
    /// This close frame has to be sent.
    Close(Vec<u8>),
}

/// Frames of the channel itself, which are sent before those of the board.
#[derive(Default)]
struct Urgent {
    close: Option<Vec<u8>>,
    pong: Option<Vec<u8>>,
}

/// A frame to write.
enum Output {
    Frame(Vec<u8>),
    /// The channel ends with this frame.
    Last(Vec<u8>),
}

/// A controller's channel.
pub(crate) struct ControlChannel<'a, H: Hardware, C: Clock> {
    controller: Controller<'a, H, C>,
    endpoint: Endpoint<'a>,
    /// On a locked board.
    encryption: RefCell<Option<Channel>>,
    urgent: RefCell<Urgent>,
}

impl<'a, H: Hardware, C: Clock> ControlChannel<'a, H, C> {
    pub(crate) fn new(
        controller: Controller<'a, H, C>,
        encryption: Option<Channel>,
        endpoint: Endpoint<'a>,
    ) -> Self {
        Self {
            controller,
            endpoint,
            encryption: RefCell::new(encryption),
            urgent: RefCell::default(),
        }
    }

    /// Serves the channel until either end closes it. If everything was sent,
    /// the connection is still to be closed in order.
    pub(crate) async fn serve<S: Socket>(self, socket: &mut S, reader: Reader) -> Result<(), Gone> {
        let clock = self.controller.clock();
        let (mut incoming, mut outgoing) = socket.split();
        let reading = self.read(&mut incoming, reader);
        let mut writing = pin!(self.write(&mut outgoing));
        match select(select(reading, self.controller.dismissed()), &mut writing).await {
            Either::First(Either::First(ReadEnd::Gone)) => Err(Gone),
            Either::First(Either::First(ReadEnd::Close(close))) => {
                self.urgent.borrow_mut().close = Some(close);
                within(clock, DRAIN, writing).await.unwrap_or(Err(Gone))
            }
            // No close frame can follow a frame that is stuck half written:
            // the socket is dropped a moment later.
            Either::First(Either::Second(())) => {
                within(clock, DRAIN, writing).await.unwrap_or(Err(Gone))
            }
            Either::Second(outcome) => outcome,
        }
    }

    /// Reads until the client stops sending messages.
    async fn read<R: Read>(&self, socket: &mut R, mut reader: Reader) -> ReadEnd {
        loop {
            let message = reader.next(socket).await.map(|message| self.open(message));
            match message {
                Ok(Message::Text(text)) => {
                    self.controller.has_room().await;
                    self.controller.receive(&text);
                }
                Ok(Message::Ping(payload)) => {
                    self.controller.heard();
                    // RFC 6455, section 5.5.3: of several unanswered pings only
                    // the latest needs an answer.
                    self.urgent.borrow_mut().pong =
                        Some(self.endpoint.frame(FrameType::Pong, &payload));
                }
                Ok(Message::Pong) => self.controller.pong_received(),
                Ok(Message::Binary(_)) => {
                    let (code, reason) = match &*self.encryption.borrow() {
                        None => (
                            Close::UNSUPPORTED_DATA,
                            "the control channel takes JSON in text messages",
                        ),
                        Some(_) => (Close::POLICY, "not encrypted with this key"),
                    };
                    return ReadEnd::Close(self.endpoint.close_frame(Some(code), reason));
                }
                Ok(Message::Close(code)) => {
                    return ReadEnd::Close(self.endpoint.close_frame(code, ""));
                }
                Err(Stopped::Broken(Close { code, reason })) => {
                    return ReadEnd::Close(self.endpoint.close_frame(Some(code), reason));
                }
                Err(Stopped::Gone) => return ReadEnd::Gone,
            }
            // Gives the writing half and the other connections a turn.
            yield_now().await;
        }
    }

    /// On an encrypted channel, decrypts a message; one that is not encrypted
    /// becomes a binary message, which is refused.
    fn open(&self, message: Message) -> Message {
        match (message, &mut *self.encryption.borrow_mut()) {
            (Message::Binary(sealed), Some(channel)) => match channel.open_text(&sealed) {
                Ok(text) => Message::Text(text),
                Err(_) => Message::Binary(sealed),
            },
            (Message::Text(text), Some(_)) => Message::Binary(text.into_bytes()),
            (other, _) => other,
        }
    }

    /// Writes until a frame that ends the channel has been written.
    async fn write<W: Write>(&self, socket: &mut W) -> Result<(), Gone> {
        loop {
            let (bytes, last) = poll_fn(|cx| poll_batch(|| self.poll_output(cx))).await;
            write(socket, &bytes, WRITE, self.controller.clock()).await?;
            if last {
                return Ok(());
            }
        }
    }

    /// The next frame to write.
    fn poll_output(&self, cx: &Context<'_>) -> Poll<Output> {
        let mut urgent = self.urgent.borrow_mut();
        if let Some(close) = urgent.close.take() {
            return Poll::Ready(Output::Last(close));
        }
        if let Some(pong) = urgent.pong.take() {
            return Poll::Ready(Output::Frame(pong));
        }
        let endpoint = self.endpoint;
        self.controller
            .poll_outgoing(cx)
            .map(|outgoing| match outgoing {
                Outgoing::Text(text) => {
                    message(&text, self.encryption.borrow_mut().as_mut(), endpoint)
                }
                Outgoing::Ping => Output::Frame(endpoint.frame(FrameType::Ping, &[])),
                Outgoing::Close { code, reason } => {
                    Output::Last(endpoint.close_frame(Some(code), reason))
                }
            })
    }
}

/// The frames that are written together, and whether the last of them ends the
/// channel.
fn poll_batch(mut next: impl FnMut() -> Poll<Output>) -> Poll<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    while bytes.len() < BATCH {
        let (mut more, last) = match next() {
            Poll::Ready(Output::Frame(more)) => (more, false),
            Poll::Ready(Output::Last(more)) => (more, true),
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

/// A message as a frame, encrypted if the channel is.
fn message(text: &str, channel: Option<&mut Channel>, endpoint: Endpoint<'_>) -> Output {
    match channel.map(|channel| channel.seal(text.as_bytes())) {
        None => Output::Frame(endpoint.frame(FrameType::Text(false), text.as_bytes())),
        Some(Ok(sealed)) => Output::Frame(endpoint.frame(FrameType::Binary(false), &sealed)),
        // Unreachable in practice: a board's messages are far below the limit,
        // and 2^64 of them are never sent.
        Some(Err(_)) => {
            Output::Last(endpoint.close_frame(Some(Close::POLICY), "cannot be encrypted"))
        }
    }
}

/// Tells a controller why the board does not serve it, over the encrypted
/// channel if it has proved a key.
pub(crate) async fn refuse<S: Socket>(
    socket: &mut S,
    mut channel: Option<Channel>,
    error: RpcError,
    endpoint: Endpoint<'_>,
    clock: &impl Clock,
) -> Result<(), Gone> {
    let Output::Frame(mut bytes) = message(&error_message(error), channel.as_mut(), endpoint)
    else {
        return Err(Gone);
    };
    bytes.append(&mut endpoint.close_frame(Some(Close::TRY_AGAIN_LATER), ""));
    write(socket, &bytes, WRITE, clock).await
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn written(outputs: Vec<Output>) -> (Poll<(Vec<u8>, bool)>, usize) {
        let mut outputs = outputs.into_iter();
        let ready = poll_batch(|| outputs.next().map_or(Poll::Pending, Poll::Ready));
        (ready, outputs.len())
    }

    #[test]
    fn ready_frames_are_written_together_in_order() {
        assert_eq!(written(vec![]), (Poll::Pending, 0));
        let push_and_answer = vec![Output::Frame(vec![1; 200]), Output::Frame(vec![2; 80])];
        assert_eq!(
            written(push_and_answer),
            (
                Poll::Ready(([[1; 200].as_slice(), &[2; 80]].concat(), false)),
                0
            )
        );
    }

    #[test]
    fn frames_beyond_the_batch_size_wait() {
        let long = || Output::Frame(vec![1; BATCH - 1]);
        let (ready, left) = written(vec![long(), long(), long()]);
        assert_eq!(
            (ready.map(|(bytes, last)| (bytes.len(), last)), left),
            (Poll::Ready((2 * (BATCH - 1), false)), 1)
        );
    }

    #[test]
    fn nothing_follows_the_last_frame() {
        let (ready, left) = written(vec![
            Output::Frame(vec![1]),
            Output::Last(vec![2]),
            Output::Frame(vec![3]),
        ]);
        assert_eq!((ready, left), (Poll::Ready((vec![1, 2], true)), 1));
    }
}
