//! Decides what of a firmware image is sent next, and what came of it. One
//! write is under way at a time: it is a round trip a kilobyte, and nothing is
//! left behind it when the person cancels. Reads no file and owns no socket.

use std::{sync::Arc, time::Instant};

use protocol::{
    Object, RpcError, method,
    ota::{Begin, Begun, Digest, Write, Written},
};
use serde::Serialize;
use serde_json::Value;

use sanitize::bounds;

/// The most raw bytes of one write, whatever a board offers: with its envelope
/// a message stays below [`protocol::limits::MESSAGE_INTO_BOARD`].
const CHUNK: usize = 1_400;

/// A firmware image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// The whole file; shorter than 2^32 bytes.
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) sha256: Digest,
    /// What it says of itself, where that can be told.
    pub(crate) version: Option<String>,
}

/// How an update of a board's firmware by this program does.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateState {
    /// The file is being read.
    Reading,
    /// It is on its way.
    Sending {
        /// What the board has, in bytes.
        sent: u32,
        /// The whole, in bytes.
        size: u32,
    },
    /// All was sent; the board checks it.
    Checking,
    /// The board took it and starts anew.
    Restarting,
    /// The board is back with the new image.
    Done {
        /// The version before, where the board told it.
        before: Option<String>,
        /// The version now, where the board told it.
        after: Option<String>,
    },
    /// It came to nothing.
    Failed(UpdateProblem),
}

impl UpdateState {
    /// Whether it is still going on.
    pub fn is_under_way(&self) -> bool {
        !matches!(self, Self::Done { .. } | Self::Failed(_))
    }

    /// How much is there, 0 to 100; `None` where that says nothing.
    pub fn percent(&self) -> Option<u8> {
        match self {
            Self::Sending { sent, size } => {
                u8::try_from(u64::from(*sent) * 100 / u64::from((*size).max(1)))
                    .ok()
                    .map(|percent| percent.min(100))
            }
            Self::Checking | Self::Restarting | Self::Done { .. } => Some(100),
            Self::Reading | Self::Failed(_) => None,
        }
    }
}

/// Why an update came to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UpdateProblem {
    /// The file cannot be read or sent, and why.
    #[error("{0}")]
    File(String),
    /// The board said no.
    #[error("the board refused: {0}")]
    Refused(RpcError),
    /// The board was silent for 15 s.
    #[error("the board did not answer within 15 s")]
    NoAnswer,
    /// There was no link from the start.
    #[error("there is no link to the board")]
    NotConnected,
    /// The link went down.
    #[error(
        "the link was lost when the board had {} % of the image; begun again within 30 s it goes \
             on there",
        u64::from(*sent) * 100 / u64::from((*size).max(1))
    )]
    LinkLost {
        /// What the board has, in bytes.
        sent: u32,
        /// The whole, in bytes.
        size: u32,
    },
    /// The person did not want it any more.
    #[error("cancelled")]
    Cancelled,
    /// The board answered what makes no sense.
    #[error("the board's answer to {0} makes no sense")]
    Nonsense(&'static str),
    /// The board is back as it was.
    #[error("the board went back to the firmware before: {0}")]
    CameBack(String),
    /// The board has not come back.
    #[error("the board took the image and has not come back within 6 minutes")]
    NotBack,
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Ask the board this.
    Ask(&'static str, Object),
    /// The board took the image and restarts.
    Committed,
    /// It is over.
    Failed(UpdateProblem),
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Beginning,
    /// The write under way ends there.
    Writing {
        chunk: usize,
        end: u32,
    },
    Committing,
}

/// An image on its way.
#[derive(Debug)]
pub(crate) struct Transfer {
    image: Image,
    step: Step,
    sent: u32,
    /// The request under way, and since when.
    pub(crate) request: i64,
    pub(crate) asked: Instant,
    /// The version that runs now.
    pub(crate) before: Option<String>,
}

impl Transfer {
    /// A transfer whose first question is to be asked now.
    pub(crate) fn begin(now: Instant, image: Image, before: Option<String>) -> (Self, Next) {
        let begin = Begin {
            size: size(&image),
            sha256: image.sha256,
            version: image.version.clone(),
            signature: None,
        };
        let transfer = Self {
            image,
            step: Step::Beginning,
            sent: 0,
            request: 0,
            asked: now,
            before,
        };
        (transfer, ask(method::OTA_BEGIN, &begin))
    }

    /// How it does, for people.
    pub(crate) fn state(&self) -> UpdateState {
        match self.step {
            Step::Beginning | Step::Writing { .. } => UpdateState::Sending {
                sent: self.sent,
                size: size(&self.image),
            },
            Step::Committing => UpdateState::Checking,
        }
    }

    /// Whether the board may have taken the image although nobody heard it say
    /// so.
    pub(crate) fn may_be_committed(&self) -> bool {
        self.step == Step::Committing
    }

    /// The link is gone.
    pub(crate) fn lost(&self) -> UpdateProblem {
        UpdateProblem::LinkLost {
            sent: self.sent,
            size: size(&self.image),
        }
    }

    /// The board answered the request under way.
    pub(crate) fn answered(&mut self, outcome: Result<Value, RpcError>) -> Next {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => return Next::Failed(UpdateProblem::Refused(bounds::error(error))),
        };
        match self.step {
            Step::Beginning => match serde_json::from_value(result) {
                Ok(Begun {
                    chunk: chunk @ 1..,
                    offset,
                }) if offset <= size(&self.image) => self.go_on(chunk.min(CHUNK), offset),
                _ => Next::Failed(UpdateProblem::Nonsense(method::OTA_BEGIN)),
            },
            Step::Writing { chunk, end } => match serde_json::from_value(result) {
                // Any other offset would have this program send for ever, or
                // leave something out.
                Ok(Written { offset }) if offset == end => self.go_on(chunk, offset),
                _ => Next::Failed(UpdateProblem::Nonsense(method::OTA_WRITE)),
            },
            Step::Committing => Next::Committed,
        }
    }

    /// The board has everything up to `sent`.
    fn go_on(&mut self, chunk: usize, sent: u32) -> Next {
        self.sent = sent;
        let rest = self.image.bytes.get(sent as usize..).unwrap_or_default();
        let part = rest.get(..chunk.min(rest.len())).unwrap_or_default();
        if part.is_empty() {
            self.step = Step::Committing;
            return Next::Ask(method::OTA_COMMIT, Object::new());
        }
        self.step = Step::Writing {
            chunk,
            end: sent + u32::try_from(part.len()).unwrap_or(0),
        };
        ask(method::OTA_WRITE, &Write::new(sent, part))
    }
}

fn size(image: &Image) -> u32 {
    u32::try_from(image.bytes.len()).unwrap_or(u32::MAX)
}

fn ask(method: &'static str, params: &impl Serialize) -> Next {
    match serde_json::to_value(params) {
        Ok(Value::Object(params)) => Next::Ask(method, params),
        _ => Next::Ask(method, Object::new()),
    }
}
