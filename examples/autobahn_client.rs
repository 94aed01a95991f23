//! Lets the Autobahn suite's fuzzing server test the app's WebSocket: every
//! case once, each message sent back.
//!
//!     cargo run --example autobahn_client -- ws://127.0.0.1:9001 [tungstenite|ewebsock]
//!
//! `tests/autobahn/client` starts the server and evaluates its report.

use std::{env, error::Error, process::ExitCode};

use engine::transport::{Opening, Socket, SocketEvent, Transport, Unread};
use fleet::{AddressError, Candidates};
use link::{output::Payload, socket::Ending, target::Destination};
use tokio::{runtime::Builder, sync::mpsc};

const AGENT: &str = "switchboard";

fn main() -> ExitCode {
    let Some(server) = env::args().nth(1) else {
        eprintln!(
            "autobahn_client: the fuzzing server's address is missing, for example \
                 ws://127.0.0.1:9001"
        );
        return ExitCode::FAILURE;
    };
    let transport = match env::args()
        .nth(2)
        .map_or(Ok(Transport::Tungstenite), |name| name.parse())
    {
        Ok(transport) => transport,
        Err(error) => {
            eprintln!("autobahn_client: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&server, transport) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn_client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(server: &str, transport: Transport) -> Result<(), Box<dyn Error>> {
    let host = server.trim_end_matches('/');
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let counted = echo(host, "/getCaseCount", transport).await?;
        let cases: u32 = counted
            .first
            .as_ref()
            .ok_or(format!("no number of cases: {counted:?}"))?
            .parse()?;
        let mut refused = 0;
        for case in 1..=cases {
            let echoed = echo(
                host,
                &format!("/runCase?case={case}&agent={AGENT}"),
                transport,
            )
            .await?;
            refused += u32::from(echoed.problem.is_some());
        }
        println!("{cases} connections; the app closed {refused} because of what the server sent");
        match echo(host, &format!("/updateReports?agent={AGENT}"), transport)
            .await?
            .problem
        {
            None => Ok(()),
            Some(problem) => Err(problem.into()),
        }
    })
}

/// The result of an echo connection.
#[derive(Debug)]
struct Echoed {
    /// The first text message.
    first: Option<String>,
    /// How it ended, unless the server closed it.
    problem: Option<String>,
}

/// Connects without a subprotocol and sends every message back, text and
/// binary, until the connection ends. Must run on a `current_thread` runtime of
/// tokio.
///
/// # Errors
/// `address` is invalid.
async fn echo(address: &str, path: &str, transport: Transport) -> Result<Echoed, AddressError> {
    let to = Destination {
        addresses: Candidates::given(address.parse()?),
        last: Vec::new(),
        via: None,
    };
    let mut echoed = Echoed {
        first: None,
        problem: None,
    };
    let (events, mut arrived) = mpsc::unbounded_channel();
    let unread = Unread::default();
    let tell = move |event| drop(events.send(event));
    let socket = Socket::open(
        Opening {
            transport,
            ..Opening::alone(to, path)
        },
        unread.clone(),
        tell,
    );
    while let Some(event) = arrived.recv().await {
        unread.read(&event);
        match event {
            SocketEvent::Text(text) => {
                echoed.first.get_or_insert_with(|| text.clone());
                socket.send(Payload::Text(text));
            }
            SocketEvent::Binary(bytes) => socket.send(Payload::Binary(bytes)),
            SocketEvent::Queued
            | SocketEvent::Started(_)
            | SocketEvent::Reached(_)
            | SocketEvent::Opened
            | SocketEvent::Mqtt { .. }
            | SocketEvent::Ping
            | SocketEvent::Pong => {}
            SocketEvent::Ended(Ending::Closed) => break,
            SocketEvent::Ended(ending) => {
                echoed.problem = Some(format!("{ending:?}"));
                break;
            }
        }
    }
    Ok(echoed)
}
