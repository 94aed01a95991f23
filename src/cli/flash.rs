//! `switchboard flash`: chooses port and image, shows the progress of writing,
//! and prints what the board runs then. The crate `flash` does the work.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use flash::{Detected, Image, Images, Kind, Plan, Problem, Progress, Session, Step};
use sanitize::plain;
use serde_json::{Value, json};

use super::{
    Failure,
    output::{self, tell},
    progress_bar::ProgressBar,
    provision,
};

/// The arguments of `switchboard flash`.
pub(super) struct Options {
    pub(super) port: Option<String>,
    pub(super) image: Option<PathBuf>,
    /// Whether the image is written as it is, from address 0.
    pub(super) merged: bool,
    pub(super) board: Option<String>,
    pub(super) erase: bool,
    pub(super) json: bool,
}

/// Parses the address of `--at`.
pub(super) fn start(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match u32::from_str_radix(digits, 16) {
        Ok(0) => Ok(0),
        _ => Err("only a whole flash can be written as it is: --at 0x0".to_owned()),
    }
}

/// The exit status of a problem.
pub(super) fn status(problem: &Problem) -> u8 {
    match problem {
        Problem::File { .. }
        | Problem::NotAnImage { .. }
        | Problem::Damaged { .. }
        | Problem::Manifest { .. }
        | Problem::NoImage { .. } => 2,
        Problem::NoPorts | Problem::Port(serial::Problem::NoPort { .. }) => 3,
        Problem::Port(_) | Problem::NotInDownloadMode { .. } | Problem::Lost { .. } => 4,
        _ => 1,
    }
}

/// Runs the command.
pub(super) fn flash(options: &Options) -> Result<(), Failure> {
    let mut shown = Shown::new(options.json);
    let result = write(options, &mut shown);
    shown.end()?;
    if let (true, Err(Failure::Flash(problem))) = (options.json, &result) {
        print(&json!({
            "step": "failed", "reason": problem.reason(), "message": problem.to_string(),
        }))?;
    }
    result
}

fn write(options: &Options, shown: &mut Shown) -> Result<(), Failure> {
    let begun = Instant::now();
    // Before the board is restarted.
    let chosen = options
        .image
        .as_deref()
        .map(|path| given(path, options.merged))
        .transpose()?;
    let port = match &options.port {
        Some(port) => port.clone(),
        None => only_port(options.json)?,
    };
    // Ctrl+C ends the program, and a board can always be flashed again.
    let canceled = AtomicBool::new(false);
    shown.connecting(&port)?;
    let session = Session::open(&port, &canceled)?;
    let detected = session.detected().clone();
    shown.detected(&port, &detected)?;
    let image = match chosen {
        Some(image) => image,
        None => match suitable(&detected, options) {
            Ok(image) => image,
            Err(failure) => {
                // The other problem is the one to report.
                let _ = session.restart();
                return Err(failure);
            }
        },
    };
    let plan = Plan {
        image,
        erase: options.erase,
    };
    let mut printed = Ok(());
    session.flash(
        &plan,
        &mut |progress| {
            if printed.is_ok() {
                printed = shown.progress(progress);
            }
        },
        &canceled,
    )?;
    shown.end()?;
    printed?;
    let Image { name, version, .. } = &plan.image;
    if options.json {
        return Ok(print(&json!({
            "step": "done", "port": port, "chip": detected.chip.name(), "mac": detected.mac,
            "name": name, "version": version, "size": plan.image.size(),
            "took_ms": begun.elapsed().as_secs_f64() * 1e3,
        }))?);
    }
    let what = [name, version]
        .into_iter()
        .flatten()
        .map(|text| text::plain(text))
        .collect::<Vec<_>>()
        .join(" ");
    let what = if what.is_empty() { "the image" } else { &what };
    writeln!(
        output::out(),
        "{} on {port} runs {what}  ({})",
        detected.chip,
        text::short(begun.elapsed())
    )?;
    // A merged image may contain other firmware, without `provision`.
    if plan.image.kind == Kind::Application {
        tell(&format!(
            "To give it a network: switchboard provision --serial {port}"
        ));
    }
    Ok(())
}

/// The image that was named.
fn given(path: &Path, merged: bool) -> Result<Image, Failure> {
    let image = Image::read(path)?;
    let file = path.display();
    match (image.kind, merged) {
        (Kind::Merged, false) => Err(Failure::Usage(format!(
            "{file} is the whole content of a flash, with a boot loader and a partition table; to \
             write it as it is, add --at 0x0"
        ))),
        (Kind::Application, true) => Err(Failure::Usage(format!(
            "{file} is an application without a boot loader, and would not start at 0x0; leave out \
             --at, and boot loader and partition table are added"
        ))),
        _ => Ok(image),
    }
}

/// The port of the only likely board.
fn only_port(json: bool) -> Result<String, Failure> {
    let ports = flash::ports().map_err(Failure::NoAnswer)?;
    let likely = provision::likely(&ports);
    match likely[..] {
        [] => Err(Problem::NoPorts.into()),
        [port] => Ok(port.path.clone()),
        _ => {
            let mut out = output::out();
            for port in likely {
                if json {
                    let line = json!({
                        "port": port.path, "product": port.product(), "guess": port.guess(),
                    });
                    writeln!(out, "{}", plain::json(&line))?;
                } else {
                    writeln!(out, "{}", provision::port_line(port))?;
                }
            }
            Err(Failure::Usage(
                "several boards are connected; choose one of the listed ports with --port PORT"
                    .to_owned(),
            ))
        }
    }
}

/// The image for a chip, from those that were found.
fn suitable(detected: &Detected, options: &Options) -> Result<Image, Failure> {
    let images = Images::find(&Images::folders());
    for problem in &images.problems {
        tell(&text::plain(&problem.to_string()));
    }
    let wanted = |board: &str| {
        options
            .board
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(board))
    };
    let of_chip: Vec<_> = images.of(detected.chip).collect();
    let fitting: Vec<_> = of_chip
        .iter()
        .filter(|entry| wanted(&entry.described.board))
        .collect();
    match (&fitting[..], &of_chip[..]) {
        ([entry], _) => Ok(entry.read()?),
        (_, []) => Err(images.none_for(detected.chip).into()),
        _ => {
            let boards: Vec<_> = of_chip
                .iter()
                .map(|entry| text::plain(&entry.described.board))
                .collect();
            Err(Failure::Usage(format!(
                "choose the board with --board NAME: there are images for {}",
                boards.join(", ")
            )))
        }
    }
}

fn print(line: &Value) -> io::Result<()> {
    writeln!(output::out(), "{}", plain::json(line))
}

/// How progress is shown.
enum Shown {
    /// One object per line on standard output, one per percent at most.
    Json(Last),
    /// A bar on standard error.
    Bar(ProgressBar),
    /// A line on standard error for each step.
    Lines(Last),
}

/// What was shown last.
type Last = Option<(Step, u64)>;

impl Shown {
    fn new(json: bool) -> Self {
        if json {
            Self::Json(None)
        } else if io::stderr().is_terminal() {
            Self::Bar(ProgressBar::default())
        } else {
            Self::Lines(None)
        }
    }

    fn connecting(&self, port: &str) -> io::Result<()> {
        if matches!(self, Self::Json(_)) {
            return print(&json!({ "step": Step::Connecting.name(), "port": port }));
        }
        tell(&format!("{} on {port} ...", Step::Connecting));
        Ok(())
    }

    fn detected(&self, port: &str, detected: &Detected) -> io::Result<()> {
        let Detected {
            chip,
            revision,
            flash_size,
            mac,
        } = detected;
        let revision = revision.map(|(major, minor)| format!("{major}.{minor}"));
        if matches!(self, Self::Json(_)) {
            return print(&json!({
                "step": "detected", "port": port, "chip": chip.name(), "revision": revision,
                "flash_size": flash_size, "mac": mac,
            }));
        }
        let revision = revision.map_or_else(String::new, |it| format!(" revision {it}"));
        let mac = mac
            .as_ref()
            .map_or_else(String::new, |it| format!(", {it}"));
        let flash = flash_size >> 20;
        tell(&format!(
            "Found {chip}{revision} with {flash} MB of flash{mac}"
        ));
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> io::Result<()> {
        let Progress { step, done, total } = progress;
        let percent = (done * 100).checked_div(total).unwrap_or(0);
        match self {
            Self::Json(last) if *last != Some((step, percent)) => {
                *last = Some((step, percent));
                print(&json!({ "step": step.name(), "done": done, "total": total }))
            }
            Self::Bar(bar) => bar.draw(u8::try_from(percent).unwrap_or(100), &step.to_string()),
            Self::Lines(last) if last.is_none_or(|(shown, _)| shown != step) => {
                *last = Some((step, percent));
                tell(&format!("{step} ..."));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Moves to the line after the bar.
    fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Bar(bar) => std::mem::take(bar).end(),
            _ => Ok(()),
        }
    }
}
