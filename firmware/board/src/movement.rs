//! Covers and events, which no chip of this project has: what a cover is told,
//! and events that a component reports without a state.

use alloc::borrow::ToOwned;
use core::time::Duration;

use protocol::{ComponentKey, Kind, Object, RpcError, Source};

use crate::{
    Core, Hardware,
    methods::{Reply, Request},
    rules,
};

/// What a cover is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Open completely.
    Open,
    /// Close completely.
    Close,
    /// Stop where it is.
    Stop,
    /// Move to this position, 0 % (closed) to 100 % (open).
    To(u8),
}

impl<H: Hardware> Core<H> {
    /// `Cover.Set`.
    pub(crate) fn set_cover(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let slots = &self.components.slots;
        let at = request.params.target(&Kind::Cover, slots)?;
        let position = request.params.required_whole("position", 0, 100, " %")?;
        let can_be_set = slots
            .get(at)
            .is_some_and(|slot| slot.descriptor.caps.position);
        if !can_be_set {
            let message = "its position cannot be set; it can be opened, closed and stopped";
            return Err(rules::invalid("not_supported", message.to_owned()));
        }
        self.move_cover(
            request,
            Movement::To(u8::try_from(position).unwrap_or(u8::MAX)),
        )
    }

    /// The commands of a cover. The hardware moves it; what it reads back then
    /// is pushed at once, before the answer.
    pub(crate) fn move_cover(
        &mut self,
        request: &Request<'_>,
        movement: Movement,
    ) -> Result<Reply, RpcError> {
        let slots = &self.components.slots;
        let at = request.params.target(&Kind::Cover, slots)?;
        let Some(key) = slots.get(at).map(|slot| slot.descriptor.key.clone()) else {
            return Ok(Reply::DONE);
        };
        let now = request.now;
        self.flush(now);
        self.hardware.move_cover(now, &key, movement)?;
        if let Some(read) = self.hardware.read_input(now, &key) {
            // A reading that does not fit is a fault of the hardware driver:
            // the cover moves all the same.
            let _ = self.observed(now, now, at, read, request.caller.source());
            self.flush(now);
        }
        Ok(Reply::DONE)
    }

    /// An event component reports an event.
    pub(crate) fn occurred(
        &mut self,
        now: Duration,
        key: &ComponentKey,
        event: &str,
    ) -> Result<(), RpcError> {
        let Some(slot) = self
            .position(key)
            .and_then(|at| self.components.slots.get(at))
        else {
            return Err(self.not_found(key));
        };
        rules::check_event_type(&slot.descriptor.event_types, event)?;
        self.flush(now);
        let source = Some(Source::Physical);
        self.push_event(now, key.clone(), event, Object::new(), source);
        Ok(())
    }
}
