//! The telemetry that the curves of the page need: one connection per board,
//! kept while a curve of that board is in the list.

use std::collections::BTreeMap;

use eframe::egui;

use crate::model::{
    page_context::PageContext, pin::ChannelPin, sample_history::SampleHistory,
    sample_stream::SampleStream,
};
use fleet::{BoardKey, seconds};
use telemetry::{TelemetryState, TelemetryUpdate};

/// The telemetry of a board.
struct Stream {
    /// `None` if no thread could be started.
    stream: Option<SampleStream>,
    state: TelemetryState,
    history: SampleHistory,
}

/// The telemetry of all boards with plotted channels.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<BoardKey, Stream>);

impl Streams {
    /// Opens and closes connections as the curves, and the picker's board,
    /// require, and reads what arrived.
    pub(super) fn follow<'a>(
        &mut self,
        curves: impl Iterator<Item = &'a ChannelPin>,
        asked: Option<BoardKey>,
        ctx: &egui::Context,
        context: &PageContext<'_>,
    ) {
        let plotted = curves.filter_map(|pin| context.model.channel_board(pin));
        let asked = asked.and_then(|key| context.model.board(key));
        let wanted: BTreeMap<BoardKey, _> = plotted
            .chain(asked)
            .map(|board| (board.key, board))
            .collect();
        self.0.retain(|key, _| wanted.contains_key(key));
        let now = seconds(context.wall);
        for (key, board) in wanted {
            let stream = self.0.entry(key).or_insert_with(|| Stream {
                stream: None,
                state: TelemetryState::Connecting,
                history: SampleHistory::default(),
            });
            let moved = stream
                .stream
                .as_ref()
                .is_none_or(|open| open.address != board.address);
            if moved {
                stream.open(board, ctx);
            }
            stream.read(now);
        }
    }

    /// Whether nothing is followed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The samples of a board.
    pub(super) fn history(&self, board: BoardKey) -> Option<&SampleHistory> {
        self.0.get(&board).map(|stream| &stream.history)
    }

    /// Why there are no new samples.
    pub(super) fn problem(&self, board: BoardKey) -> Option<String> {
        match &self.0.get(&board)?.state {
            TelemetryState::Open => None,
            TelemetryState::Connecting => Some("Connecting…".to_owned()),
            TelemetryState::Waiting { why } => Some(format!("Reconnecting: {}", text::plain(why))),
            TelemetryState::Refused { why } => Some(format!("Refused: {}", text::plain(why))),
        }
    }
}

impl Stream {
    fn open(&mut self, board: &fleet::BoardView, ctx: &egui::Context) {
        match SampleStream::start(board, ctx) {
            Ok(stream) => {
                self.stream = Some(stream);
                self.state = TelemetryState::Connecting;
            }
            Err(error) => {
                self.stream = None;
                self.state = TelemetryState::Waiting {
                    why: format!("could not start a thread: {error}"),
                };
            }
        }
    }

    fn read(&mut self, now: f64) {
        let Some(stream) = &self.stream else { return };
        // Samples are drawn at the page's own pace; only the state wakes it.
        let wakes = self.history.channels().is_empty() || self.state != TelemetryState::Open;
        let TelemetryUpdate { state, items, .. } = stream.take(wakes);
        self.state = state;
        self.history.put(items, now);
    }
}
