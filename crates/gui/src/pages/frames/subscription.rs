//! The frames that the page keeps of one board, with each response matched to
//! its request.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use web_time::SystemTime;

use super::parsed_frame::{self, FrameKind, ParsedFrame};

use fleet::{BoardKey, BoardView, Direction, Following, WireFrame};

/// Frames that are kept; older ones are dropped.
const MAX_ROWS: usize = 5_000;

/// A frame in the list.
pub(super) struct Row {
    pub(super) frame: Arc<WireFrame>,
    pub(super) parsed: ParsedFrame,
    /// For a response: the number of the request, and the round trip.
    pub(super) request: Option<(u64, Duration)>,
}

/// The frames of the board that is shown.
pub(super) struct FrameSubscription {
    pub(super) board: BoardKey,
    /// Makes the fleet keep many frames while it exists.
    _following: Following,
    next: u64,
    pub(super) rows: VecDeque<Row>,
    /// Unanswered requests by id.
    pending: HashMap<String, (u64, SystemTime)>,
    /// Frames that were dropped before they were read.
    pub(super) lost: u64,
}

impl FrameSubscription {
    pub(super) fn new(board: &BoardView) -> Self {
        Self {
            board: board.key,
            _following: board.frames.follow(),
            next: 0,
            rows: VecDeque::new(),
            pending: HashMap::new(),
            lost: 0,
        }
    }

    pub(super) fn update(&mut self, board: &BoardView) {
        for frame in board.frames.since(self.next) {
            self.lost += frame.number.saturating_sub(self.next);
            self.next = frame.number + 1;
            self.add(frame);
        }
    }

    fn add(&mut self, frame: Arc<WireFrame>) {
        let parsed = parsed_frame::parse(&frame);
        let mut request = None;
        match (&parsed.id, frame.way) {
            (Some(id), Direction::Out) => {
                if self.pending.len() >= MAX_ROWS {
                    self.pending.clear();
                }
                self.pending.insert(id.clone(), (frame.number, frame.at));
            }
            (Some(id), Direction::In) => {
                request = self
                    .pending
                    .remove(id)
                    .map(|(number, at)| (number, frame.at.duration_since(at).unwrap_or_default()));
            }
            // Ids start over on a new connection.
            (None, Direction::Link) => self.pending.clear(),
            _ => {}
        }
        if self.rows.len() == MAX_ROWS {
            self.rows.pop_front();
        }
        let mut row = Row {
            frame,
            parsed,
            request,
        };
        // Show the method of the request with the response.
        if let Some(request) = row.request.and_then(|(number, _)| self.row(number)) {
            if request.parsed.kind == FrameKind::Link {
                row.parsed.kind = FrameKind::Link;
            }
            let method = &request.parsed.method;
            row.parsed.method = if row.parsed.method.is_empty() {
                method.clone()
            } else {
                format!("{method}: {}", row.parsed.method)
            };
        }
        self.rows.push_back(row);
    }

    pub(super) fn row(&self, number: u64) -> Option<&Row> {
        let first = self.rows.front()?.frame.number;
        // Numbers are consecutive except where frames were lost.
        let guess = usize::try_from(number.checked_sub(first)?).ok()?;
        match self.rows.get(guess) {
            Some(row) if row.frame.number == number => Some(row),
            _ => self.rows.iter().find(|row| row.frame.number == number),
        }
    }
}
