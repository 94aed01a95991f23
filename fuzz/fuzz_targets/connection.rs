//! Everything that may be sent to a board's port, from the first byte on: HTTP,
//! WebSocket, messages, on several connections at the same time. The first byte
//! sets the size of the pieces; a line `----` begins another connection. Time
//! is simulated, and passes when nothing else can happen. In the end every
//! connection must have closed.
#![no_main]

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::poll_fn,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use critical_section as _;
use edge_nal::{Close, Readable, TcpAccept, TcpShutdown, TcpSplit};
use embedded_io_async::{ErrorType, Read, Write};
use libfuzzer_sys::fuzz_target;
use protocol::Epoch;
use server::{Clock, ServerSettings, Shared, serve};
use switchboard_fuzz::{Bench, everything};

/// Several times longer than any silence that a board tolerates.
const END: Duration = Duration::from_secs(600);

/// A client that has sent everything, and whose socket is no longer used.
#[derive(Default)]
struct Wire {
    unread: RefCell<Vec<u8>>,
    written: RefCell<Vec<u8>>,
    piece: usize,
}

#[derive(Clone)]
struct Socket(Rc<Wire>);

impl ErrorType for Socket {
    type Error = Infallible;
}

impl Read for Socket {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let mut unread = self.0.unread.borrow_mut();
        let read = bytes.len().min(self.0.piece).min(unread.len());
        bytes[..read].copy_from_slice(&unread[..read]);
        unread.drain(..read);
        Ok(read)
    }
}

impl Readable for Socket {
    async fn readable(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Write for Socket {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.written.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl TcpSplit for Socket {
    type Read<'a> = Self;
    type Write<'a> = Self;

    fn split(&mut self) -> (Self, Self) {
        (self.clone(), self.clone())
    }
}

impl TcpShutdown for Socket {
    async fn close(&mut self, _: Close) -> Result<(), Infallible> {
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

struct Acceptor(RefCell<Vec<Rc<Wire>>>);

impl TcpAccept for Acceptor {
    type Error = Infallible;
    type Socket<'a> = Socket;

    async fn accept(&self) -> Result<(SocketAddr, Socket), Infallible> {
        let next = self.0.borrow_mut().pop();
        match next {
            Some(wire) => Ok((SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), Socket(wire))),
            None => std::future::pending().await,
        }
    }
}

/// Simulated time, and the timers that wait for it.
#[derive(Clone, Default)]
struct Time(Rc<Moment>);

#[derive(Default)]
struct Moment {
    now: Cell<Duration>,
    sleepers: RefCell<Vec<(Duration, Waker)>>,
}

impl Time {
    /// Advances to the next timer; `false` without one.
    fn pass(&self) -> bool {
        let Moment { now, sleepers } = &*self.0;
        let Some(next) = sleepers
            .borrow()
            .iter()
            .map(|(at, _)| *at)
            .min()
            .filter(|next| *next < END)
        else {
            return false;
        };
        now.set(now.get().max(next));
        let due: Vec<_> = sleepers
            .borrow_mut()
            .extract_if(.., |(at, _)| *at <= next)
            .collect();
        due.into_iter().for_each(|(_, waker)| waker.wake());
        true
    }
}

impl Clock for Time {
    fn now(&self) -> Duration {
        self.0.now.get()
    }

    async fn sleep_until(&self, at: Duration) {
        poll_fn(|cx| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            self.0.sleepers.borrow_mut().push((at, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[derive(Default)]
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((piece, rest)) = input.split_first() else {
        return;
    };
    let mut wires = Vec::new();
    let mut from = 0;
    let cuts = rest
        .windows(5)
        .enumerate()
        .filter(|(_, line)| *line == b"----\n")
        .map(|(at, _)| at);
    for at in cuts.chain([rest.len()]).take(12) {
        let unread = RefCell::new(rest.get(from..at).unwrap_or_default().to_vec());
        wires.push(Rc::new(Wire {
            unread,
            piece: usize::from(*piece).max(1),
            ..Wire::default()
        }));
        from = at + 5;
    }
    let acceptor = Acceptor(RefCell::new(wires.clone()));
    let time = Time::default();
    let shared = Shared::new(everything(), &[], Epoch(7), Bench::default(), time.clone())
        .expect("the plan is sound");
    let settings = ServerSettings {
        echo_limit: 1_024,
        ..ServerSettings::for_controllers(2)
    };
    let called = Arc::new(Called::default());
    let waker = Waker::from(Arc::clone(&called));
    let mut served = false;
    {
        let mut serving = pin!(serve(&acceptor, &shared, &settings));
        loop {
            called.0.store(false, Ordering::Relaxed);
            if serving
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                served = true;
                break;
            }
            let over = acceptor.0.borrow().is_empty()
                && wires.iter().all(|wire| Rc::strong_count(wire) == 1);
            if !called.0.load(Ordering::Relaxed) && (over || !time.pass()) {
                break;
            }
        }
        // Every client has sent everything and disconnected.
        if !served {
            let open = wires
                .iter()
                .filter(|wire| Rc::strong_count(wire) > 1)
                .count();
            assert_eq!(
                open,
                acceptor.0.borrow().len(),
                "connections are still open"
            );
        }
    }
    for wire in &wires {
        let written = wire.written.borrow();
        assert!(
            written.is_empty() || written.starts_with(b"HTTP/1.1 "),
            "{:?}",
            written.escape_ascii().to_string()
        );
    }
});
