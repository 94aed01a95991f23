//! What a check says: points, each with its section of docs/protocol.md, and
//! how the board did. Does no input or output.

/// One thing that docs/protocol.md asks of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The heading of docs/protocol.md that it comes from.
    pub section: &'static str,
    /// What it is about, in a few words; unique.
    pub name: &'static str,
    /// What is expected of a board.
    pub expected: &'static str,
}

/// How a board did at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As the document has it.
    Pass,
    /// Not so.
    Fail,
    /// It may be so, and is likely not meant.
    Warning,
    /// Not tried.
    Skipped,
}

impl Verdict {
    /// A word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warning => "warning",
            Self::Skipped => "skipped",
        }
    }
}

/// What came of a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub point: Point,
    /// How the board did.
    pub verdict: Verdict,
    /// What was sent; empty where nothing was.
    pub sent: String,
    /// What came back.
    pub came: String,
    /// Why it is no pass; empty where it is one.
    pub why: String,
}

/// Longest text of what was sent or came that is kept; the rest is cut.
const SHOWN: usize = 400;

/// Takes findings one by one and hands them on.
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

    /// The board was asked, and this is what is thought of what came.
    pub(super) fn judged(
        &mut self,
        point: Point,
        sent: &str,
        came: &str,
        thought: Result<(), String>,
    ) {
        let (verdict, why) = match thought {
            Ok(()) => (Verdict::Pass, String::new()),
            Err(why) => (Verdict::Fail, why),
        };
        self.found(point, verdict, sent, came, why);
    }

    /// It was not tried, and why.
    pub(super) fn skipped(&mut self, point: Point, why: &str) {
        self.found(point, Verdict::Skipped, "", "", why.to_owned());
    }

    /// It may be so, and a person should know.
    pub(super) fn warned(&mut self, point: Point, sent: &str, came: &str, why: &str) {
        self.found(point, Verdict::Warning, sent, came, why.to_owned());
    }

    /// Those of the points of which nothing was said yet were not tried, and
    /// why.
    pub(super) fn rest(&mut self, points: impl IntoIterator<Item = Point>, why: &str) {
        for point in points {
            if !self.told.contains(&point) {
                self.skipped(point, why);
            }
        }
    }

    fn found(&mut self, point: Point, verdict: Verdict, sent: &str, came: &str, why: String) {
        self.told.push(point);
        (self.tell)(Finding {
            point,
            verdict,
            sent: cut(sent),
            came: cut(came),
            why,
        });
    }
}

/// What a peer said may be long.
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
