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
use channel::{
    Channel, ChannelRuntime, ChannelSettings, ChannelState, ChannelStatus, ClosedBy, Content,
    Direction, EndCause, ReadError, Reader, Recorder, Retention, SendError, WhenFull,
};
use engine::StartError;

/// Longer lines of standard input are sent in parts, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// How many lines of standard input are read ahead.
const AHEAD: usize = 64;

/// How many entries are printed at a time.
const BATCH: usize = 256;

/// Why a channel failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelFailure {
    /// It ended, or was never open.
    #[error("{0}")]
    Cause(EndCause),
    /// It was closed normally, but before enough messages were received.
    #[error("{cause}, after {received} of {wanted} messages")]
    TooEarly {
        cause: EndCause,
        received: u64,
        wanted: u64,
    },
    /// It did not open in time.
    #[error("the channel did not open within the time given by --for")]
    NeverOpen,
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] ReadError),
    /// The recording cannot be written.
    #[error("{0}")]
    Record(String),
}

impl ChannelFailure {
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

/// Runs the command.
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
    let mut received = 0;
    for entry in Reader::open(path).map_err(ChannelFailure::from)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // Print what was read before the error.
                out.flush()?;
                return Err(ChannelFailure::from(error).into());
            }
        };
        received += u64::from(printer.entry(&entry, &mut out)?);
        if args.count == Some(received) {
            break;
        }
    }
    Ok(out.flush()?)
}

fn live(args: ChannelArgs) -> Result<(), Failure> {
    if args.repeat.is_some() && args.send.len() != 1 {
        return Err(Failure::Usage(
            "--repeat needs exactly one --send".to_owned(),
        ));
    }
    let Some(place) = args.place.clone() else {
        return Ok(());
    };
    let address = place.to_string();
    let printer = Printer::new(&args);
    let recorder = args.record.as_ref().map(|path| {
        Recorder::create(path, &address).map_err(|error| {
            ChannelFailure::Record(format!("cannot write {}: {error}", path.display()))
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
        // Drop nothing: a slow reader of the output slows the server down.
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
        // Full: it will be woken anyway.
        let _ = waker.try_send(());
    });
    let input = match args.send.is_empty() {
        true => Input::standard(wake)?,
        false => Input::of(args.send),
    };
    let stays = args.count.is_some() || args.wait.is_some() || args.repeat.is_some();
    let linger = Linger::new(args.linger.0);
    let mut session = Session {
        channel,
        printer,
        input,
        stays,
        linger,
        repeat: args.repeat,
        count: args.count,
        received: 0,
        next: 0,
    };
    let ended = session.run(
        &woken,
        args.wait
            .and_then(|wait| Instant::now().checked_add(wait.0)),
    );
    let recorded = session.channel.record(None).map(Recorder::finish);
    ended?;
    match recorded {
        Some(Err(problem)) => Err(ChannelFailure::Record(problem).into()),
        _ => Ok(()),
    }
}

/// The messages to send.
struct Input {
    lines: Option<Receiver<String>>,
    /// Read but not yet sent.
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

    /// The message to send next, until [`Input::pop`] removes it.
    fn peek(&mut self) -> Option<&String> {
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

    fn pop(&mut self) {
        self.pending.pop_front();
    }

    fn has_ended(&self) -> bool {
        self.lines.is_none() && self.pending.is_empty()
    }
}

/// A line without its line break; `None` at the end of the input. Invalid UTF-8
/// is replaced, because text messages must be UTF-8 (RFC 6455, section 5.6).
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

/// How long to wait for messages after the last one was sent. Reads no clock.
#[derive(Debug, Clone, Copy)]
struct Linger {
    quiet: Duration,
    /// When the wait began, and when the last message was received.
    since: Option<(Instant, Instant)>,
}

impl Linger {
    /// The longest wait, as a multiple of `quiet`.
    const MOST: u32 = 10;

    const fn new(quiet: Duration) -> Self {
        Self { quiet, since: None }
    }

    /// Everything has been sent. Further calls have no effect.
    fn begin(&mut self, now: Instant) {
        self.since.get_or_insert((now, now));
    }

    /// A message was received.
    fn received(&mut self, now: Instant) {
        if let Some((_, last)) = &mut self.since {
            *last = now;
        }
    }

    /// A queued message was sent: start over.
    fn sent(&mut self, now: Instant) {
        if self.since.is_some() {
            self.since = Some((now, now));
        }
    }

    /// When the wait is over, once it has begun.
    fn deadline(&self) -> Option<Instant> {
        self.since.map(|(begun, last)| {
            (last + self.quiet).min(begun + self.quiet.saturating_mul(Self::MOST))
        })
    }

    fn is_over(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }
}

/// A live channel between standard input and output.
struct Session {
    channel: Channel,
    printer: Printer,
    input: Input,
    /// Stay open after the end of the input.
    stays: bool,
    linger: Linger,
    repeat: Option<channel::Rate>,
    count: Option<u64>,
    received: u64,
    next: u64,
}

impl Session {
    fn run(&mut self, woken: &Receiver<()>, end: Option<Instant>) -> Result<(), Failure> {
        let mut closing = false;
        loop {
            // In this order, so that entries before the close are printed.
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
                // Disconnected: standard input has ended and the channel is
                // closed.
                Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.count.is_some_and(|count| self.received >= count)
    }

    /// Prints new entries, and returns whether there were any.
    fn print(&mut self) -> Result<bool, Failure> {
        let since = self.channel.entries_since(self.next, BATCH);
        self.next = since.next;
        let mut out = BufWriter::new(output::bytes());
        for entry in &since.entries {
            match entry.message() {
                Some((Direction::In, _)) => self.linger.received(Instant::now()),
                Some((Direction::Out, _)) => self.linger.sent(Instant::now()),
                None => {}
            }
            // Print no more messages than requested, even if more were
            // received; still print other events.
            if !(self.has_enough() && entry.message().is_some()) {
                self.received += u64::from(self.printer.entry(entry, &mut out)?);
            }
        }
        out.flush()?;
        Ok(!since.entries.is_empty())
    }

    /// Sends input while the channel's queue has room.
    fn send(&mut self) -> Result<(), Failure> {
        while let Some(text) = self.input.peek() {
            let content = Content::Text(text.as_str().into());
            let sent = match self.repeat {
                Some(rate) => self.channel.repeat(content, rate, None),
                None => self.channel.send(content),
            };
            match sent {
                Ok(()) => self.input.pop(),
                // A wake-up follows when a message was sent or the channel is
                // open again.
                Err(SendError::QueueFull | SendError::NotOpen) => break,
            }
        }
        Ok(())
    }

    /// The result, once the channel is closed.
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
                    .map_or(ChannelFailure::NeverOpen, |cause| {
                        ChannelFailure::Cause(cause.clone())
                    })
                    .into())
            }
            EndCause::Closed {
                by: ClosedBy::Us, ..
            } => Ok(()),
            cause if !cause.is_normal() => Err(ChannelFailure::Cause(cause.clone()).into()),
            cause => match self.count {
                Some(wanted) if self.received < wanted => Err(ChannelFailure::TooEarly {
                    cause: cause.clone(),
                    received: self.received,
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
    fn the_wait_ends_when_it_is_quiet_or_after_ten_times_as_long() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut linger = Linger::new(Duration::from_secs(1));
        linger.received(now);
        assert_eq!(linger.deadline(), None);
        linger.begin(now);
        assert_eq!(linger.deadline(), Some(at(1_000)));
        linger.received(at(700));
        linger.begin(at(800));
        assert_eq!(linger.deadline(), Some(at(1_700)));
        assert!(!linger.is_over(at(1_699)) && linger.is_over(at(1_700)));
        for ms in (700..20_000).step_by(100) {
            linger.received(at(ms));
        }
        assert_eq!(linger.deadline(), Some(at(10_000)));
        linger.sent(at(9_900));
        assert_eq!(linger.deadline(), Some(at(10_900)));
        let mut at_once = Linger::new(Duration::ZERO);
        at_once.begin(now);
        assert!(at_once.is_over(now));
    }
}
