//! What arrived and was not taken yet, and what was lost: frames that never
//! came, by their numbers, and frames that this program let go because nobody
//! took them. Owns no socket and reads no clock.

use std::{collections::VecDeque, sync::Arc};

use protocol::{
    Epoch,
    telemetry::{Frame, FrameError, MOST_CHANNELS, Telemetry},
};

use text::bounded;

/// What is kept for who is slow to take, in bytes of messages: some minutes of
/// a thousand samples a second.
const KEPT: usize = 1 << 20;

/// More than so many frames left out at once are no loss: the board has begun
/// to count anew, or never counted.
const NO_GAP: u32 = 1 << 31;

/// A frame, and what is missing before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// The frame.
    pub frame: Frame,
    /// Frames that were lost between the one before and this.
    pub lost: u32,
}

/// Something that arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The board says what the frames after this are made of; the first of each
    /// connection.
    Described(Arc<Telemetry>),
    /// Samples.
    Frame(Arrived),
}

/// What arrived and what did not, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that arrived.
    pub frames: u64,
    /// Samples that arrived, of one channel.
    pub samples: u64,
    /// Bytes of their messages.
    pub bytes: u64,
    /// Frames that the board left out, because they were not read fast enough:
    /// their numbers are missing.
    pub lost: u64,
    /// Times that the board took no samples for a while.
    pub gaps: u64,
    /// Frames that arrived and were let go here, because nobody took them in
    /// time.
    pub dropped: u64,
    /// Messages that are no frame.
    pub broken: u64,
    /// Connections, with the first.
    pub connections: u64,
}

/// The pieces that wait to be taken.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pieces: VecDeque<(Piece, usize)>,
    bytes: usize,
    counts: Counts,
    described: Option<Arc<Telemetry>>,
    /// The run of the board, and the number of the frame that comes next in it.
    expected: Option<(Epoch, u32)>,
}

impl Inbox {
    /// A connection was opened.
    pub(super) fn connected(&mut self) {
        self.counts.connections += 1;
        self.described = None;
    }

    /// The board's first message came.
    ///
    /// # Errors
    /// Where it does not say what is measured: what would be acceptable, in a
    /// sentence.
    pub(super) fn describe(&mut self, text: &str) -> Result<(), String> {
        let mut described: Telemetry = serde_json::from_str(text)
            .map_err(|error| format!("the first message does not say what is measured: {error}"))?;
        if described.telemetry != protocol::telemetry::VERSION {
            let known = protocol::telemetry::VERSION;
            return Err(format!(
                "the board sends frames of version {}, and this program reads {known}",
                described.telemetry
            ));
        }
        let channels = described.channels.len();
        if !(1..=MOST_CHANNELS).contains(&channels) {
            return Err(format!(
                "the board names {channels} channels, where there are 1 to {MOST_CHANNELS}"
            ));
        }
        for channel in &mut described.channels {
            channel.name = bounded::name(&channel.name);
            channel.unit_of_measurement = channel
                .unit_of_measurement
                .take()
                .map(|unit| bounded::name(&unit));
            channel.extra.clear();
        }
        // Of another run nothing is missing.
        self.expected = self.expected.filter(|(epoch, _)| *epoch == described.epoch);
        let described = Arc::new(described);
        self.described = Some(Arc::clone(&described));
        self.put(Piece::Described(described), text.len());
        Ok(())
    }

    /// A binary message came.
    ///
    /// # Errors
    /// Where it is no frame; that is counted.
    pub(super) fn frame(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let frame = Frame::decode(bytes).inspect_err(|_| self.counts.broken += 1)?;
        let epoch = self
            .described
            .as_ref()
            .map_or(Epoch(0), |described| described.epoch);
        let missing = self
            .expected
            .map_or(0, |(_, next)| frame.sequence.wrapping_sub(next));
        let lost = if missing < NO_GAP { missing } else { 0 };
        self.expected = Some((epoch, frame.sequence.wrapping_add(1)));
        let counts = &mut self.counts;
        counts.frames += 1;
        counts.samples += frame.rows() as u64;
        counts.bytes += bytes.len() as u64;
        counts.lost += u64::from(lost);
        counts.gaps += u64::from(frame.gap);
        self.put(Piece::Frame(Arrived { frame, lost }), bytes.len());
        Ok(())
    }

    fn put(&mut self, piece: Piece, bytes: usize) {
        self.bytes += bytes;
        self.pieces.push_back((piece, bytes));
        while self.bytes > KEPT {
            let Some((piece, bytes)) = self.pieces.pop_front() else {
                break;
            };
            self.bytes -= bytes;
            self.counts.dropped += u64::from(matches!(piece, Piece::Frame(_)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Piece> {
        self.bytes = 0;
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.pieces.len() + 1);
        // What was let go may have had the description in it.
        if let (Some((Piece::Frame(_), _)), Some(described)) =
            (self.pieces.front(), &self.described)
            && self.counts.dropped > 0
        {
            pieces.push(Piece::Described(Arc::clone(described)));
        }
        pieces.extend(self.pieces.drain(..).map(|(piece, _)| piece));
        pieces
    }

    pub(super) fn counts(&self) -> Counts {
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
    fn frames_whose_numbers_are_missing_were_lost() {
        let mut inbox = inbox(&[7, 8, 11, u32::MAX - 1]);
        assert_eq!((inbox.counts().frames, inbox.counts().lost), (4, 2));
        inbox.frame(&bytes(1)).expect("a frame");
        assert_eq!(inbox.counts().lost, 4);
        let lost: Vec<u32> = inbox
            .take()
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Frame(arrived) => Some(arrived.lost),
                Piece::Described(_) => None,
            })
            .collect();
        assert_eq!(lost, [0, 0, 2, 0, 2]);
    }

    #[test]
    fn a_link_that_comes_back_counts_what_was_missed_unless_the_board_restarted() {
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
    fn what_nobody_takes_is_let_go_and_counted_apart() {
        let sequences: Vec<u32> = (0..20_000).collect();
        let mut inbox = inbox(&sequences);
        let Counts {
            frames,
            lost,
            dropped,
            ..
        } = inbox.counts();
        assert_eq!((frames, lost), (20_000, 0));
        let taken = inbox.take();
        assert!(matches!(taken[0], Piece::Described(_)));
        assert_eq!(dropped + taken.len() as u64 - 1, 20_000);
        assert!(taken.len() > 5_000, "{}", taken.len());
    }

    #[test]
    fn what_is_no_frame_is_counted_and_passed_over() {
        let mut inbox = inbox(&[1]);
        assert!(inbox.frame(b"\x02").is_err());
        assert!(inbox.frame(&[]).is_err());
        assert_eq!((inbox.counts().broken, inbox.counts().frames), (2, 1));
        assert!(inbox.describe("{}").is_err());
    }
}
