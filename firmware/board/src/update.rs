//! Firmware update: which call may follow which, whether the image is the one
//! that was promised, and what everyone is told. Where the bytes go is
//! [`UpdateSlot`]'s.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::time::Duration;

use protocol::{
    Code, Descriptor, EntityCategory, Kind, RpcError, Source, State, limits, method,
    ota::{self, Digest},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    ClientId, Component, Core, Hardware, ImageState, SlotError, UpdateSlot,
    commands::Caller,
    methods::{Reply, Request},
    reboot::Reboot,
    rules, text,
};

/// How much is read back at once for the hash: it lies on a chip's stack.
const READ: usize = 512;

/// The update that is under way, and what the running image still has to prove.
pub(crate) struct Updates {
    transfer: Option<Transfer>,
    /// Until when somebody must have reached this image.
    trial: Option<Duration>,
}

/// An image that is coming.
struct Transfer {
    owner: Owner,
    size: u32,
    sha256: Digest,
    written: u32,
    last_write: Duration,
}

/// Whose update it is.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Here(Caller),
    /// Its connection has ended; whoever has the same image may go on.
    Gone,
}

impl Transfer {
    /// How much is there, in per cent.
    fn percent(&self) -> u64 {
        u64::from(self.written) * 100 / u64::from(self.size.max(1))
    }

    fn idle_at(&self) -> Duration {
        self.last_write + limits::UPDATE_IDLE
    }
}

impl Updates {
    /// As the board boots: answers what there is to report with it.
    pub(crate) fn at_boot(slot: Option<&mut dyn UpdateSlot>) -> (Self, Option<&'static str>) {
        let image = slot.map(|slot| slot.image());
        let trial = (image == Some(ImageState::OnTrial)).then_some(limits::UPDATE_TRIAL);
        let came_back =
            "the new image was not reached by any controller; the one before it came back";
        (
            Self {
                transfer: None,
                trial,
            },
            (image == Some(ImageState::RolledBack)).then_some(came_back),
        )
    }

    /// A client's connection has ended.
    pub(crate) fn left(&mut self, client: ClientId) {
        if let Some(transfer) = &mut self.transfer
            && transfer.owner == Owner::Here(Caller::Client(client))
        {
            transfer.owner = Owner::Gone;
        }
    }

    /// When [`Core::watch_update`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.transfer
            .as_ref()
            .map(Transfer::idle_at)
            .into_iter()
            .chain(self.trial)
            .min()
    }
}

/// The component that reports the update of a board with this version.
pub(crate) fn component(version: &str, last_error: Option<&str>) -> Component {
    let mut descriptor = Descriptor::new(Kind::Update, 0, "Firmware");
    descriptor.device_class = Some("firmware".to_owned());
    descriptor.entity_category = Some(EntityCategory::Config);
    descriptor.icon = Some("mdi:package-up".to_owned());
    let state = State::new().with("installed_version", version);
    let mut component = Component::new(descriptor, state);
    component.state.merge(&idle(last_error));
    component
}

/// That component with the longest state that it can have.
pub(crate) fn largest(mut state: State) -> State {
    // Without control characters, an escape is two bytes for one at most (RFC
    // 8259, section 7).
    let longest = |bytes| Value::from("\"".repeat(bytes));
    state.merge(
        &idle(None)
            .with("in_progress", false)
            .with("update_percentage", 100),
    );
    state
        .with("latest_version", longest(limits::VERSION))
        .with("last_error", longest(limits::UPDATE_ERROR))
}

/// No update is under way.
fn idle(last_error: Option<&str>) -> State {
    let state = State::new()
        .with("latest_version", Value::Null)
        .with("in_progress", false);
    state
        .with("update_percentage", Value::Null)
        .with("last_error", last_error)
}

impl<H: Hardware> Core<H> {
    /// `Ota.Begin`.
    pub(crate) fn begin_update(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let (now, caller, params) = (request.now, request.caller, &request.params);
        let capacity = self.slot()?.capacity();
        let size = params.needed_whole("size", 1, u64::MAX, " bytes")?;
        let digits = params.needed_text("sha256", "64 hexadecimal digits")?;
        let sha256 = digits.parse().map_err(|_| {
            let message = format!(
                "sha256 is the SHA-256 of the image, 64 hexadecimal digits, not {}",
                text::clipped(digits)
            );
            rules::bad("out_of_range", message)
        })?;
        let version = params.text("version", "a text")?;
        version.map(rules::check_version).transpose()?;
        // Reserved for locked boards: that it is a text is all that an open one
        // asks.
        params.text("signature", "a text")?;
        let size = u32::try_from(size)
            .ok()
            .filter(|size| *size <= capacity)
            .ok_or_else(|| {
                let message =
                    format!("the image has {size} bytes; this board has room for {capacity}");
                RpcError::new(Code::ResourceExhausted, "too_large", message)
            })?;
        let owner = Owner::Here(caller);
        if let Some(transfer) = &mut self.update.transfer {
            if transfer.owner != owner && transfer.owner != Owner::Gone {
                return Err(in_progress(transfer));
            }
            if (transfer.size, transfer.sha256) == (size, sha256) {
                transfer.owner = owner;
                transfer.last_write = now;
                return Ok(begun(transfer.written));
            }
        }
        if self.update.trial.is_some() {
            let message = "the image that runs is on trial and could not be confirmed; the one \
                 before it must stay";
            return Err(failed_precondition("not_confirmed", message));
        }
        if self.update.transfer.take().is_some() {
            self.slot()?.abort();
        }
        if let Err(error) = self.slot()?.begin(size) {
            return Err(self.end_update(now, caller.source(), error));
        }
        self.update.transfer = Some(Transfer {
            owner,
            size,
            sha256,
            written: 0,
            last_write: now,
        });
        let state = State::new()
            .with("in_progress", true)
            .with("update_percentage", 0)
            .with("latest_version", version)
            .with("last_error", Value::Null);
        self.report_update(now, state, caller.source());
        self.flush(now);
        Ok(begun(0))
    }

    /// `Ota.Write`.
    pub(crate) fn write_update(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let (now, caller, params) = (request.now, request.caller, &request.params);
        let transfer = self.transfer_of(caller)?;
        let (written, size, before) = (transfer.written, transfer.size, transfer.percent());
        let offset = params.needed_whole("offset", 0, u64::MAX, "")?;
        if offset != u64::from(written) {
            let message = format!("the next write begins at offset {written}, not {offset}");
            return Err(with_offset(
                failed_precondition("wrong_offset", message),
                written,
            ));
        }
        let data = params.needed_text("data", "bytes in base64")?;
        let bytes = ota::from_base64(data).map_err(|error| {
            rules::bad(
                "bad_base64",
                format!("data is base64 with padding (RFC 4648, section 4): {error}"),
            )
        })?;
        if !(1..=limits::UPDATE_CHUNK).contains(&bytes.len()) {
            let message = format!(
                "data has 1 to {} bytes, not {}",
                limits::UPDATE_CHUNK,
                bytes.len()
            );
            return Err(rules::bad("out_of_range", message));
        }
        let end = u32::try_from(bytes.len())
            .ok()
            .and_then(|length| written.checked_add(length));
        let end = end.filter(|end| *end <= size).ok_or_else(|| {
            let message = format!("{} bytes are missing, not {}", size - written, bytes.len());
            rules::bad("out_of_range", message)
        })?;
        if let Err(error) = self.slot()?.write(written, &bytes) {
            return Err(self.end_update(now, caller.source(), error));
        }
        let transfer = self.transfer_of(caller)?;
        transfer.written = end;
        transfer.last_write = now;
        let percent = transfer.percent();
        if percent != before {
            self.report_update(
                now,
                State::new().with("update_percentage", percent),
                caller.source(),
            );
        }
        Ok(Reply::Value(json!(ota::Written { offset: end })))
    }

    /// `Ota.Commit`.
    pub(crate) fn commit_update(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let (now, caller) = (request.now, request.caller);
        let transfer = self.transfer_of(caller)?;
        let (written, size, sha256) = (transfer.written, transfer.size, transfer.sha256);
        if written < size {
            let message = format!(
                "{} of {size} bytes are missing, from offset {written} on",
                size - written
            );
            return Err(with_offset(
                failed_precondition("incomplete", message),
                written,
            ));
        }
        if let Err(refused) = activate(self.slot()?, size, sha256) {
            return Err(self.end_update(now, caller.source(), refused));
        }
        self.update.transfer = None;
        self.reboot = Reboot::requested_by(caller);
        Ok(Reply::DONE)
    }

    /// `Ota.Abort`.
    pub(crate) fn abort_update(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        self.slot()?;
        if self.update.transfer.is_none() {
            return Err(no_update());
        }
        self.end_update(request.now, request.caller.source(), Refused::aborted());
        Ok(Reply::DONE)
    }

    /// A controller was heard to ask something: the image that runs can be
    /// reached.
    pub(crate) fn reached(&mut self) {
        if self.update.trial.is_some()
            && let Some(slot) = self.hardware.update_slot()
            && slot.confirm().is_ok()
        {
            self.update.trial = None;
        }
    }

    /// Ends an update that stands still, and the trial of an image that nobody
    /// has reached.
    pub(crate) fn watch_update(&mut self, now: Duration) {
        if self
            .update
            .transfer
            .as_ref()
            .is_some_and(|transfer| transfer.idle_at() <= now)
        {
            let why = format!("nothing came for {} s", limits::UPDATE_IDLE.as_secs());
            self.end_update(
                now,
                Source::Timer,
                Refused {
                    code: Code::Timeout,
                    reason: "timeout",
                    why,
                },
            );
        }
        if self.update.trial.is_none_or(|until| now < until) || self.reboot.is_requested() {
            return;
        }
        self.update.trial = None;
        match self.hardware.update_slot().map(UpdateSlot::roll_back) {
            None => {}
            Some(Ok(())) => {
                self.reboot = Reboot::Requested {
                    by: Source::Timer,
                    when_alone: true,
                };
                self.announce_reboot(now);
            }
            Some(Err(error)) => {
                let why = clipped(format!(
                    "nobody has reached this image, and none can come back: {error}"
                ));
                self.report_update(now, State::new().with("last_error", why), Source::Timer);
            }
        }
    }

    /// The board restarts: what has come so far is void.
    pub(crate) fn drop_update(&mut self) {
        if self.update.transfer.take().is_some()
            && let Some(slot) = self.hardware.update_slot()
        {
            slot.abort();
        }
    }

    fn slot(&mut self) -> Result<&mut dyn UpdateSlot, RpcError> {
        let message = "this board has no place for a new image: flash it by cable";
        self.hardware
            .update_slot()
            .ok_or_else(|| failed_precondition("not_supported", message))
    }

    fn transfer_of(&mut self, caller: Caller) -> Result<&mut Transfer, RpcError> {
        self.slot()?;
        let transfer = self.update.transfer.as_mut().ok_or_else(no_update)?;
        if transfer.owner == Owner::Here(caller) {
            Ok(transfer)
        } else {
            Err(in_progress(transfer))
        }
    }

    /// Ends the update, tells everyone why, and answers the same.
    fn end_update(&mut self, now: Duration, source: Source, why: impl Into<Refused>) -> RpcError {
        let Refused { code, reason, why } = why.into();
        self.drop_update();
        let why = clipped(why);
        self.report_update(now, idle(Some(&why)), source);
        self.flush(now);
        RpcError::new(code, reason, why)
    }

    /// Changes what is reported; pushed with the next batch.
    fn report_update(&mut self, now: Duration, change: State, source: Source) {
        self.report(now, &Kind::Update, change, source);
    }
}

/// The result of `Ota.Begin`.
fn begun(offset: u32) -> Reply {
    Reply::Value(json!(ota::Begun {
        chunk: limits::UPDATE_CHUNK,
        offset
    }))
}

/// Checks the image in the slot, and makes it the one that boots next.
fn activate(slot: &mut dyn UpdateSlot, size: u32, expected: Digest) -> Result<(), Refused> {
    slot.finish()?;
    let found = hash(slot, size)?;
    if found != expected {
        let why = format!("the image that was written has another SHA-256: {found}");
        return Err(Refused {
            code: Code::FailedPrecondition,
            reason: "hash_mismatch",
            why,
        });
    }
    Ok(slot.activate()?)
}

/// SHA-256 of what the slot holds.
fn hash(slot: &mut dyn UpdateSlot, size: u32) -> Result<Digest, SlotError> {
    let mut hasher = Sha256::new();
    let mut buffer = [0; READ];
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(u32::try_from(READ).unwrap_or(u32::MAX));
        let part = buffer.get_mut(..length as usize).unwrap_or_default();
        slot.read(offset, part)?;
        hasher.update(&*part);
        offset += length;
    }
    Ok(Digest(hasher.finalize().into()))
}

/// Why an update ended.
struct Refused {
    code: Code,
    reason: &'static str,
    why: String,
}

impl Refused {
    fn aborted() -> Self {
        Self {
            code: Code::FailedPrecondition,
            reason: "aborted",
            why: "aborted by a controller".to_owned(),
        }
    }
}

impl From<SlotError> for Refused {
    fn from(error: SlotError) -> Self {
        let why = error.to_string();
        match error {
            SlotError::NotAnImage(_) => Self {
                code: Code::FailedPrecondition,
                reason: "not_an_image",
                why,
            },
            SlotError::Failed(_) => Self {
                code: Code::InternalError,
                reason: "update_slot",
                why,
            },
        }
    }
}

fn in_progress(transfer: &Transfer) -> RpcError {
    let whose = match transfer.owner {
        Owner::Here(Caller::Client(id)) => format!("controller {}", id.0),
        Owner::Here(Caller::Post) => "a client of POST".to_owned(),
        Owner::Gone => "a controller that has gone".to_owned(),
    };
    let message = format!(
        "{whose} updates this board, {} % are there; it ends by {}, or {} s after its last write",
        transfer.percent(),
        method::OTA_ABORT,
        limits::UPDATE_IDLE.as_secs()
    );
    RpcError::new(Code::Busy, "update_in_progress", message)
}

fn no_update() -> RpcError {
    failed_precondition("no_update", "no update is under way: Ota.Begin first")
}

fn failed_precondition(reason: &str, message: impl Into<String>) -> RpcError {
    RpcError::new(Code::FailedPrecondition, reason, message)
}

/// With where to go on, for programs.
fn with_offset(mut error: RpcError, offset: u32) -> RpcError {
    error.data.extra.insert("offset".to_owned(), offset.into());
    error
}

/// What a slot says has no bound of its own.
fn clipped(mut why: String) -> String {
    why.retain(|c| !c.is_control());
    why.truncate(why.floor_char_boundary(limits::UPDATE_ERROR));
    why
}
