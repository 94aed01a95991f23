//! Commands a board that a bridge forwards, until standard input ends, and
//! prints one line of JSON per command with what became of it. For
//! `tests/mqtt/peers`.
//!
//! ```text
//! sender mqtt://HOST BOARD
//! ```

use std::{
    env,
    error::Error,
    io::{self, BufRead},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{BoardKey, Broker, Fleet, LinkState, Outcome};
use protocol::Object;
use serde_json::json;

/// How long the board may take to appear.
const FOUND_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two commands.
const PAUSE: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(broker), Some(board)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sender mqtt://HOST BOARD".into());
    };
    let settings = Settings {
        discovery: None,
        brokers: vec![Broker::new(broker.parse()?)],
        ..Settings::default()
    };
    let fleet = engine::start(settings)?;
    let key = found(&fleet, &board)?;
    println!("{}", json!({ "ready": board }));
    let (end, ended) = channel::<()>();
    thread::spawn(move || {
        io::stdin().lock().lines().for_each(drop);
        drop(end);
    });
    let params = Object::from_iter([("id".to_owned(), json!(0))]);
    for number in 0_u64.. {
        let (reply, outcomes) = channel();
        let sent = Instant::now();
        fleet.call(
            key,
            "Switch.Toggle",
            params.clone(),
            Some(Box::new(move |outcome| {
                // The loop has ended.
                let _ = reply.send(outcome);
            })),
        );
        let outcome = outcomes.recv()?;
        let took = sent.elapsed().as_millis();
        let (outcome, told) = (word(&outcome), told(&outcome));
        let line = json!({ "command": number, "outcome": outcome, "ms": took, "told": told });
        println!("{line}");
        if ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    Ok(())
}

/// Waits until the board is connected through the broker.
fn found(fleet: &Fleet, board: &str) -> Result<BoardKey, Box<dyn Error>> {
    let (wake, woken) = channel();
    let mut watch = fleet.watch(move |_| {
        // Not after it was found.
        let _ = wake.send(());
    });
    let end = Instant::now() + FOUND_WITHIN;
    loop {
        for view in watch.drain().boards {
            if view.id.as_deref() == Some(board) && view.link == LinkState::Connected {
                return Ok(view.key);
            }
        }
        match woken.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(format!("{board} is not connected within {FOUND_WITHIN:?}").into());
            }
        }
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Unconfirmed => "unconfirmed",
        Outcome::LinkLost => "link lost",
        Outcome::NotConnected => "not connected",
        Outcome::Superseded => "superseded",
    }
}

/// Why a command was refused.
fn told(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused(error) => Some(error.to_string()),
        _ => None,
    }
}
