//! `switchboard replay`: plays a recording with virtual boards, and prints
//! where they are.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::mpsc::channel,
};

use jiff::Timestamp;
use record::Window;
use serde_json::json;

use super::{Failure, output};
use crate::playback::{Event, Playback, Settings};
use sanitize::plain;
use virtual_board::replay::ReplayOptions;

/// The arguments of `switchboard replay`.
#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// The first file of a recording, for example lab.jsonl.gz; lab.2.jsonl.gz
    /// and so on follow it.
    file: PathBuf,
    /// The speed: 1 is as recorded, 10 is ten times as fast, 0.5 half as fast.
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    speed: f64,
    /// Begin this long after the beginning, for example 90s or 2h.
    #[arg(long, value_name = "TIME")]
    from: Option<super::typed::Wait>,
    /// End this long after the beginning.
    #[arg(long, value_name = "TIME")]
    to: Option<super::typed::Wait>,
    /// Only this board, by its recorded id or name; can be repeated.
    #[arg(long, value_name = "BOARD", value_parser = super::args::board)]
    board: Vec<String>,
    /// Address to listen on; 0.0.0.0 is every interface.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Port of the first board, the others use the following ones; 0 is any
    /// free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Do not announce the boards by mDNS.
    #[arg(long)]
    no_mdns: bool,
    /// Begin at once instead of when a controller is connected.
    #[arg(long)]
    now: bool,
    /// Keep boards reachable even while the recorded ones were not.
    #[arg(long)]
    keep_connected: bool,
    /// Exit at the end of the recording; by default the boards stay until
    /// interrupted.
    #[arg(long)]
    exit: bool,
    /// Print one JSON object per line.
    #[arg(long)]
    json: bool,
}

/// What the main thread waits for.
enum Input {
    Event(Event),
    Interrupted,
}

fn speed(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix('x').unwrap_or(text).parse();
    match number {
        Ok(speed) if Window::SPEEDS.contains(&speed) => Ok(speed),
        _ => Err("expected a factor from 0.01 to 100000, for example 10"),
    }
}

/// Runs the command.
pub(super) fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    let (inputs, received) = channel();
    let interrupted = inputs.clone();
    super::on_interrupt(move || drop(interrupted.send(Input::Interrupted)))
        .map_err(Failure::Replay)?;
    let settings = Settings {
        window: Window {
            speed: args.speed,
            from: args.from.map_or(0.0, |from| from.0.as_secs_f64()),
            to: args.to.map(|to| to.0.as_secs_f64()),
            boards: args.board.clone(),
        },
        boards: ReplayOptions {
            bind: args.bind,
            port: args.port,
            mdns: !args.no_mdns,
            ..ReplayOptions::default()
        },
        at_once: args.now,
        keep_connected: args.keep_connected,
    };
    let tell = move |event| {
        // The main thread has ended.
        let _ = inputs.send(Input::Event(event));
    };
    let playback = Playback::start(&args.file, settings, tell)
        .map_err(|error| Failure::Replay(error.to_string()))?;
    let mut problem = None;
    while let Ok(input) = received.recv() {
        let Input::Event(event) = input else {
            break;
        };
        print(&event, args.json)?;
        if let Event::Ended(why) = event {
            problem = why;
            if args.exit || problem.is_some() {
                break;
            }
            if !args.json {
                output::tell("the boards stay with their last state; Ctrl+C ends them");
            }
        }
    }
    drop(playback);
    problem.map_or(Ok(()), |why| Err(Failure::Replay(why)))
}

fn print(event: &Event, as_json: bool) -> Result<(), Failure> {
    let mut out = output::out();
    if as_json {
        let line = match event {
            Event::Board(board) => json!({
                "board": board.id, "name": board.name, "address": board.address.to_string(),
            }),
            Event::Skipped(id) => json!({ "skipped": id }),
            Event::Note(note) => json!({ "note": note }),
            Event::Waiting => json!({ "waiting": true }),
            Event::Playing(at) => json!({ "playing": at }),
            Event::Ended(None) => json!({ "ended": true }),
            Event::Ended(Some(problem)) => json!({ "ended": true, "problem": problem }),
        };
        writeln!(out, "{}", plain::json(&line))?;
        return Ok(out.flush()?);
    }
    match event {
        Event::Board(board) => {
            writeln!(out, "{} ({}) at {}", board.name, board.id, board.address)?;
            out.flush()?;
        }
        Event::Skipped(id) => output::say(format_args!(
            "{id} is left out: it was never connected during the recording"
        )),
        Event::Note(note) => output::say(note),
        Event::Waiting => output::tell(
            "waiting for a controller, for example `switchboard` or `switchboard watch`; \
             --now begins without one",
        ),
        Event::Playing(at) => output::tell(&format!("replaying from {}", moment(*at))),
        Event::Ended(None) => output::tell("the recording has ended"),
        Event::Ended(Some(_)) => {}
    }
    Ok(())
}

/// A recorded time as people read it.
fn moment(at: f64) -> String {
    let (zone, _) = text::local_zone();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seconds since 1970 fit; others saturate and are refused"
    )]
    let seconds = at as i64;
    match Timestamp::from_second(seconds) {
        Ok(at) => at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}
