//! Buffers received frames and counts losses: frames missing by their sequence
//! numbers, and frames dropped here because they were not read in time. Owns no
//! socket and reads no clock.

use std::{collections::VecDeque, sync::Arc};

use protocol::{
    Epoch,
    telemetry::{Frame, FrameError, MAX_CHANNELS, Telemetry},
};

use sanitize::bounds;

use crate::update::{Item, ReceivedFrame, TelemetryCounts};

/// The size of the buffer, in bytes of messages: some minutes at 1,000 samples
/// per second.
const MAX_BUFFERED: usize = 1 << 20;

/// A larger gap in the sequence numbers is not a loss: the board has restarted
/// its counter.
const MIN_RESET: u32 = 1 << 31;

/// The items waiting to be read.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    items: VecDeque<(Item, usize)>,
    bytes: usize,
    counts: TelemetryCounts,
    described: Option<Arc<Telemetry>>,
    /// The board's epoch, and the next sequence number in it.
    expected: Option<(Epoch, u32)>,
}

impl Inbox {
    /// Begins a connection.
    pub(super) fn connected(&mut self) {
        self.counts.connections += 1;
        self.described = None;
    }

    /// Reads the board's first message, the description.
    ///
    /// # Errors
    /// If it is not a valid description; the message says what was expected.
    pub(super) fn describe(&mut self, text: &str) -> Result<(), String> {
        let mut described: Telemetry = serde_json::from_str(text).map_err(|error| {
            format!("the first message is not a description of the channels: {error}")
        })?;
        if described.telemetry != protocol::telemetry::VERSION {
            let known = protocol::telemetry::VERSION;
            return Err(format!(
                "the board sends telemetry version {}; this program supports version {known}",
                described.telemetry
            ));
        }
        let channels = described.channels.len();
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(format!(
                "the board describes {channels} channels; expected 1 to {MAX_CHANNELS}"
            ));
        }
        for channel in &mut described.channels {
            channel.name = bounds::name(&channel.name);
            channel.unit_of_measurement = channel
                .unit_of_measurement
                .take()
                .map(|unit| bounds::name(&unit));
            channel.extra.clear();
        }
        // After a restart of the board nothing is missing.
        self.expected = self.expected.filter(|(epoch, _)| *epoch == described.epoch);
        let described = Arc::new(described);
        self.described = Some(Arc::clone(&described));
        self.put(Item::Described(described), text.len());
        Ok(())
    }

    /// Reads a binary message.
    ///
    /// # Errors
    /// If it is not a valid frame, which is counted.
    pub(super) fn frame(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let frame = Frame::decode(bytes).inspect_err(|_| self.counts.malformed += 1)?;
        let epoch = self
            .described
            .as_ref()
            .map_or(Epoch(0), |described| described.epoch);
        let missing = self
            .expected
            .map_or(0, |(_, next)| frame.sequence.wrapping_sub(next));
        let lost = if missing < MIN_RESET { missing } else { 0 };
        self.expected = Some((epoch, frame.sequence.wrapping_add(1)));
        let counts = &mut self.counts;
        counts.frames += 1;
        counts.samples += frame.rows() as u64;
        counts.bytes += bytes.len() as u64;
        counts.lost += u64::from(lost);
        counts.gaps += u64::from(frame.gap);
        self.put(Item::Frame(ReceivedFrame { frame, lost }), bytes.len());
        Ok(())
    }

    fn put(&mut self, item: Item, bytes: usize) {
        self.bytes += bytes;
        self.items.push_back((item, bytes));
        while self.bytes > MAX_BUFFERED {
            let Some((item, bytes)) = self.items.pop_front() else {
                break;
            };
            self.bytes -= bytes;
            self.counts.dropped += u64::from(matches!(item, Item::Frame(_)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Item> {
        self.bytes = 0;
        let mut items: Vec<Item> = Vec::with_capacity(self.items.len() + 1);
        // The description may be among the dropped items.
        if let (Some((Item::Frame(_), _)), Some(described)) = (self.items.front(), &self.described)
            && self.counts.dropped > 0
        {
            items.push(Item::Described(Arc::clone(described)));
        }
        items.extend(self.items.drain(..).map(|(item, _)| item));
        items
    }

    pub(super) fn counts(&self) -> TelemetryCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use protocol::telemetry::Samples;

    use super::*;

    const FIRST: &str = r#"{"telemetry":1,"epoch":"5f3a91c2","uptime_ms":1,"interval_us":1000,"channels":[{"name":"Current"}]}"#;

    fn bytes(sequence: u32) -> Vec<u8> {
        let samples = Samples::I16(vec![1; 50]);
        let frame = Frame {
            gap: false,
            sequence,
            time_us: 0,
            interval_us: 1_000,
            channels: 1,
            samples,
        };
        frame.encode().expect("a frame")
    }

    fn inbox(sequences: &[u32]) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.connected();
        inbox.describe(FIRST).expect("a description");
        for sequence in sequences {
            inbox.frame(&bytes(*sequence)).expect("a frame");
        }
        inbox
    }

    #[test]
    fn missing_sequence_numbers_count_as_lost_frames() {
        let mut inbox = inbox(&[7, 8, 11, u32::MAX - 1]);
        assert_eq!((inbox.counts().frames, inbox.counts().lost), (4, 2));
        inbox.frame(&bytes(1)).expect("a frame");
        assert_eq!(inbox.counts().lost, 4);
        let lost: Vec<u32> = inbox
            .take()
            .into_iter()
            .filter_map(|item| match item {
                Item::Frame(received) => Some(received.lost),
                Item::Described(_) => None,
            })
            .collect();
        assert_eq!(lost, [0, 0, 2, 0, 2]);
    }

    #[test]
    fn a_new_connection_counts_missed_frames_unless_the_board_restarted() {
        let mut inbox = inbox(&[1]);
        inbox.connected();
        inbox.describe(FIRST).expect("a description");
        inbox.frame(&bytes(5)).expect("a frame");
        assert_eq!((inbox.counts().lost, inbox.counts().connections), (3, 2));
        inbox
            .describe(&FIRST.replace("5f3a91c2", "00000001"))
            .expect("a description");
        inbox.frame(&bytes(90)).expect("a frame");
        assert_eq!(inbox.counts().lost, 3);
    }

    #[test]
    fn frames_that_are_not_read_are_dropped_and_counted_separately() {
        let sequences: Vec<u32> = (0..20_000).collect();
        let mut inbox = inbox(&sequences);
        let TelemetryCounts {
            frames,
            lost,
            dropped,
            ..
        } = inbox.counts();
        assert_eq!((frames, lost), (20_000, 0));
        let taken = inbox.take();
        assert!(matches!(taken[0], Item::Described(_)));
        assert_eq!(dropped + taken.len() as u64 - 1, 20_000);
        assert!(taken.len() > 5_000, "{}", taken.len());
    }

    #[test]
    fn malformed_frames_are_counted_and_ignored() {
        let mut inbox = inbox(&[1]);
        assert!(inbox.frame(b"\x02").is_err());
        assert!(inbox.frame(&[]).is_err());
        assert_eq!((inbox.counts().malformed, inbox.counts().frames), (2, 1));
        assert!(inbox.describe("{}").is_err());
    }
}
