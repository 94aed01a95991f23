//! Decides which part of a firmware image is sent next, and the outcome of an
//! update. One write is in flight at a time: a round trip per kilobyte, and
//! nothing is left over when it is canceled. Reads no file and owns no socket.

use std::{borrow::Cow, sync::Arc};

use protocol::{
    Object, RpcError, method,
    ota::{Begin, Begun, Digest, Write, Written},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web_time::Instant;

use sanitize::bounds;

/// The most raw bytes of one write, whatever a board allows: with its envelope
/// a message stays below [`protocol::limits::MESSAGE_INTO_BOARD`].
const CHUNK: usize = 1_400;

/// A firmware image.
#[derive(Debug, Clone)]
pub struct Image {
    /// The whole file, shorter than 2^32 bytes.
    pub bytes: Arc<[u8]>,
    /// Its hash.
    pub sha256: Digest,
    /// The version that it contains, if it can be read.
    pub version: Option<String>,
    /// Its signature, if it is signed.
    pub signature: Option<ImageSignature>,
}

/// The signature of an image, as the board is told before the transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSignature {
    /// The trailer of the file, in base64.
    pub trailer: String,
    /// The hash of the file without its trailer.
    pub image_sha256: Digest,
}

/// The state of a firmware update by this program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum UpdateState {
    /// The file is being read.
    Reading,
    /// It is being sent.
    Sending {
        /// How much the board has, in bytes.
        sent: u32,
        /// The whole image, in bytes.
        size: u32,
    },
    /// Everything was sent; the board verifies it.
    Checking,
    /// The board took it and restarts.
    Restarting,
    /// The board runs the new image.
    Done {
        /// The version before, if the board reported it.
        before: Option<String>,
        /// The version now, if the board reported it.
        after: Option<String>,
    },
    /// It failed.
    Failed(UpdateProblem),
}

impl UpdateState {
    /// Whether it is still running.
    pub fn is_under_way(&self) -> bool {
        !matches!(self, Self::Done { .. } | Self::Failed(_))
    }

    /// How much was sent, 0 to 100; `None` if that is not known.
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

/// Why an update failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum UpdateProblem {
    /// The file cannot be read or sent, and why.
    #[error("{0}")]
    File(String),
    /// The board refused.
    #[error("the board refused: {0}")]
    Refused(RpcError),
    /// The board was silent for 15 s.
    #[error("the board did not answer within 15 s")]
    NoAnswer,
    /// There was no link from the start.
    #[error("the board is not connected")]
    NotConnected,
    /// The link went down.
    #[error(
        "the link was lost after {} % of the image; an update started within 30 s continues there",
        u64::from(*sent) * 100 / u64::from((*size).max(1))
    )]
    LinkLost {
        /// How much the board has, in bytes.
        sent: u32,
        /// The whole image, in bytes.
        size: u32,
    },
    /// The user canceled it.
    #[error("canceled")]
    Canceled,
    /// The board's response violates the protocol.
    #[error("the board's answer to {0} violates the protocol")]
    InvalidAnswer(Cow<'static, str>),
    /// The board rolled back.
    #[error("the board rolled back to its previous firmware: {0}")]
    RolledBack(String),
    /// The board did not come back.
    #[error("the board took the image and did not come back within 6 minutes")]
    NotBack,
}

/// The next step.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send this request.
    Request(&'static str, Object),
    /// The board took the image and restarts.
    Committed,
    /// The update has failed.
    Failed(UpdateProblem),
}

/// The current step of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransferStep {
    Beginning,
    /// The write in flight ends there.
    Writing {
        chunk: usize,
        end: u32,
    },
    Committing,
}

/// An image that is being sent.
#[derive(Debug)]
pub(crate) struct Transfer {
    image: Image,
    step: TransferStep,
    sent: u32,
    /// The request in flight, and when it was sent.
    pub(crate) request: i64,
    pub(crate) sent_at: Instant,
    /// The running version.
    pub(crate) before: Option<String>,
}

impl Transfer {
    /// A transfer, and its first request.
    pub(crate) fn begin(now: Instant, image: Image, before: Option<String>) -> (Self, Next) {
        let begin = Begin {
            size: size(&image),
            sha256: image.sha256,
            version: image.version.clone(),
            signature: image
                .signature
                .as_ref()
                .map(|signed| signed.trailer.clone()),
            image_sha256: image.signature.as_ref().map(|signed| signed.image_sha256),
        };
        let transfer = Self {
            image,
            step: TransferStep::Beginning,
            sent: 0,
            request: 0,
            sent_at: now,
            before,
        };
        (transfer, request(method::OTA_BEGIN, &begin))
    }

    /// Its state, for display.
    pub(crate) fn state(&self) -> UpdateState {
        match self.step {
            TransferStep::Beginning | TransferStep::Writing { .. } => UpdateState::Sending {
                sent: self.sent,
                size: size(&self.image),
            },
            TransferStep::Committing => UpdateState::Checking,
        }
    }

    /// Whether the board may have taken the image although its response was not
    /// received.
    pub(crate) fn may_be_committed(&self) -> bool {
        self.step == TransferStep::Committing
    }

    /// The problem if the link is lost now.
    pub(crate) fn lost(&self) -> UpdateProblem {
        UpdateProblem::LinkLost {
            sent: self.sent,
            size: size(&self.image),
        }
    }

    /// The board answered the request in flight.
    pub(crate) fn answered(&mut self, outcome: Result<Value, RpcError>) -> Next {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => return Next::Failed(UpdateProblem::Refused(bounds::error(error))),
        };
        match self.step {
            TransferStep::Beginning => match serde_json::from_value(result) {
                Ok(Begun {
                    chunk: chunk @ 1..,
                    offset,
                }) if offset <= size(&self.image) => self.go_on(chunk.min(CHUNK), offset),
                _ => Next::Failed(UpdateProblem::InvalidAnswer(method::OTA_BEGIN.into())),
            },
            TransferStep::Writing { chunk, end } => match serde_json::from_value(result) {
                // Any other offset would repeat parts without end, or leave
                // some out.
                Ok(Written { offset }) if offset == end => self.go_on(chunk, offset),
                _ => Next::Failed(UpdateProblem::InvalidAnswer(method::OTA_WRITE.into())),
            },
            TransferStep::Committing => Next::Committed,
        }
    }

    /// The board has everything up to `sent`.
    fn go_on(&mut self, chunk: usize, sent: u32) -> Next {
        self.sent = sent;
        let rest = self.image.bytes.get(sent as usize..).unwrap_or_default();
        let part = rest.get(..chunk.min(rest.len())).unwrap_or_default();
        if part.is_empty() {
            self.step = TransferStep::Committing;
            return Next::Request(method::OTA_COMMIT, Object::new());
        }
        self.step = TransferStep::Writing {
            chunk,
            end: sent + u32::try_from(part.len()).unwrap_or(0),
        };
        request(method::OTA_WRITE, &Write::new(sent, part))
    }
}

fn size(image: &Image) -> u32 {
    u32::try_from(image.bytes.len()).unwrap_or(u32::MAX)
}

fn request(method: &'static str, params: &impl Serialize) -> Next {
    match serde_json::to_value(params) {
        Ok(Value::Object(params)) => Next::Request(method, params),
        _ => Next::Request(method, Object::new()),
    }
}
