//! Lets the Autobahn suite's fuzzing server test the app's WebSocket: every
//! case once, each message sent back.
//!
//!     cargo run --example autobahn_client -- ws://127.0.0.1:9001 [tungstenite|ewebsock]
//!
//! `tests/autobahn/client` starts the server and evaluates its report.

use std::{env, error::Error, process::ExitCode};

use switchboard::{fleet::Transport, trials::echo};
use tokio::runtime::Builder;

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
