//! Side channels: readers of the log and the telemetry, and echoes. Decides
//! what each is sent and when it ends. The server speaks their protocols.

use alloc::collections::BTreeMap;
use core::time::Duration;

use protocol::{Code, Level, RpcError};

use crate::{
    ClientId, Core, Hardware, Unread,
    contact::Contact,
    log::{Log, LogReader},
    telemetry::{Telemetry, TelemetryReader},
    text,
};

/// The kind of a side channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideChannelKind {
    /// `/log`, with lines up to this level.
    Log(Level),
    /// `/telemetry`.
    Telemetry,
    /// `/ws`.
    Echo,
}

/// What a side channel reader.
pub(crate) enum SideReader {
    Log(LogReader),
    Telemetry(TelemetryReader),
    None,
}

/// An open side channel.
pub(crate) struct SideChannel {
    pub(crate) reader: SideReader,
    pub(crate) contact: Contact,
    /// It was closed by `Clients.Close`.
    pub(crate) is_closed_remotely: bool,
}

impl SideChannel {
    /// The number of unread lines or frames, their bytes, and how many were
    /// lost.
    pub(crate) fn unread(&self, log: &Log, telemetry: &Telemetry) -> (usize, usize, u64) {
        match &self.reader {
            SideReader::Log(reader) => {
                let (lines, bytes) = log.unread_size(reader);
                (lines, bytes, log.lost(reader))
            }
            SideReader::Telemetry(reader) => {
                let (frames, bytes) = telemetry.unread_size(reader);
                (frames, bytes, reader.lost)
            }
            SideReader::None => (0, 0, 0),
        }
    }
}

/// The open side channels.
pub(crate) type Sides = BTreeMap<ClientId, SideChannel>;

impl<H: Hardware> Core<H> {
    /// A client opened `/log`, `/telemetry` or `/ws` of an open board. The
    /// driver ends it with [`Self::close_side_channel`].
    ///
    /// # Errors
    /// `no_telemetry` if the board takes no samples.
    pub fn open_side_channel(
        &mut self,
        now: Duration,
        side: SideChannelKind,
    ) -> Result<ClientId, RpcError> {
        let reader = match side {
            SideChannelKind::Log(level) => SideReader::Log(self.log.open(level)),
            SideChannelKind::Telemetry => {
                let source = self.hardware.sample_source().ok_or_else(no_telemetry)?;
                SideReader::Telemetry(self.telemetry.open(source, now))
            }
            SideChannelKind::Echo => SideReader::None,
        };
        let id = self.connections.clients.next_number();
        self.connections.sides.insert(
            id,
            SideChannel {
                reader,
                contact: Contact::new(now),
                is_closed_remotely: false,
            },
        );
        Ok(id)
    }

    /// A side channel ended.
    pub fn close_side_channel(&mut self, id: ClientId) {
        match self.connections.sides.remove(&id).map(|side| side.reader) {
            Some(SideReader::Log(reader)) => self.log.close(reader),
            Some(SideReader::Telemetry(_)) => {
                if let Some(source) = self.hardware.sample_source() {
                    self.telemetry.close(source);
                }
            }
            Some(SideReader::None) | None => {}
        }
    }

    /// Whether a side channel was closed by `Clients.Close`.
    pub fn is_closed_remotely(&self, id: ClientId) -> bool {
        self.connections
            .sides
            .get(&id)
            .is_some_and(|side| side.is_closed_remotely)
    }

    /// Whether a side channel has unread lines or frames.
    pub fn has_unread(&self, id: ClientId) -> bool {
        match self.connections.sides.get(&id).map(|side| &side.reader) {
            Some(SideReader::Log(reader)) => self.log.has_unread(reader),
            Some(SideReader::Telemetry(reader)) => self.telemetry.has_unread(reader),
            Some(SideReader::None) | None => false,
        }
    }

    /// The next lines of a reader of the log, at most `most`, and how many
    /// lines before them it lost.
    pub fn read_log(&mut self, id: ClientId, most: usize) -> Unread {
        let Some(SideChannel {
            reader: SideReader::Log(reader),
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

    /// The first message on `/telemetry`, as JSON; `None` if the board takes no
    /// samples.
    pub fn telemetry_header(&mut self, now: Duration) -> Option<alloc::string::String> {
        let source = self.hardware.sample_source()?;
        Some(text::json(&Telemetry::header(
            source,
            now,
            self.components.epoch,
        )))
    }

    /// The next frame of a reader of the telemetry.
    pub fn read_telemetry(&mut self, id: ClientId) -> Option<&[u8]> {
        let Some(SideChannel {
            reader: SideReader::Telemetry(reader),
            ..
        }) = self.connections.sides.get_mut(&id)
        else {
            return None;
        };
        self.telemetry.read(reader)
    }

    /// Whether the board takes samples.
    pub fn has_telemetry(&mut self) -> bool {
        self.hardware.sample_source().is_some()
    }

    /// Takes the samples that are due.
    pub(crate) fn take_samples(&mut self, now: Duration) {
        if self.telemetry.next_deadline().is_some_and(|due| due <= now)
            && let Some(source) = self.hardware.sample_source()
        {
            self.telemetry.take_samples(source, now);
        }
    }
}

/// The error for `/telemetry` of a board that takes no samples.
pub fn no_telemetry() -> RpcError {
    RpcError::new(
        Code::NotFound,
        "no_telemetry",
        "this board takes no samples: it has no /telemetry",
    )
}
