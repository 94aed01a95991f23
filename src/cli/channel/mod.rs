//! `switchboard channel`: a WebSocket between standard input and standard
//! output.

mod args;
mod print;

use std::{
    io::{self, BufRead, BufWriter, Read, Write},
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    thread,
    time::{Duration, Instant},
};

pub(super) use args::ChannelArgs;

use self::print::Printer;
use super::{Failure, output};
use crate::{
    channel::{
        Channel, ChannelRuntime, ChannelSettings, ChannelState, ChannelStatus, ClosedBy, Content,
        Direction, EndCause, ReadError, Reader, Recorder, Retention, SendError, WhenFull,
    },
    fleet::StartError,
};

/// A longer line of standard input is sent in parts.
const LONGEST_LINE: u64 = 64 << 20;

/// So many lines of standard input are read ahead.
const AHEAD: usize = 64;

/// What is taken at once.
const BATCH: usize = 256;

/// Why a channel did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// It ended, or was never opened.
    #[error("{0}")]
    Cause(EndCause),
    /// It was closed in order, but too early.
    #[error("{cause}, after {came} of {wanted} messages")]
    TooEarly {
        cause: EndCause,
        came: u64,
        wanted: u64,
    },
    /// It was not open within the time.
    #[error("it was not open within the time that --for gives")]
    NeverOpen,
    /// The recording is none.
    #[error(transparent)]
    Recording(#[from] ReadError),
    /// The recording cannot be written.
    #[error("{0}")]
    Record(String),
}

impl Ended {
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Cause(cause) => match cause {
                EndCause::Certificates(_) => 2,
                EndCause::Unreachable(_)
                | EndCause::NoAnswer(_)
                | EndCause::Silent(_)
                | EndCause::Lost(_) => 4,
                _ => 1,
            },
            Self::TooEarly { .. } | Self::NeverOpen => 4,
            Self::Recording(_) | Self::Record(_) => 2,
        }
    }
}

/// Carries the command out.
pub(super) fn channel(args: ChannelArgs) -> Result<(), Failure> {
    match (&args.read, &args.place) {
        (Some(path), _) => read(path, &args),
        (None, Some(_)) => live(args),
        // The command line asks for one of them.
        (None, None) => Err(Failure::Usage(
            "an address is needed, for example ws://192.168.1.17/ws".to_owned(),
        )),
    }
}

/// Prints a recording.
fn read(path: &Path, args: &ChannelArgs) -> Result<(), Failure> {
    let printer = Printer::new(args);
    let mut out = BufWriter::new(output::bytes());
    let mut came = 0;
    for entry in Reader::open(path).map_err(Ended::from)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // What was read before it is there all the same.
                out.flush()?;
                return Err(Ended::from(error).into());
            }
        };
        came += u64::from(printer.entry(&entry, &mut out)?);
        if args.count == Some(came) {
            break;
        }
    }
    Ok(out.flush()?)
}

fn live(args: ChannelArgs) -> Result<(), Failure> {
    if args.repeat.is_some() && args.send.len() != 1 {
        return Err(Failure::Usage("--repeat repeats one --send".to_owned()));
    }
    let Some(place) = args.place.clone() else {
        return Ok(());
    };
    let address = place.to_string();
    let printer = Printer::new(&args);
    let recorder = args.record.as_ref().map(|path| {
        Recorder::create(path, &address).map_err(|error| {
            Ended::Record(format!("{} cannot be written: {error}", path.display()))
        })
    });
    let settings = ChannelSettings {
        headers: args
            .headers
            .into_iter()
            .flat_map(|headers| headers.0)
            .collect(),
        subprotocols: args.protocols,
        ca_file: args.ca,
        ping_interval: args.ping.map(|wait| wait.0),
        reconnect: args.reconnect,
        max_message: args.largest,
        // Nothing is left out, and a reader of the output that is slow slows
        // the server down.
        retention: Retention {
            entries: 1_024,
            bytes: 16 << 20,
            when_full: WhenFull::Wait,
        },
        ..ChannelSettings::new(place)
    };
    let recorder = recorder.transpose()?;
    let runtime = ChannelRuntime::start().map_err(StartError::Thread)?;
    let (wake, woken) = sync_channel(1);
    let waker = wake.clone();
    let channel = runtime.open_recorded(settings, recorder, Duration::ZERO, move || {
        // Full: it is woken anyway.
        let _ = waker.try_send(());
    });
    let input = match args.send.is_empty() {
        true => Input::standard(wake)?,
        false => Input::of(args.send),
    };
    let stays = args.count.is_some() || args.wait.is_some() || args.repeat.is_some();
    let linger = Linger::new(args.linger.0);
    let mut talk = Talk {
        channel,
        printer,
        input,
        stays,
        linger,
        repeat: args.repeat,
        count: args.count,
        came: 0,
        next: 0,
    };
    let ended = talk.go(
        &woken,
        args.wait
            .and_then(|wait| Instant::now().checked_add(wait.0)),
    );
    let recorded = talk.channel.record(None).map(Recorder::finish);
    ended?;
    match recorded {
        Some(Err(problem)) => Err(Ended::Record(problem).into()),
        _ => Ok(()),
    }
}

/// What is to be sent.
struct Input {
    lines: Option<Receiver<String>>,
    /// What was read and not yet sent.
    pending: std::collections::VecDeque<String>,
}

impl Input {
    fn of(texts: Vec<String>) -> Self {
        Self {
            lines: None,
            pending: texts.into(),
        }
    }

    /// Reads standard input on a thread, a little ahead.
    fn standard(wake: SyncSender<()>) -> io::Result<Self> {
        let (sender, lines) = sync_channel(AHEAD);
        thread::Builder::new()
            .name("standard input".to_owned())
            .spawn(move || {
                let mut input = io::stdin().lock();
                while let Some(line) = line(&mut input)
                    && sender.send(line).is_ok()
                {
                    let _ = wake.try_send(());
                }
                drop(sender);
                let _ = wake.try_send(());
            })?;
        Ok(Self {
            lines: Some(lines),
            pending: Default::default(),
        })
    }

    /// What is to be sent next; it stays the next until it is taken.
    fn next(&mut self) -> Option<&String> {
        if self.pending.is_empty()
            && let Some(lines) = &self.lines
        {
            match lines.try_recv() {
                Ok(line) => self.pending.push_back(line),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => self.lines = None,
            }
        }
        self.pending.front()
    }

    fn taken(&mut self) {
        self.pending.pop_front();
    }

    fn has_ended(&self) -> bool {
        self.lines.is_none() && self.pending.is_empty()
    }
}

/// A line without its end; `None` where there is none any more. What is not
/// UTF-8 is sent with marks in its place, since a text must be.
fn line(input: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    input
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)
        .ok()
        .filter(|read| *read > 0)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Some(
        String::from_utf8(line)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// How long answers are waited for after the last message was sent. Reads no
/// clock.
#[derive(Debug, Clone, Copy)]
struct Linger {
    quiet: Duration,
    /// When the waiting began, and when something came last.
    since: Option<(Instant, Instant)>,
}

impl Linger {
    /// The longest wait, in times of the quiet that ends it.
    const MOST: u32 = 10;

    const fn new(quiet: Duration) -> Self {
        Self { quiet, since: None }
    }

    /// All was sent; said again it changes nothing.
    fn begin(&mut self, now: Instant) {
        self.since.get_or_insert((now, now));
    }

    /// Something came.
    fn heard(&mut self, now: Instant) {
        if let Some((_, last)) = &mut self.since {
            *last = now;
        }
    }

    /// One of the last messages, which waited, was sent only now.
    fn sent(&mut self, now: Instant) {
        if self.since.is_some() {
            self.since = Some((now, now));
        }
    }

    /// When it is over, once it has begun.
    fn deadline(&self) -> Option<Instant> {
        self.since.map(|(begun, last)| {
            (last + self.quiet).min(begun + self.quiet.saturating_mul(Self::MOST))
        })
    }

    fn is_over(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }
}

/// A channel and what is to become of it.
struct Talk {
    channel: Channel,
    printer: Printer,
    input: Input,
    /// It goes on after the end of what is to be sent.
    stays: bool,
    linger: Linger,
    repeat: Option<crate::channel::Rate>,
    count: Option<u64>,
    came: u64,
    next: u64,
}

impl Talk {
    fn go(&mut self, woken: &Receiver<()>, end: Option<Instant>) -> Result<(), Failure> {
        let mut closing = false;
        loop {
            // In this order: what happened before it was closed is taken, then.
            let view = self.channel.status();
            let more = self.print()?;
            if !more && view.state == ChannelState::Closed {
                return self.outcome(&view);
            }
            let over = end.is_some_and(|end| end <= Instant::now());
            if !closing && (over || self.has_enough()) {
                closing = true;
                self.channel.close();
            }
            if !closing && view.state.is_open() {
                self.send()?;
                if self.input.has_ended() && !self.stays {
                    self.linger.begin(Instant::now());
                    if self.linger.is_over(Instant::now()) {
                        closing = true;
                        self.channel.close();
                    }
                }
            }
            if more {
                continue;
            }
            let deadlines = [end, self.linger.deadline()]
                .into_iter()
                .flatten()
                .filter(|_| !closing);
            let until = deadlines
                .min()
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            match woken.recv_timeout(until.saturating_duration_since(Instant::now())) {
                // Disconnected: standard input is at its end, and the channel
                // is closed by now.
                Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.count.is_some_and(|count| self.came >= count)
    }

    /// Prints what has happened; whether there was any.
    fn print(&mut self) -> Result<bool, Failure> {
        let since = self.channel.entries_since(self.next, BATCH);
        self.next = since.next;
        let mut out = BufWriter::new(output::bytes());
        for entry in &since.entries {
            match entry.message() {
                Some((Direction::In, _)) => self.linger.heard(Instant::now()),
                Some((Direction::Out, _)) => self.linger.sent(Instant::now()),
                None => {}
            }
            // After the last that was wanted none is printed, though more may
            // have come; what else happens is told.
            if !(self.has_enough() && entry.message().is_some()) {
                self.came += u64::from(self.printer.entry(entry, &mut out)?);
            }
        }
        out.flush()?;
        Ok(!since.entries.is_empty())
    }

    /// Sends what is to be sent, as far as there is room.
    fn send(&mut self) -> Result<(), Failure> {
        while let Some(text) = self.input.next() {
            let content = Content::Text(text.as_str().into());
            let sent = match self.repeat {
                Some(rate) => self.channel.repeat(content, rate, None),
                None => self.channel.send(content),
            };
            match sent {
                Ok(()) => self.input.taken(),
                // It is woken when something was sent, or when the channel is
                // open again.
                Err(SendError::QueueFull | SendError::NotOpen) => break,
            }
        }
        Ok(())
    }

    /// What came of it, now that it is closed.
    fn outcome(&self, view: &ChannelStatus) -> Result<(), Failure> {
        let never_open = view
            .past
            .iter()
            .all(|connection| connection.lasted.is_none());
        let Some(cause) = view.past.last().map(|connection| connection.cause.clone()) else {
            return Ok(());
        };
        match &cause {
            EndCause::Closed {
                by: ClosedBy::Us, ..
            } if never_open => {
                let earlier = view.past.iter().rev().map(|connection| &connection.cause);
                let earlier = earlier.clone().find(|cause| {
                    !matches!(
                        cause,
                        EndCause::Closed {
                            by: ClosedBy::Us,
                            ..
                        }
                    )
                });
                Err(earlier
                    .map_or(Ended::NeverOpen, |cause| Ended::Cause(cause.clone()))
                    .into())
            }
            EndCause::Closed {
                by: ClosedBy::Us, ..
            } => Ok(()),
            cause if !cause.is_normal() => Err(Ended::Cause(cause.clone()).into()),
            cause => match self.count {
                Some(wanted) if self.came < wanted => Err(Ended::TooEarly {
                    cause: cause.clone(),
                    came: self.came,
                    wanted,
                }
                .into()),
                _ => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_waited_for_until_it_is_quiet_and_not_for_ever() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut linger = Linger::new(Duration::from_secs(1));
        linger.heard(now);
        assert_eq!(linger.deadline(), None);
        linger.begin(now);
        assert_eq!(linger.deadline(), Some(at(1_000)));
        linger.heard(at(700));
        linger.begin(at(800));
        assert_eq!(linger.deadline(), Some(at(1_700)));
        assert!(!linger.is_over(at(1_699)) && linger.is_over(at(1_700)));
        for ms in (700..20_000).step_by(100) {
            linger.heard(at(ms));
        }
        assert_eq!(linger.deadline(), Some(at(10_000)));
        linger.sent(at(9_900));
        assert_eq!(linger.deadline(), Some(at(10_900)));
        let mut at_once = Linger::new(Duration::ZERO);
        at_once.begin(now);
        assert!(at_once.is_over(now));
    }
}
