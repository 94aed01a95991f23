//! The report: points, each with its section of docs/protocol.md, and their
//! verdicts. Performs no I/O.

/// A requirement of docs/protocol.md for boards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The heading in docs/protocol.md.
    pub section: &'static str,
    /// Short name; unique within its section.
    pub name: &'static str,
    /// The expected behavior.
    pub expected: &'static str,
}

/// The result for a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Meets the requirement.
    Pass,
    /// Violates the requirement.
    Fail,
    /// Permitted, but probably unintended.
    Warning,
    /// Not checked.
    Skipped,
}

impl Verdict {
    /// The name in the output and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warning => "warning",
            Self::Skipped => "skipped",
        }
    }
}

/// The finding for a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The point.
    pub point: Point,
    /// The verdict.
    pub verdict: Verdict,
    /// What was sent; may be empty.
    pub sent: String,
    /// What was received.
    pub received: String,
    /// The reason, unless it passed.
    pub why: String,
}

/// Maximum length of sent and received text that is kept; the rest is
/// truncated.
const SHOWN: usize = 400;

/// Passes findings on as they are made.
pub(super) struct Report<'a> {
    tell: &'a mut dyn FnMut(Finding),
    told: Vec<Point>,
}

impl<'a> Report<'a> {
    pub(super) fn new(tell: &'a mut dyn FnMut(Finding)) -> Self {
        Self {
            tell,
            told: Vec::new(),
        }
    }

    /// Records the result of a check.
    pub(super) fn record(
        &mut self,
        point: Point,
        sent: &str,
        received: &str,
        outcome: Result<(), String>,
    ) {
        let (verdict, why) = match outcome {
            Ok(()) => (Verdict::Pass, String::new()),
            Err(why) => (Verdict::Fail, why),
        };
        self.found(point, verdict, sent, received, why);
    }

    /// Records that a point was not checked, and why.
    pub(super) fn skip(&mut self, point: Point, why: &str) {
        self.found(point, Verdict::Skipped, "", "", why.to_owned());
    }

    /// Records a warning.
    pub(super) fn warn(&mut self, point: Point, sent: &str, received: &str, why: &str) {
        self.found(point, Verdict::Warning, sent, received, why.to_owned());
    }

    /// Records all of these points without a finding as not checked.
    pub(super) fn skip_rest(&mut self, points: impl IntoIterator<Item = Point>, why: &str) {
        for point in points {
            if !self.told.contains(&point) {
                self.skip(point, why);
            }
        }
    }

    fn found(&mut self, point: Point, verdict: Verdict, sent: &str, received: &str, why: String) {
        self.told.push(point);
        (self.tell)(Finding {
            point,
            verdict,
            sent: cut(sent),
            received: cut(received),
            why,
        });
    }
}

/// A peer may send long messages.
fn cut(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    format!(
        "{}… ({} bytes)",
        &text[..text.floor_char_boundary(SHOWN)],
        text.len()
    )
}
