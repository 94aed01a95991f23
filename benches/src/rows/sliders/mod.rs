//! Ten sliders of one board in another process, dragged at the same time at 60
//! Hz: how soon the newest values are confirmed after the drag stops, and
//! whether anything piles up meanwhile. The peer is an echo that receives the
//! same messages at the same pace, alternating. Both run over loopback and over
//! a slow link.

mod bare;
mod desk;
mod inspector;

use std::time::Duration;

use crate::{
    Outcome,
    figures::{Figure, Unit, median_and_p99, quantile},
    peers::Server,
    process::Program,
    sockets::place,
    table::{Line, Target},
};
use bare::Bare;
use desk::Desk;

/// How many are dragged.
const SLIDERS: u16 = 10;

/// How often each receives a value, per second.
const RATE: u32 = 60;

/// The time from one value of a slider to the next.
const TICK: Duration = Duration::from_nanos(1_000_000_000 / RATE as u64);

/// Values of each slider in a short drag.
const SHORT: u32 = RATE / 4;

/// The round trip over the slow link, in milliseconds.
const SLOW_MS: u16 = 50;

/// How long, and how often.
#[derive(Clone, Copy)]
struct Extent {
    /// Values of each slider in the long drag of a round.
    ticks: u32,
    /// Short drags after it, which only add stops.
    stops: u32,
    /// Single messages, after each drag.
    singles: u32,
    rounds: u32,
}

/// How board and echo are reached.
struct Link {
    name: String,
    /// The direct address of the board.
    board: String,
    to_board: String,
    to_echo: String,
    /// How many messages per second are possible if only one value per slider
    /// is in flight.
    most_sent: f64,
}

/// The value that a slider is dragged to: up and down from 0 to 100, each
/// slider ahead of the previous one.
fn value(slider: u16, tick: u32) -> u32 {
    let along = (tick + 7 * u32::from(slider)) % 200;
    along.min(200 - along)
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let extent = match quick {
        true => Extent {
            ticks: 6,
            stops: 1,
            singles: 3,
            rounds: 1,
        },
        false => Extent {
            ticks: 10 * RATE,
            stops: 10,
            singles: RATE,
            rounds: 5,
        },
    };
    let (_boards, addresses) = Program::boards(1, &["--profile", "mixer"])?;
    let board = addresses.into_iter().next().ok_or("no board")?;
    let echo = Server::new("tokio-tungstenite echo", Program::part(&["echo-server"])?)?;
    let all = f64::from(SLIDERS) * f64::from(RATE);
    let direct = Link {
        name: "loopback".to_owned(),
        board: board.clone(),
        to_board: board.clone(),
        to_echo: echo.address.clone(),
        most_sent: all,
    };
    let mut lines = direct.measure(extent)?;
    let (_to_board, to_board) = slow_link(&board)?;
    let (_to_echo, to_echo) = slow_link(&echo.address)?;
    let each = 1_000.0 / f64::from(SLOW_MS);
    let slow = Link {
        name: format!("a link of {SLOW_MS} ms"),
        board,
        to_board,
        to_echo,
        most_sent: all.min(f64::from(SLIDERS) * each),
    };
    lines.extend(slow.measure(extent)?);
    Ok(lines)
}

/// A slow link to a server, and its address.
fn slow_link(to: &str) -> Outcome<(Program, String)> {
    let mut link = Program::part(&["slow-link", to, &(SLOW_MS / 2).to_string()])?;
    let begins = place(&link.line()?).to_owned();
    Ok((link, begins))
}

impl Link {
    fn measure(&self, extent: Extent) -> Outcome<Vec<Line>> {
        let Extent {
            ticks,
            stops,
            singles,
            rounds,
        } = extent;
        let desk = Desk::connect(&self.board, &self.to_board)?;
        let echo = Bare {
            address: &self.to_echo,
            path: "/",
        };
        let client = Bare {
            address: &self.to_board,
            path: "/rpc",
        };
        let (mut ours, mut theirs, mut bare) =
            (Rounds::default(), Rounds::default(), Rounds::default());
        let round = |drag: &dyn Fn(u32) -> Outcome<Drag>| -> Outcome<(Drag, Vec<Duration>)> {
            let long = drag(ticks)?;
            let mut newest = vec![long.newest];
            for _ in 0..stops {
                newest.push(drag(SHORT)?.newest);
            }
            Ok((long, newest))
        };
        desk.drag(SHORT)?;
        echo.drag(SHORT)?;
        client.drag(SHORT)?;
        for _ in 0..rounds {
            ours.add(round(&|ticks| desk.drag(ticks))?, desk.single(singles)?)?;
            theirs.add(round(&|ticks| echo.drag(ticks))?, echo.single(singles)?)?;
            bare.add(round(&|ticks| client.drag(ticks))?, client.single(singles)?)?;
        }
        let line = |what: &str,
                    unit,
                    ours: &[f64],
                    peer: Option<(&str, &[f64])>,
                    target|
         -> Outcome<Line> {
            let figure = |rounds: &[f64]| Figure::of(rounds, unit).ok_or("no rounds");
            Ok(Line {
                row: "sliders",
                what: format!("{what}, ten sliders, {}", self.name),
                ours: figure(ours)?,
                peer: peer
                    .map(|(who, rounds)| figure(rounds).map(|figure| (who.to_owned(), figure)))
                    .transpose()?,
                target,
            })
        };
        let (micros, count) = (Unit::Microseconds, Unit::Count);
        let newest = "newest values confirmed";
        let one = Some((
            "tokio-tungstenite echo, one message",
            theirs.single.as_slice(),
        ));
        let ten = Some((
            "tokio-tungstenite echo, the last ten",
            theirs.newest.as_slice(),
        ));
        let board = Some((
            "bare client of the same board, the last ten",
            bare.newest.as_slice(),
        ));
        let own = Some(("one command of the same fleet", ours.single.as_slice()));
        let unanswered = Some(("tokio-tungstenite echo", theirs.unanswered.as_slice()));
        let most_unanswered = Some(("tokio-tungstenite echo", theirs.most_unanswered.as_slice()));
        let sent = Some(("tokio-tungstenite echo", theirs.sent.as_slice()));
        let of_each = 2.0 * f64::from(SLIDERS);
        Ok(vec![
            line(newest, micros, &ours.newest, one, Target::Ratio(3.0))?,
            line(newest, micros, &ours.newest, ten, Target::Ratio(3.0))?,
            line(newest, micros, &ours.newest, board, Target::Stated)?,
            line(newest, micros, &ours.newest, own, Target::Stated)?,
            line(
                "values unanswered in the last second",
                count,
                &ours.unanswered,
                unanswered,
                Target::AtMost(of_each),
            )?,
            line(
                "values unanswered, at most",
                count,
                &ours.most_unanswered,
                most_unanswered,
                Target::Stated,
            )?,
            line(
                "messages queued on the board, at most",
                count,
                &ours.queued,
                None,
                Target::AtMost(8.0),
            )?,
            line(
                "messages sent per second",
                count,
                &ours.sent,
                sent,
                Target::AtMost(self.most_sent),
            )?,
        ])
    }
}

/// The result of a drag.
struct Drag {
    /// From the last values until all of them were confirmed, or came back.
    newest: Duration,
    /// At each tick, before the next values: how many values have no outcome
    /// yet.
    unanswered: Vec<usize>,
    /// The most messages that were queued on the board for this client.
    queued: usize,
    sent: u32,
    /// From the first value until the last was confirmed.
    lasted: Duration,
}

/// In each round.
#[derive(Default)]
struct Rounds {
    newest: Vec<f64>,
    single: Vec<f64>,
    unanswered: Vec<f64>,
    most_unanswered: Vec<f64>,
    queued: Vec<f64>,
    sent: Vec<f64>,
}

impl Rounds {
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    fn add(
        &mut self,
        (drag, newest): (Drag, Vec<Duration>),
        singles: Vec<Duration>,
    ) -> Outcome<()> {
        let median = |times| {
            median_and_p99(times)
                .map(|(median, _)| median)
                .ok_or("no messages")
        };
        self.single.push(median(singles)?);
        self.newest.push(median(newest)?);
        let at_most = drag.unanswered.iter().copied().max().unwrap_or_default();
        self.most_unanswered.push(at_most as f64);
        // If it grows, it is largest at the end.
        let mut end: Vec<f64> = drag
            .unanswered
            .iter()
            .rev()
            .take(RATE as usize)
            .map(|count| *count as f64)
            .collect();
        end.sort_by(f64::total_cmp);
        self.unanswered.push(quantile(&end, 0.5).ok_or("no ticks")?);
        self.queued.push(drag.queued as f64);
        self.sent
            .push(f64::from(drag.sent) / (drag.lasted + TICK).as_secs_f64());
        Ok(())
    }
}
