//! Connects to the first of several addresses that answers (RFC 8305, "Happy Eyeballs"): each is tried when the one before has failed, or has not
//! answered for a quarter of a second; the first connection that opens is kept and the others are closed. Decides no order.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

/// RFC 8305, section 8: "Connection Attempt Delay".
pub(crate) const NEXT_AFTER: Duration = Duration::from_millis(250);

/// Why none of several addresses was connected to, each with its own answer, in the order in which they failed.
pub(crate) type Failures = Vec<(SocketAddr, io::Error)>;

/// Connects with TCP, without Nagle's algorithm.
///
/// # Errors
/// What each address answered, where none of them opened. Without addresses there are none.
pub(crate) async fn race(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failures> {
    first(addresses, |address| async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    })
    .await
}

/// The race itself, whatever it is that opens. Dropped, it gives every attempt up.
async fn first<S, F: Future<Output = io::Result<S>>>(
    addresses: &[SocketAddr],
    open: impl Fn(SocketAddr) -> F,
) -> Result<(S, SocketAddr), Failures> {
    let mut waiting = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    let start = |address: SocketAddr| {
        let opening = open(address);
        async move { (address, opening.await) }
    };
    let mut next_at = Instant::now();
    loop {
        if running.is_empty() || Instant::now() >= next_at {
            match waiting.next() {
                Some(address) => running.push(start(address)),
                None if running.is_empty() => return Err(failures),
                None => {}
            }
            next_at = Instant::now() + NEXT_AFTER;
        }
        tokio::select! {
            Some((address, opened)) = running.next() => match opened {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    failures.push((address, error));
                    // RFC 8305, section 5: a failure starts the next attempt at once.
                    next_at = Instant::now();
                }
            },
            () = sleep_until(next_at), if waiting.len() > 0 => {}
        }
    }
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
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { timeout(Duration::from_secs(20), race).await.expect("it ends") })
    }

    fn addresses(count: u8) -> Vec<SocketAddr> {
        (1..=count).map(|last| SocketAddr::from(([192, 0, 2, last], 80))).collect()
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
        let open =
            |address: SocketAddr| async move { if address == addresses(3)[2] { Ok("here") } else { pending().await } };
        let (said, winner) = run(first(&all, open)).expect("a connection");
        assert_eq!((said, winner), ("here", all[2]));
        assert!(begun.elapsed() >= 2 * NEXT_AFTER, "{:?}", begun.elapsed());
    }

    #[test]
    fn an_address_that_refuses_holds_nobody_up() {
        let begun = std::time::Instant::now();
        let all = addresses(16);
        let open =
            |address: SocketAddr| async move { if address == addresses(16)[15] { Ok(()) } else { Err(refused()) } };
        let (_, winner) = run(first(&all, open)).expect("a connection");
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
        let (_, winner) = run(first(&all, open)).expect("a connection");
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
        let (_, winner) = run(first(&all, open)).expect("a connection");
        assert_eq!(winner, all[0]);
    }

    #[test]
    fn where_none_answers_each_says_why() {
        let all = addresses(2);
        let open = |_: SocketAddr| async { Err::<(), _>(refused()) };
        let failures = run(first(&all, open)).expect_err("nothing");
        let tried: Vec<_> = failures.iter().map(|(address, _)| last(*address)).collect();
        assert_eq!(tried, ["192.0.2.1:80", "192.0.2.2:80"]);
        assert!(run(first(&[], |_| async { Ok(()) })).expect_err("nothing").is_empty());
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
            async move { if address == addresses(3)[2] { Ok(open) } else { pending().await } }
        };
        let won = run(first(&all, open)).expect("a connection");
        assert_eq!(*count.lock().expect("a count"), 1);
        drop(won);
        assert_eq!(*count.lock().expect("a count"), 0);
    }
}
