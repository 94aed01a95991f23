//! A board at its connection limit: which connections are accepted, which are
//! evicted, and which are left alone. No timeout expires here.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::served::{Client, FIN, Outcome, Served, TEXT, ping};

const NEVER: Duration = Duration::from_secs(3_600);

/// A board without timeouts.
fn patient(connections: usize) -> Result<Served, Box<dyn std::error::Error>> {
    Served::with(4, |settings| {
        settings.connections = connections;
        (
            settings.head_timeout,
            settings.body_timeout,
            settings.keep_alive,
        ) = (NEVER, NEVER, NEVER);
    })
}

fn several(number: usize, connect: impl Fn() -> io::Result<Client>) -> io::Result<Vec<Client>> {
    (0..number).map(|_| connect()).collect()
}

/// Four controllers connect, a fifth is told why it cannot, and the four are
/// unaffected.
fn four_controllers_and_no_fifth(board: &Served) -> Outcome {
    let mut four = several(4, || board.controller())?;
    let (fifth, _) = board.websocket("/rpc", "")?;
    assert_eq!(fifth.status, 503);
    assert!(fifth.body.contains("all_places_taken"), "{}", fifth.body);
    for controller in &mut four {
        assert!(controller.call(&ping(1))?.contains("result"));
    }
    Ok(())
}

#[test]
fn silent_connections_keep_no_controller_out() -> Outcome {
    let board = patient(8)?;
    let mut strangers = several(8, || board.client())?;
    four_controllers_and_no_fifth(&board)?;
    assert!(strangers[0].has_ended());
    Ok(())
}

#[test]
fn unfinished_requests_keep_no_controller_out() -> Outcome {
    let board = patient(8)?;
    let slowly = |begun: &'static str| {
        several(4, || {
            let mut client = board.client()?;
            client.send(begun.as_bytes())?;
            Ok(client)
        })
    };
    let _heads = slowly("GET / HTTP/1.1\r\nHo")?;
    let _bodies = slowly("POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: 9\r\n\r\n{")?;
    four_controllers_and_no_fifth(&board)
}

#[test]
fn kept_alive_connections_keep_no_controller_out() -> Outcome {
    let board = patient(8)?;
    let _kept = several(8, || {
        let mut client = board.client()?;
        assert_eq!(client.post(&ping(1))?.status, 200);
        Ok(client)
    })?;
    four_controllers_and_no_fifth(&board)
}

#[test]
fn echoes_have_two_slots_and_keep_no_controller_out() -> Outcome {
    let board = patient(8)?;
    let echo = || {
        let (response, client) = board.websocket("/ws", "")?;
        if response.status == 101 {
            Ok(client)
        } else {
            Err(io::Error::other(format!("{response:?}")))
        }
    };
    let mut two = several(2, echo)?;
    let (third, _) = board.websocket("/ws", "")?;
    assert_eq!(third.status, 503);
    assert!(
        third.body.contains("/ws, /log and /telemetry"),
        "{}",
        third.body
    );
    let _strangers = several(8, || board.client())?;
    four_controllers_and_no_fifth(&board)?;
    // They were not evicted either.
    for client in &mut two {
        client.send(&Client::frame(FIN | TEXT, b"still here"))?;
        assert_eq!(client.text()?, "still here");
    }
    // A slot is free again once an echo has disconnected.
    drop(two);
    let deadline = std::time::Instant::now() + crate::served::PATIENCE;
    while let Err(error) = echo() {
        assert!(std::time::Instant::now() < deadline, "{error}");
    }
    Ok(())
}

#[test]
fn served_connections_are_evicted_before_those_without_a_request() -> Outcome {
    let board = patient(3)?;
    let mut silent = board.client()?;
    let mut served = several(2, || {
        let mut client = board.client()?;
        assert_eq!(client.post(&ping(1))?.status, 200);
        Ok(client)
    })?;
    let mut newcomer = board.client()?;
    assert_eq!(newcomer.post(&ping(2))?.status, 200);
    assert!(
        served[0].has_ended(),
        "the one that has been idle longest is evicted"
    );
    assert_eq!(served[1].post(&ping(3))?.status, 200);
    assert_eq!(silent.post(&ping(4))?.status, 200);
    Ok(())
}

#[test]
fn a_new_connection_is_refused_when_no_open_one_is_idle() -> Outcome {
    let board = patient(2)?;
    let mut controllers = several(2, || board.controller())?;
    let refused = board
        .client()?
        .ask("GET / HTTP/1.1\r\nHost: b.local\r\n\r\n")?;
    assert_eq!(
        (refused.status, refused.field("Content-Type")),
        (503, Some("text/plain; charset=utf-8"))
    );
    for controller in &mut controllers {
        assert!(controller.call(&ping(1))?.contains("result"));
    }
    Ok(())
}

#[test]
fn a_client_that_never_stops_sending_does_not_starve_the_others() -> Outcome {
    let board = patient(8)?;
    let mut honest = board.controller()?;
    let fragment_of_nothing = Client::frame(0, b"").repeat(1_000);
    for (begins, goes_on) in [
        // It violated the protocol and is told so; what it sends after that is
        // read and discarded for a short time.
        (vec![0xff; 64], vec![0xff; 16 * 1_024]),
        (Client::frame(TEXT, b"{"), fragment_of_nothing),
    ] {
        let mut pouring = board.controller()?;
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let thread = thread::spawn(move || {
            // It also ends when it is evicted.
            let mut sent = pouring.send(&begins);
            while sent.is_ok() && !ended.load(Ordering::Relaxed) {
                sent = pouring.send(&goes_on);
            }
        });
        for id in 0..50 {
            assert!(honest.call(&ping(id))?.contains("result"));
        }
        over.store(true, Ordering::Relaxed);
        thread.join().map_err(|_| "the sending thread panicked")?;
    }
    Ok(())
}
