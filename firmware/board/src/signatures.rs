//! Signed firmware: when a board requires signatures, whether the running image
//! is signed, and the ways back to a signed or previous image for a person at
//! the board. `verification` reads and verifies images.

use alloc::{format, string::String, vec::Vec};
use core::time::Duration;

use image::{PublicKey, Refusal, Target, Trailer};
use protocol::{Code, Kind, Level, RpcError, Source, State, ota};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    Core, Hardware, ImagePlace, ImageState, UpdateSlot,
    methods::{Reply, Request},
    reboot::Reboot,
    update::{UpdateFailure, failed_precondition, no_slot},
    verification::{Rule, hash_part},
};

/// When the check of the running image starts: a board that boots has more
/// urgent work.
const CHECK_AFTER: Duration = Duration::from_secs(1);

/// The pause between two parts of that check.
const CHECK_EVERY: Duration = Duration::from_millis(20);

/// How much is hashed in one part: some milliseconds on a chip.
const CHECK_PART: u32 = 4_096;

/// What a board knows of signatures.
pub(crate) struct Signatures {
    trust: Option<Trust>,
    /// Whether they are required of an open board too.
    required: bool,
    /// That setting differs from the retained one.
    pub(crate) unsaved: bool,
    check: Option<Check>,
}

/// The key that is compiled in, and what images must be made for.
#[derive(Clone, Copy)]
struct Trust {
    key: PublicKey,
    target: Target<'static>,
}

impl Trust {
    /// What is required of an image that replaces this version.
    fn rule(self, running: Option<String>) -> Rule {
        Rule {
            key: self.key,
            target: self.target,
            running,
        }
    }
}

/// The running image is being hashed, in parts.
struct Check {
    hasher: Sha256,
    hashed: u32,
    trailer: Trailer,
    due: Duration,
}

impl Signatures {
    /// What is known at boot, and whether the running image is signed, if that
    /// is known already.
    pub(crate) fn at_boot(
        slot: Option<&mut dyn UpdateSlot>,
        retained: Option<&[u8]>,
    ) -> (Self, Option<bool>) {
        let mut signatures = Self {
            trust: None,
            required: false,
            unsaved: false,
            check: None,
        };
        let Some(slot) = slot else {
            return (signatures, None);
        };
        // Neither flash that cannot be read nor firmware without a key may
        // switch it off.
        signatures.required = retained.is_some_and(|value| value != b"0");
        let Some(key) = slot.signing_key() else {
            return (signatures, None);
        };
        let trust = Trust {
            key,
            target: slot.target(),
        };
        signatures.trust = Some(trust);
        let signed = match trust.rule(None).trailer_in(slot, ImagePlace::Running) {
            Err(_) => None,
            Ok(None) => Some(false),
            Ok(Some(trailer)) => {
                signatures.check = Some(Check {
                    hasher: Sha256::new(),
                    hashed: 0,
                    trailer,
                    due: CHECK_AFTER,
                });
                None
            }
        };
        (signatures, signed)
    }

    /// When [`Core::check_running_image`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.check.as_ref().map(|check| check.due)
    }

    /// The retained setting.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.required { b"1" } else { b"0" }.to_vec()
    }

    fn is_required(&self, locked: bool) -> bool {
        locked || self.required
    }

    /// The fields of the component.
    pub(crate) fn state(&self, locked: bool, signed: Option<bool>) -> State {
        let key = self.trust.map(|trust| format!("{}", trust.key.id()));
        State::new()
            .with("signature_required", self.is_required(locked))
            .with("signing_key", key)
            .with("signed", signed)
    }
}

/// The fields of the component with the values that need the most bytes.
pub(crate) fn largest_state() -> State {
    State::new()
        .with("signature_required", false)
        .with("signing_key", Value::from("0".repeat(16)))
        .with("signed", false)
}

impl<H: Hardware> Core<H> {
    /// Whether this board accepts only signed images.
    pub fn requires_signatures(&self) -> bool {
        self.update.signatures.is_required(self.is_locked())
    }

    /// `Ota.SetConfig`.
    pub(crate) fn configure_updates(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let wanted = request.params.required_bool("require_signature")?;
        if self.hardware.update_slot().is_none() {
            return Err(no_slot());
        }
        if !wanted && self.requires_signatures() {
            let message = "signatures cannot be switched off over the network: a locked board \
                 always requires them; an open one is told at the board, by `signatures off` on \
                 its serial port or a factory reset there";
            return Err(failed_precondition("at_the_board", message));
        }
        self.require_signatures(request.now, wanted, request.caller.source())?;
        Ok(Reply::DONE)
    }

    /// Makes an open board require signatures, or no longer. A driver may
    /// switch it off only for a person at the board.
    ///
    /// # Errors
    /// The board has no update slot, or no key to verify with.
    pub fn require_signatures(
        &mut self,
        now: Duration,
        required: bool,
        by: Source,
    ) -> Result<(), RpcError> {
        if self.hardware.update_slot().is_none() {
            return Err(no_slot());
        }
        if required && self.update.signatures.trust.is_none() {
            return Err(no_key().into_error());
        }
        if self.update.signatures.required == required {
            return Ok(());
        }
        self.update.signatures.required = required;
        self.update.signatures.unsaved = true;
        self.schedule_save(now);
        let are = if required { "are" } else { "are no longer" };
        self.log(
            now,
            Level::Info,
            format_args!("signatures of firmware {are} required"),
        );
        self.report_requirement(now, by);
        self.flush(now);
        Ok(())
    }

    /// Reports whether signatures are required, which a lock changes too.
    pub(crate) fn report_requirement(&mut self, now: Duration, by: Source) {
        let required = self.requires_signatures();
        let change = State::new().with("signature_required", required);
        self.report(now, &Kind::Update, change, by);
    }

    /// What this board requires of new images; `None` if nothing.
    ///
    /// # Errors
    /// It requires signatures, but has no key to verify them with.
    pub(crate) fn rule(&self) -> Result<Option<Rule>, UpdateFailure> {
        if !self.requires_signatures() {
            return Ok(None);
        }
        let trust = self.update.signatures.trust.ok_or_else(no_key)?;
        Ok(Some(trust.rule(Some(self.identity.version.clone()))))
    }

    /// Checks what `Ota.Begin` says of the signature, before anything is
    /// written.
    pub(crate) fn check_announced(
        &self,
        request: &Request<'_>,
        size: u32,
    ) -> Result<(), UpdateFailure> {
        let Some(rule) = self.rule()? else {
            return Ok(());
        };
        let text = |name| request.params.text(name, "a text").ok().flatten();
        let Some(signature) = text("signature") else {
            return rule.check(&[], size, None).map(|_| ());
        };
        let malformed = || UpdateFailure::refused(Refusal::BadSignature);
        let trailer = ota::from_base64(signature).map_err(|_| malformed())?;
        if trailer.len() != Trailer::LEN || !Trailer::is_marked(&trailer) {
            return Err(malformed());
        }
        let sha256: Option<ota::Digest> = text("image_sha256")
            .map(str::parse)
            .transpose()
            .map_err(|_| malformed())?;
        let sha256 = sha256.map(|digest| digest.0);
        rule.check(&trailer, size, sha256.as_ref()).map(|_| ())
    }

    /// Hashes the next part of the running image when that is due, and reports
    /// at its end whether it is signed.
    pub(crate) fn check_running_image(&mut self, now: Duration) {
        let signatures = &mut self.update.signatures;
        let Some(trust) = signatures.trust else {
            return;
        };
        let Some(mut check) = signatures.check.take_if(|check| check.due <= now) else {
            return;
        };
        let Some(slot) = self.hardware.update_slot() else {
            return;
        };
        let length = check.trailer.length();
        let end = check.hashed.saturating_add(CHECK_PART).min(length);
        let read = hash_part(&mut check.hasher, check.hashed, end, |offset, part| {
            slot.read_image(ImagePlace::Running, offset, part)
        });
        let signed = match read {
            Ok(()) if end < length => {
                check.hashed = end;
                check.due = now + CHECK_EVERY;
                signatures.check = Some(check);
                return;
            }
            Ok(()) => Some(trust.rule(None).is_signed(&check.trailer, check.hasher)),
            Err(_) => None,
        };
        self.report(
            now,
            &Kind::Update,
            State::new().with("signed", signed),
            Source::Timer,
        );
    }

    /// Before a factory reset: a board that runs an unsigned image returns to
    /// the other one if that is signed.
    pub(crate) fn return_to_signed_image(&mut self) {
        // Known since boot, unless the check is not finished.
        let known = self
            .components
            .slots
            .iter()
            .find(|slot| slot.descriptor.kind == Kind::Update)
            .and_then(|slot| slot.state.signed());
        let (Some(trust), Some(slot)) = (self.update.signatures.trust, self.hardware.update_slot())
        else {
            return;
        };
        let rule = trust.rule(None);
        if known.unwrap_or_else(|| rule.verify(slot, ImagePlace::Running)) {
            // The restart must not roll it back to one that is not.
            if slot.image() == ImageState::OnTrial {
                // If this fails, the trial ends as after any restart.
                let _ = slot.confirm();
            }
        } else if rule.verify(slot, ImagePlace::Other) {
            // If this fails, the running image stays, as without this reset.
            let _ = slot.return_to_other();
        }
    }

    /// A person at the board returns to the other image, which may be older.
    /// The board restarts. If it requires signatures, that image must be signed
    /// too.
    ///
    /// # Errors
    /// There is no other image, an update is in progress, the image is not
    /// signed as required, or the record of what boots cannot be written.
    pub fn return_to_other_image(&mut self, now: Duration) -> Result<(), RpcError> {
        if self.reboot.is_requested() {
            return Err(crate::reboot::rebooting());
        }
        if self.update.is_in_progress() {
            let message = "an update is in progress: it replaces the other image";
            return Err(RpcError::new(Code::Busy, "update_in_progress", message));
        }
        let mut rule = self.rule().map_err(UpdateFailure::into_error)?;
        if let Some(rule) = &mut rule {
            rule.running = None;
        }
        let slot = self.hardware.update_slot().ok_or_else(no_slot)?;
        if slot.image_len(ImagePlace::Other).is_none() {
            let message = "this board has no other image to return to";
            return Err(failed_precondition("no_other_image", message));
        }
        if rule.is_some_and(|rule| !rule.verify(slot, ImagePlace::Other)) {
            let message = "the other image is not signed with the key of this board, which \
                 requires it";
            return Err(failed_precondition("unsigned", message));
        }
        slot.return_to_other()
            .map_err(|error| UpdateFailure::from(error).into_error())?;
        self.reboot = Reboot::Requested {
            by: Source::Physical,
            when_alone: true,
        };
        self.announce_reboot(now);
        Ok(())
    }
}

/// Why a board that requires signatures and has no key accepts nothing.
fn no_key() -> UpdateFailure {
    UpdateFailure {
        code: Code::FailedPrecondition,
        reason: "no_signing_key",
        why: "this firmware was built without a signing key, so this board can verify no image: \
             flash it over USB"
            .into(),
    }
}
