//! Runs one board with components and hardware of your own on this computer.
//!
//! For projects that `switchboard new` makes: [`run`] is their main function.

pub mod components;

use std::{
    cell::RefCell,
    io::{self, BufRead, Write},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::Duration,
};

use async_channel::{Receiver, Sender};
use clap::Parser;
use embassy_futures::select::{Either, select, select4};
use serde_json::json;
use server::{ServerSettings, Shared, run_outbound, serve};
use tokio::runtime::{Builder, LocalOptions};

pub use ::board;
pub use ::protocol;

pub use crate::motor::Motor;

use crate::{
    Options, StartError,
    announce::Announcer,
    clock::HostClock,
    command::Command,
    lifecycle::listen_again,
    memory::Memory,
    network::Network,
    options::{ActionError, Listening},
    socket::Acceptor,
};
use ::board::{Hardware, Plan};
use ::protocol::{Epoch, Source};

/// A board on this computer, over real sockets and real mDNS.
#[derive(Debug, Clone, Parser)]
#[command(
    after_help = "When it listens, it prints one line of JSON. It reads commands from \
    standard input, as if you were at the board:\n  \
    press NAME button:0\n  \
    set NAME sensor:0 value=21.5\n  \
    quit\n\
    It ends with its standard input."
)]
struct Arguments {
    /// Name of the board, instead of its own
    #[arg(long)]
    name: Option<String>,
    /// Identity of the board, instead of its own: lowercase letters, digits and
    /// hyphens
    #[arg(long)]
    id: Option<String>,
    /// Address to listen on; 0.0.0.0 is every interface
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Port to listen on; 0 is any free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Save the board's name and state in this file; without it, they last
    /// until the program ends
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Do not announce the board by mDNS
    #[arg(long)]
    no_mdns: bool,
    /// mDNS service type to announce, with its domain
    #[arg(long, hide = true)]
    service: Option<String>,
}

/// Runs the board until it is interrupted, told to quit, or its standard input
/// ends. Reads the program's arguments; `--help` lists them. `hardware` is
/// called at each boot.
pub fn run<H: Hardware>(plan: Plan, hardware: impl Fn() -> H) -> ExitCode {
    match live(Arguments::parse(), plan, hardware) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

/// A value that swings slowly from `low` to `high` and back, for a simulated
/// sensor: once in two minutes.
#[must_use]
pub fn wave(now: Duration, low: f64, high: f64) -> f64 {
    let turn = now.as_secs_f64() / 120.0 * std::f64::consts::TAU;
    low + (high - low) * (1.0 - turn.cos()) / 2.0
}

/// Fills `bytes` from the system's source of random numbers.
#[must_use]
pub fn random(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

/// A MAC address for a board without hardware: locally administered, and the
/// same for the same id.
#[must_use]
pub fn mac(id: &str) -> String {
    // FNV-1a, 64 bits.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [.., a, b, c, d, e] = hash.to_be_bytes();
    format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}")
}

fn live<H: Hardware>(
    arguments: Arguments,
    mut plan: Plan,
    hardware: impl Fn() -> H,
) -> Result<(), StartError> {
    if let Some(id) = arguments.id {
        plan.identity.mac = mac(&id);
        plan.identity.id = id;
    }
    plan.identity.name = arguments.name.unwrap_or(plan.identity.name);
    let (lines, input) = async_channel::unbounded();
    let interrupted = lines.clone();
    // Before the board is announced.
    if let Err(error) = ctrlc::set_handler(move || _ = interrupted.close()) {
        eprintln!("Ctrl-C will end the board without an mDNS goodbye: {error}");
    }
    thread::spawn(move || read_lines(&lines));
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
        .map_err(StartError::Thread)?;
    let address = SocketAddr::new(arguments.bind, arguments.port);
    let service = arguments.service.unwrap_or(Options::default().service);
    let announcer = match arguments.no_mdns {
        true => None,
        false => Some(Announcer::start(address.ip(), service, 1).map_err(StartError::Mdns)?),
    };
    let memory = match arguments.state {
        None => Memory::default(),
        Some(path) => {
            Memory::in_file(&path).map_err(|source| StartError::State { path, source })?
        }
    };
    let id = plan.identity.id.clone();
    let lived = runtime.block_on(boots(
        (&plan, &hardware, memory),
        address,
        announcer.as_ref(),
        &input,
    ));
    if let Some(announcer) = announcer {
        runtime.block_on(announcer.say_goodbye(std::iter::once(id)));
    }
    lived
}

/// Boots the board, and again whenever it restarts.
async fn boots<H: Hardware>(
    (plan, hardware, memory): (&Plan, &impl Fn() -> H, Memory),
    address: SocketAddr,
    announcer: Option<&Announcer>,
    input: &Receiver<String>,
) -> Result<(), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let memory = RefCell::new(memory);
    let mut acceptor = Acceptor::bind(address).map_err(failed)?;
    let address = acceptor.address().map_err(failed)?;
    let mut is_first = true;
    loop {
        let epoch = Epoch(fastrand::u32(..));
        let retained = memory.borrow().retained();
        let clock = HostClock::start();
        let board = Shared::new(plan.clone(), &retained, epoch, hardware(), clock)
            .map_err(|reason| StartError::Plan { number: 1, reason })?;
        if is_first {
            print(&listening(&board, address));
        }
        is_first = false;
        let settings = ServerSettings::for_controllers(plan.controllers);
        let serving = serve(&acceptor, &board, &settings);
        let keeping = board.keep(async |unsaved| {
            let saved = memory.borrow_mut().save(unsaved);
            saved.inspect_err(|error| eprintln!("the board cannot save its state: {error}"))
        });
        let calling = run_outbound(&Network, &board);
        let announcing = announce(&board, address, announcer);
        let living = select4(serving, keeping, calling, announcing);
        if let Either::Second(()) = select(living, obey(&board, address, input)).await {
            return Ok(());
        }
        drop(acceptor);
        acceptor = listen_again(address).await.map_err(failed)?;
    }
}

fn listening<H: Hardware>(board: &Shared<H, HostClock>, address: SocketAddr) -> Listening {
    let identity = board.identity();
    Listening {
        id: identity.id,
        name: identity.name,
        address,
    }
}

/// Announces the board, and again whenever its announcement changes, forever.
async fn announce<H: Hardware>(
    board: &Shared<H, HostClock>,
    address: SocketAddr,
    announcer: Option<&Announcer>,
) {
    loop {
        let announcement = board.announcement();
        if let Some(announcer) = announcer
            && let Err(error) = announcer.announce(&announcement, address).await
        {
            eprintln!("the board cannot be announced: {error}");
        }
        board.announcement_changed(&announcement).await;
    }
}

/// Carries out lines of standard input until it ends or says `quit`.
async fn obey<H: Hardware>(
    board: &Shared<H, HostClock>,
    address: SocketAddr,
    input: &Receiver<String>,
) {
    while let Ok(line) = input.recv().await {
        let problem = match Command::parse(&line) {
            Ok(None) => None,
            Ok(Some(Command::Quit)) => return,
            Ok(Some(command)) => carry_out(&listening(board, address), board, command)
                .err()
                .map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            print(&json!({ "error": problem }));
        }
    }
}

fn carry_out<H: Hardware>(
    this: &Listening,
    shared: &Shared<H, HostClock>,
    command: Command,
) -> Result<(), ActionError> {
    let is_this = |named: String| match named == this.id || named == this.name {
        true => Ok(()),
        false => Err(ActionError::NoSuchBoard(named)),
    };
    match command {
        Command::Press {
            board,
            button,
            event,
        } => {
            is_this(board)?;
            shared.press(&button, &event)?;
        }
        Command::Set {
            board,
            component,
            change,
        } => {
            is_this(board)?;
            shared.observe(&component, change, Source::Physical)?;
        }
        Command::Erase { board } => {
            is_this(board)?;
            shared.factory_reset();
        }
        Command::Pair { board } => {
            is_this(board)?;
            shared.open_pairing();
        }
        Command::Call { board, url } => {
            is_this(board)?;
            shared.set_outbound(url)?;
        }
        Command::Stop { board } | Command::Start { board } => {
            is_this(board)?;
            return Err(ActionError::OnlyRuns);
        }
        Command::Quit => {}
    }
    Ok(())
}

/// Forwards lines from standard input until it ends.
fn read_lines(lines: &Sender<String>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if lines.send_blocking(line).is_err() {
            break;
        }
    }
    lines.close();
}

/// Prints one line. The board goes on if standard output is closed.
fn print(line: &impl serde::Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        let mut out = io::stdout();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_stays_within_its_bounds() {
        for second in 0..240 {
            let value = wave(Duration::from_secs(second), 18.0, 26.0);
            assert!((18.0..=26.0).contains(&value), "{value}");
        }
    }

    #[test]
    fn an_address_is_locally_administered_and_belongs_to_the_id() {
        assert_eq!(mac("desk-lamp"), mac("desk-lamp"));
        assert_ne!(mac("desk-lamp"), mac("desk-lamp-2"));
        assert!(mac("desk-lamp").starts_with("02:") && mac("").len() == 17);
    }
}
