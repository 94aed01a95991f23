//! Boards that are announced or typed but do not answer: what they cost the
//! app, and whether other boards have to wait for them.

use std::{
    io::Read,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    SOON,
    announcements::Liar,
    process::{Victim, print},
};

/// The maximum number of concurrent connection attempts.
const AT_ONCE: usize = 256;

/// What the app has open in addition: its runtime, its output, mDNS, the links
/// of honest boards.
const OTHER_FILES: usize = 64;

/// Accepts every connection, reads requests, and sends nothing.
struct Tarpit {
    port: u16,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    /// One message for each connection, which is closed when the connection is.
    accepted: Receiver<Receiver<()>>,
}

impl Tarpit {
    fn open() -> Self {
        // Every address of this computer's loopback network.
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (tell, accepted) = channel();
        let (now, highest) = (Arc::clone(&open), Arc::clone(&most));
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (until_closed, closed) = channel::<()>();
                highest.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                let now = Arc::clone(&now);
                thread::spawn(move || {
                    let mut request = [0; 1_024];
                    while stream.read(&mut request).is_ok_and(|count| count > 0) {}
                    now.fetch_sub(1, Ordering::Relaxed);
                    drop(until_closed);
                });
                if tell.send(closed).is_err() {
                    return;
                }
            }
        });
        Self {
            port,
            open,
            most,
            accepted,
        }
    }
}

fn private_service() -> String {
    static COUNT: Mutex<u32> = Mutex::new(0);
    let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    *count += 1;
    format!(
        "_sws{}-{:x}._tcp.local.",
        std::process::id() & 0xf_ffff,
        *count
    )
}

#[test]
fn an_abandoned_attempt_closes_its_socket_before_the_next_one_starts() {
    let mut app = Victim::fleet(&private_service());
    let tarpit = Tarpit::open();
    app.tell(&format!("add 127.0.0.1:{}", tarpit.port));
    // 10 s for an attempt, and the backoff.
    let next = || {
        tarpit
            .accepted
            .recv_timeout(Duration::from_secs(20) + SOON)
            .expect("an attempt")
    };
    let first = next();
    let begun = Instant::now();
    let _second = next();
    let again = begun.elapsed();
    let closed = first.recv_timeout(SOON);
    assert!(
        closed.is_err_and(|end| end == std::sync::mpsc::RecvTimeoutError::Disconnected),
        "the first is still open"
    );
    let open = tarpit.open.load(Ordering::Relaxed);
    print(
        "one board that never answers",
        app.used(),
        &format!("again after {again:.1?}; {open} open at once"),
    );
    assert_eq!(open, 1);
}

#[test]
fn three_thousand_announced_boards_that_never_answer_do_not_block_others() {
    let service = private_service();
    let mut app = Victim::fleet(&service);
    let tarpit = Tarpit::open();
    let liar = Liar::of(&service);
    app.measure_from_now();
    for number in 0..3_000_u16 {
        let [high, low] = number.to_be_bytes();
        let host = Ipv4Addr::new(127, 1, high, low.max(1));
        liar.announce_at(&format!("sb-pit-{number}"), b"Desk lamp", host, tarpit.port);
        thread::sleep(Duration::from_millis(1));
    }
    let end = Instant::now() + SOON;
    while tarpit.open.load(Ordering::Relaxed) < AT_ONCE / 2 {
        assert!(
            Instant::now() < end,
            "{} attempts",
            tarpit.open.load(Ordering::Relaxed)
        );
        thread::sleep(Duration::from_millis(10));
    }
    let options = Options {
        profile: Profile::Lamp,
        service,
        ..Options::default()
    };
    let honest = VirtualBoards::start(options).expect("a board");
    let id = honest.list()[0].id.clone();
    let begun = Instant::now();
    app.hears("that the honest board is connected", |told| {
        told["id"] == *id && told["link"] == "connected"
    });
    let (took, used) = (begun.elapsed(), app.used());
    let most = tarpit.most.load(Ordering::Relaxed);
    let told =
        format!("{most} sockets at once at most; the honest board is connected after {took:.1?}");
    print("3,000 announced boards that never answer", used, &told);
    // Not `most`: what the app has closed can still be open at the peer.
    assert!(
        used.files <= AT_ONCE + OTHER_FILES,
        "{most} sockets, {} files",
        used.files
    );
}
