//! Connects to the first of several addresses that responds (RFC 8305, "Happy
//! Eyeballs"). Each address is tried once the previous one has failed or has
//! not responded for a quarter of a second; the first connection is kept and
//! the others are closed. Does not decide the order.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

/// RFC 8305, section 8: "Connection Attempt Delay".
pub(crate) const NEXT_AFTER: Duration = Duration::from_millis(250);

/// How many connection attempts may run in the whole process in addition to one
/// per board. Announcements can name many silent addresses, which must not
/// exhaust the process's file descriptors (1,024 by default on Linux).
const EXTRA: usize = 128;

static EXTRA_SLOTS: Semaphore = Semaphore::const_new(EXTRA);

/// The error of each address, in the order in which they failed.
pub(crate) type Failures = Vec<(SocketAddr, io::Error)>;

/// Connects with TCP, without Nagle's algorithm.
///
/// # Errors
/// The error of each address if none could be connected to; empty if there are
/// no addresses.
pub(crate) async fn race(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failures> {
    first(addresses, &EXTRA_SLOTS, |address| async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    })
    .await
}

/// The race for any kind of connection. Each attempt in addition to the first
/// takes a slot of `extra`, and waits if none is free. Dropping the race
/// cancels all attempts.
async fn first<S, F: Future<Output = io::Result<S>>>(
    addresses: &[SocketAddr],
    extra: &Semaphore,
    open: impl Fn(SocketAddr) -> F,
) -> Result<(S, SocketAddr), Failures> {
    let mut waiting = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    let mut next_at = Instant::now();
    loop {
        if running.is_empty() {
            let Some(address) = waiting.next() else {
                return Err(failures);
            };
            running.push(attempt(address, open(address), None));
            next_at = Instant::now() + NEXT_AFTER;
        } else if Instant::now() >= next_at {
            if let Ok(slot) = extra.try_acquire()
                && let Some(address) = waiting.next()
            {
                running.push(attempt(address, open(address), Some(slot)));
            }
            next_at = Instant::now() + NEXT_AFTER;
        }
        tokio::select! {
            Some((address, opened)) = running.next() => match opened {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    failures.push((address, error));
                    // RFC 8305, section 5: a failure starts the next attempt
                    // immediately.
                    next_at = Instant::now();
                }
            },
            () = sleep_until(next_at), if waiting.len() > 0 => {}
        }
    }
}

/// One attempt, with its slot.
async fn attempt<S>(
    address: SocketAddr,
    opening: impl Future<Output = io::Result<S>>,
    slot: Option<SemaphorePermit<'_>>,
) -> (SocketAddr, io::Result<S>) {
    let opened = opening.await;
    drop(slot);
    (address, opened)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::{
        future::pending,
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use tokio::{
        runtime::Builder,
        time::{sleep, timeout},
    };

    use super::*;

    fn run<T>(race: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            timeout(Duration::from_secs(20), race)
                .await
                .expect("it ends")
        })
    }

    fn addresses(count: u8) -> Vec<SocketAddr> {
        (1..=count)
            .map(|last| SocketAddr::from(([192, 0, 2, last], 80)))
            .collect()
    }

    fn refused() -> io::Error {
        io::ErrorKind::ConnectionRefused.into()
    }

    fn last(address: SocketAddr) -> String {
        address.to_string()
    }

    #[test]
    fn an_address_that_does_not_answer_holds_the_next_up_for_a_quarter_of_a_second() {
        let begun = std::time::Instant::now();
        let all = addresses(3);
        let open = |address: SocketAddr| async move {
            if address == addresses(3)[2] {
                Ok("here")
            } else {
                pending().await
            }
        };
        let (said, winner) = run(first(&all, &EXTRA_SLOTS, open)).expect("a connection");
        assert_eq!((said, winner), ("here", all[2]));
        assert!(begun.elapsed() >= 2 * NEXT_AFTER, "{:?}", begun.elapsed());
    }

    #[test]
    fn an_address_that_refuses_does_not_hold_the_next_up() {
        let begun = std::time::Instant::now();
        let all = addresses(16);
        let open = |address: SocketAddr| async move {
            if address == addresses(16)[15] {
                Ok(())
            } else {
                Err(refused())
            }
        };
        let (_, winner) = run(first(&all, &EXTRA_SLOTS, open)).expect("a connection");
        assert_eq!(winner, all[15]);
        // Fifteen waits would be nearly four seconds.
        assert!(begun.elapsed() < 8 * NEXT_AFTER, "{:?}", begun.elapsed());
    }

    #[test]
    fn the_first_address_wins_where_it_answers_in_time_and_no_other_is_tried() {
        let tried = Arc::new(AtomicUsize::new(0));
        let open = |_: SocketAddr| {
            tried.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        };
        let all = addresses(4);
        let (_, winner) = run(first(&all, &EXTRA_SLOTS, open)).expect("a connection");
        assert_eq!((winner, tried.load(Ordering::Relaxed)), (all[0], 1));
    }

    #[test]
    fn a_slow_address_can_still_win_when_the_others_fail() {
        let all = addresses(3);
        let open = |address: SocketAddr| async move {
            if address == addresses(3)[0] {
                sleep(2 * NEXT_AFTER).await;
                Ok(())
            } else {
                Err(refused())
            }
        };
        let (_, winner) = run(first(&all, &EXTRA_SLOTS, open)).expect("a connection");
        assert_eq!(winner, all[0]);
    }

    #[test]
    fn where_none_answers_each_says_why() {
        let all = addresses(2);
        let open = |_: SocketAddr| async { Err::<(), _>(refused()) };
        let failures = run(first(&all, &EXTRA_SLOTS, open)).expect_err("nothing");
        let tried: Vec<_> = failures.iter().map(|(address, _)| last(*address)).collect();
        assert_eq!(tried, ["192.0.2.1:80", "192.0.2.2:80"]);
        assert!(
            run(first(&[], &EXTRA_SLOTS, |_| async { Ok(()) }))
                .expect_err("nothing")
                .is_empty()
        );
    }

    #[test]
    fn parallel_attempts_are_bounded_for_the_whole_process() {
        let started = Arc::new(AtomicUsize::new(0));
        let open = |_: SocketAddr| {
            started.fetch_add(1, Ordering::Relaxed);
            pending::<io::Result<()>>()
        };
        let (all, extra) = (addresses(16), Semaphore::new(2));
        let races = async {
            tokio::select! {
                _ = first(&all, &extra, &open) => {}
                _ = first(&all, &extra, &open) => {}
                () = sleep(8 * NEXT_AFTER) => {}
            }
        };
        run(races);
        // One of each race, and the two beyond.
        assert_eq!(started.load(Ordering::Relaxed), 4);
        assert_eq!(extra.available_permits(), 2, "given up with the races");
    }

    #[test]
    fn the_losers_are_closed() {
        /// Counts what is open.
        struct Open(Arc<Mutex<i32>>);
        impl Open {
            fn new(count: &Arc<Mutex<i32>>) -> Self {
                *count.lock().expect("a count") += 1;
                Self(Arc::clone(count))
            }
        }
        impl Drop for Open {
            fn drop(&mut self) {
                *self.0.lock().expect("a count") -= 1;
            }
        }
        let count = Arc::new(Mutex::new(0));
        let all = addresses(3);
        let open = |address: SocketAddr| {
            let open = Open::new(&count);
            async move {
                if address == addresses(3)[2] {
                    Ok(open)
                } else {
                    pending().await
                }
            }
        };
        let won = run(first(&all, &EXTRA_SLOTS, open)).expect("a connection");
        assert_eq!(*count.lock().expect("a count"), 1);
        drop(won);
        assert_eq!(*count.lock().expect("a count"), 0);
    }
}
