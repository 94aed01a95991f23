//! Firmware updates: the order of methods, the check of the image, and the
//! reported progress. [`UpdateSlot`] stores the bytes.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::time::Duration;

use image::Refusal;
use protocol::{
    Code, Descriptor, EntityCategory, Kind, RpcError, Source, State, limits, method,
    ota::{self, Digest},
};
use serde_json::{Value, json};

use crate::{
    ClientId, Component, Core, Hardware, ImageState, SlotError, UpdateSlot,
    commands::Caller,
    methods::{Reply, Request},
    reboot::Reboot,
    rules,
    signatures::{self, Signatures},
    text,
    verification::activate,
};

/// The running update, and the trial of the running image.
pub(crate) struct Updates {
    transfer: Option<Transfer>,
    /// When the running image is rolled back unless a controller reaches it.
    trial: Option<Duration>,
    pub(crate) signatures: Signatures,
}

/// An image that is being transferred.
struct Transfer {
    owner: TransferOwner,
    size: u32,
    sha256: Digest,
    written: u32,
    last_write: Duration,
}

/// The controller that runs the update.
#[derive(Clone, Copy, PartialEq)]
enum TransferOwner {
    Present(Caller),
    /// Its connection has ended. Any controller with the same image may
    /// continue.
    Gone,
}

impl Transfer {
    /// The progress in percent.
    fn percent(&self) -> u64 {
        u64::from(self.written) * 100 / u64::from(self.size.max(1))
    }

    fn idle_at(&self) -> Duration {
        self.last_write + limits::UPDATE_IDLE
    }
}

impl Updates {
    /// The state at boot, and the error to report, if the image was rolled
    /// back.
    pub(crate) fn at_boot(
        slot: Option<&mut dyn UpdateSlot>,
        signatures: Signatures,
    ) -> (Self, Option<&'static str>) {
        let image = slot.map(|slot| slot.image());
        let trial = (image == Some(ImageState::OnTrial)).then_some(limits::UPDATE_TRIAL);
        let rolled_back = "no controller reached the new image; the previous one was restored";
        (
            Self {
                transfer: None,
                trial,
                signatures,
            },
            (image == Some(ImageState::RolledBack)).then_some(rolled_back),
        )
    }

    /// Whether an image is being transferred.
    pub(crate) fn is_in_progress(&self) -> bool {
        self.transfer.is_some()
    }

    /// A client's connection has ended.
    pub(crate) fn client_left(&mut self, client: ClientId) {
        if let Some(transfer) = &mut self.transfer
            && transfer.owner == TransferOwner::Present(Caller::Client(client))
        {
            transfer.owner = TransferOwner::Gone;
        }
    }

    /// When [`Core::check_update`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.transfer
            .as_ref()
            .map(Transfer::idle_at)
            .into_iter()
            .chain(self.trial)
            .chain(self.signatures.next_deadline())
            .min()
    }
}

/// The component that reports updates, for a board with this version.
/// `signatures` are the fields about them.
pub(crate) fn component(version: &str, last_error: Option<&str>, signatures: &State) -> Component {
    let mut descriptor = Descriptor::new(Kind::Update, 0, "Firmware");
    descriptor.device_class = Some("firmware".to_owned());
    descriptor.entity_category = Some(EntityCategory::Config);
    descriptor.icon = Some("mdi:package-up".to_owned());
    let state = State::new().with("installed_version", version);
    let mut component = Component::new(descriptor, state);
    component.state.merge(&idle(last_error));
    component.state.merge(signatures);
    component
}

/// The largest state of that component.
pub(crate) fn largest_state(mut state: State) -> State {
    // Without control characters, an escaped character takes at most two bytes
    // (RFC 8259, section 7).
    let longest = |bytes| Value::from("\"".repeat(bytes));
    state.merge(
        &idle(None)
            .with("in_progress", false)
            .with("update_percentage", 100),
    );
    state.merge(&signatures::largest_state());
    state
        .with("latest_version", longest(limits::VERSION))
        .with("last_error", longest(limits::UPDATE_ERROR))
}

/// The fields while no update is running.
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
        let size = params.required_whole("size", 1, u64::MAX, " bytes")?;
        let digits = params.required_text("sha256", "64 hexadecimal digits")?;
        let sha256 = digits.parse().map_err(|_| {
            let message = format!(
                "sha256 is the SHA-256 of the image, 64 hexadecimal digits, not {}",
                text::clipped(digits)
            );
            rules::invalid("out_of_range", message)
        })?;
        let version = params.text("version", "a text")?;
        version.map(rules::check_version).transpose()?;
        params.text("signature", "a text")?;
        params.text("image_sha256", "64 hexadecimal digits")?;
        let size = u32::try_from(size)
            .ok()
            .filter(|size| *size <= capacity)
            .ok_or_else(|| {
                let message =
                    format!("the image has {size} bytes; this board has room for {capacity}");
                RpcError::new(Code::ResourceExhausted, "too_large", message)
            })?;
        let owner = TransferOwner::Present(caller);
        if let Some(transfer) = &self.update.transfer
            && ![owner, TransferOwner::Gone].contains(&transfer.owner)
        {
            return Err(in_progress(transfer));
        }
        if let Err(failure) = self.check_announced(request, size) {
            return Err(self.end_update(now, caller.source(), failure));
        }
        if let Some(transfer) = &mut self.update.transfer
            && (transfer.size, transfer.sha256) == (size, sha256)
        {
            transfer.owner = owner;
            transfer.last_write = now;
            return Ok(begun(transfer.written));
        }
        if self.update.trial.is_some() {
            let message = "the running image is on trial and could not be confirmed, so the \
                 previous one must stay";
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
        let offset = params.required_whole("offset", 0, u64::MAX, "")?;
        if offset != u64::from(written) {
            let message = format!("the next write begins at offset {written}, not {offset}");
            return Err(with_offset(
                failed_precondition("wrong_offset", message),
                written,
            ));
        }
        let data = params.required_text("data", "bytes in base64")?;
        let bytes = ota::from_base64(data).map_err(|error| {
            rules::invalid(
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
            return Err(rules::invalid("out_of_range", message));
        }
        let end = u32::try_from(bytes.len())
            .ok()
            .and_then(|length| written.checked_add(length));
        let end = end.filter(|end| *end <= size).ok_or_else(|| {
            let message = format!("{} bytes are missing, not {}", size - written, bytes.len());
            rules::invalid("out_of_range", message)
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
        let rule = self.rule();
        let slot = self.slot()?;
        let activated = rule.and_then(|rule| activate(slot, size, sha256, rule.as_ref()));
        if let Err(failure) = activated {
            return Err(self.end_update(now, caller.source(), failure));
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
        self.end_update(
            request.now,
            request.caller.source(),
            UpdateFailure::aborted(),
        );
        Ok(Reply::DONE)
    }

    /// A controller sent a request: the running image can be reached, which
    /// confirms it.
    pub(crate) fn confirm_image(&mut self) {
        if self.update.trial.is_some()
            && let Some(slot) = self.hardware.update_slot()
            && slot.confirm().is_ok()
        {
            self.update.trial = None;
        }
    }

    /// Ends an update that makes no progress, and rolls an image back that no
    /// controller has reached.
    pub(crate) fn check_update(&mut self, now: Duration) {
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
                UpdateFailure {
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
                let why = truncated(format!(
                    "no controller has reached this image, and it could not be rolled back: {error}"
                ));
                self.report_update(now, State::new().with("last_error", why), Source::Timer);
            }
        }
    }

    /// Discards the running update.
    pub(crate) fn drop_update(&mut self) {
        if self.update.transfer.take().is_some()
            && let Some(slot) = self.hardware.update_slot()
        {
            slot.abort();
        }
    }

    /// Ends the running update because the board was locked: its controller
    /// had no key.
    pub(crate) fn end_update_at_lock(&mut self, now: Duration) {
        if self.update.is_in_progress() {
            let locked = UpdateFailure {
                code: Code::FailedPrecondition,
                reason: "aborted",
                why: "the board was locked".to_owned(),
            };
            self.end_update(now, Source::Physical, locked);
        }
    }

    fn slot(&mut self) -> Result<&mut dyn UpdateSlot, RpcError> {
        self.hardware.update_slot().ok_or_else(no_slot)
    }

    fn transfer_of(&mut self, caller: Caller) -> Result<&mut Transfer, RpcError> {
        self.slot()?;
        let transfer = self.update.transfer.as_mut().ok_or_else(no_update)?;
        if transfer.owner == TransferOwner::Present(caller) {
            Ok(transfer)
        } else {
            Err(in_progress(transfer))
        }
    }

    /// Ends the update, reports why, and returns the same as an error.
    fn end_update(
        &mut self,
        now: Duration,
        source: Source,
        reason: impl Into<UpdateFailure>,
    ) -> RpcError {
        let UpdateFailure { code, reason, why } = reason.into();
        self.drop_update();
        let why = truncated(why);
        self.report_update(now, idle(Some(&why)), source);
        self.flush(now);
        RpcError::new(code, reason, why)
    }

    /// Changes the reported state, which is pushed with the next batch.
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

/// Why an update has failed.
pub(crate) struct UpdateFailure {
    pub(crate) code: Code,
    pub(crate) reason: &'static str,
    pub(crate) why: String,
}

impl UpdateFailure {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self {
            code: Code::FailedPrecondition,
            reason: refusal.reason(),
            why: refusal.to_string(),
        }
    }

    pub(crate) fn into_error(self) -> RpcError {
        RpcError::new(self.code, self.reason, self.why)
    }

    fn aborted() -> Self {
        Self {
            code: Code::FailedPrecondition,
            reason: "aborted",
            why: "aborted by a controller".to_owned(),
        }
    }
}

impl From<SlotError> for UpdateFailure {
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
        TransferOwner::Present(Caller::Client(id)) => format!("controller {}", id.0),
        TransferOwner::Present(Caller::Post) => "a client of POST".to_owned(),
        TransferOwner::Gone => "a controller that has gone".to_owned(),
    };
    let message = format!(
        "{whose} updates this board, {} % are there; it ends by {}, or {} s after its last write",
        transfer.percent(),
        method::OTA_ABORT,
        limits::UPDATE_IDLE.as_secs()
    );
    RpcError::new(Code::Busy, "update_in_progress", message)
}

pub(crate) fn no_slot() -> RpcError {
    let message = "this board has no update slot: flash it over USB";
    failed_precondition("not_supported", message)
}

fn no_update() -> RpcError {
    failed_precondition("no_update", "no update is under way: Ota.Begin first")
}

pub(crate) fn failed_precondition(reason: &str, message: impl Into<String>) -> RpcError {
    RpcError::new(Code::FailedPrecondition, reason, message)
}

/// Adds the offset at which to continue, for programs.
fn with_offset(mut error: RpcError, offset: u32) -> RpcError {
    error.data.extra.insert("offset".to_owned(), offset.into());
    error
}

/// A reason, cut to the longest `last_error`.
fn truncated(mut why: String) -> String {
    why.retain(|c| !c.is_control());
    why.truncate(why.floor_char_boundary(limits::UPDATE_ERROR));
    why
}
