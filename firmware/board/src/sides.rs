//! Connections beside the control channel: readers of the log and of the
//! telemetry, and echoes. Decides what each is given and when one is to end;
//! what is said on them is the server's.

use alloc::collections::BTreeMap;
use core::time::Duration;

use protocol::{Code, Level, RpcError};

use crate::{
    ClientId, Core, Hardware, Unread,
    contact::Contact,
    log::{Log, LogReader},
    telemetry::{self, Telemetry},
    text,
};

/// What a connection beside the control channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideChannelKind {
    /// `/log`, lines up to this level.
    Log(Level),
    /// `/telemetry`.
    Telemetry,
    /// `/ws`.
    Echo,
}

/// What one reads.
pub(crate) enum Reads {
    Log(LogReader),
    Telemetry(telemetry::Reader),
    Nothing,
}

pub(crate) struct Open {
    pub(crate) reads: Reads,
    pub(crate) contact: Contact,
    pub(crate) dismissed: bool,
}

impl Open {
    /// How many lines or frames wait for it, their bytes, and how many it lost.
    pub(crate) fn waiting(&self, log: &Log, telemetry: &Telemetry) -> (usize, usize, u64) {
        match &self.reads {
            Reads::Log(reader) => {
                let (lines, bytes) = log.waiting(reader);
                (lines, bytes, log.lost(reader))
            }
            Reads::Telemetry(reader) => {
                let (frames, bytes) = telemetry.waiting(reader);
                (frames, bytes, reader.lost)
            }
            Reads::Nothing => (0, 0, 0),
        }
    }
}

/// All of them.
pub(crate) type Sides = BTreeMap<ClientId, Open>;

impl<H: Hardware> Core<H> {
    /// A client opened `/log`, `/telemetry` or `/ws` of an open board. It is to
    /// be given to [`Self::close_side_channel`].
    ///
    /// # Errors
    /// `no_telemetry` where the board takes no samples.
    pub fn open_side_channel(
        &mut self,
        now: Duration,
        side: SideChannelKind,
    ) -> Result<ClientId, RpcError> {
        let reads = match side {
            SideChannelKind::Log(level) => Reads::Log(self.log.open(level)),
            SideChannelKind::Telemetry => {
                let source = self.hardware.sample_source().ok_or_else(no_telemetry)?;
                Reads::Telemetry(self.telemetry.open(source, now))
            }
            SideChannelKind::Echo => Reads::Nothing,
        };
        let id = self.connections.clients.next_number();
        self.connections.sides.insert(
            id,
            Open {
                reads,
                contact: Contact::new(now),
                dismissed: false,
            },
        );
        Ok(id)
    }

    /// That connection ended.
    pub fn close_side_channel(&mut self, id: ClientId) {
        match self.connections.sides.remove(&id).map(|side| side.reads) {
            Some(Reads::Log(reader)) => self.log.close(reader),
            Some(Reads::Telemetry(_)) => {
                if let Some(source) = self.hardware.sample_source() {
                    self.telemetry.close(source);
                }
            }
            Some(Reads::Nothing) | None => {}
        }
    }

    /// Whether it was told to end by `Clients.Close`.
    pub fn is_dismissed(&self, id: ClientId) -> bool {
        self.connections
            .sides
            .get(&id)
            .is_some_and(|side| side.dismissed)
    }

    /// Whether it has something to read.
    pub fn has_unread(&self, id: ClientId) -> bool {
        match self.connections.sides.get(&id).map(|side| &side.reads) {
            Some(Reads::Log(reader)) => self.log.has_unread(reader),
            Some(Reads::Telemetry(reader)) => self.telemetry.has_unread(reader),
            Some(Reads::Nothing) | None => false,
        }
    }

    /// What a reader of the log has not seen, at most `most` lines; one that
    /// comes too late is told how many it lost.
    pub fn read_log(&mut self, id: ClientId, most: usize) -> Unread {
        let Some(Open {
            reads: Reads::Log(reader),
            ..
        }) = self.connections.sides.get_mut(&id)
        else {
            return Unread::default();
        };
        let mut left = most;
        self.log.read(reader, |_| {
            left = left.wrapping_sub(1);
            left < most
        })
    }

    /// What is said on `/telemetry` before the first frame, as JSON; `None`
    /// where the board takes no samples.
    pub fn telemetry_header(&mut self, now: Duration) -> Option<alloc::string::String> {
        let source = self.hardware.sample_source()?;
        Some(text::json(&Telemetry::announced(
            source,
            now,
            self.components.epoch,
        )))
    }

    /// The next frame of a reader of the telemetry.
    pub fn read_telemetry(&mut self, id: ClientId) -> Option<&[u8]> {
        let Some(Open {
            reads: Reads::Telemetry(reader),
            ..
        }) = self.connections.sides.get_mut(&id)
        else {
            return None;
        };
        self.telemetry.read(reader)
    }

    /// Whether it takes samples.
    pub fn has_telemetry(&mut self) -> bool {
        self.hardware.sample_source().is_some()
    }

    /// How many frames of telemetry there were since boot: another number means
    /// that there is a new one.
    pub fn frames(&self) -> u64 {
        self.telemetry.total()
    }

    /// Takes the samples that are due.
    pub(crate) fn gather_telemetry(&mut self, now: Duration) {
        if self.telemetry.next_deadline().is_some_and(|due| due <= now)
            && let Some(source) = self.hardware.sample_source()
        {
            self.telemetry.gather(source, now);
        }
    }
}

/// The refusal of a board without a source of samples.
pub fn no_telemetry() -> RpcError {
    RpcError::new(
        Code::NotFound,
        "no_telemetry",
        "this board takes no samples: it has no /telemetry",
    )
}
