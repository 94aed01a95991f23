//! The order of the records of a board that becomes known.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use address::Candidates;
use fleet::{BoardKey, BoardView, Changes, Clock, CommandState, ComponentView, LogEntry, LogEvent};
use protocol::{Descriptor, Kind, Level, State};
use record::{Observer, Recorded, Selection};

/// A board whose id is not known yet.
fn address_only() -> BoardView {
    let address = "192.0.2.7:80".parse().expect("an address");
    let address = Candidates::given(address);
    BoardView::new(Instant::now(), BoardKey(1), address, true)
}

fn component() -> Arc<ComponentView> {
    Arc::new(ComponentView {
        reported: State::new().with("on", true),
        descriptor: Arc::new(Descriptor::new(Kind::Switch, 0, "Lamp")),
        wanted: None,
        command: CommandState::Idle,
        changed: None,
        last_event: None,
        history: Arc::default(),
    })
}

fn line() -> Arc<LogEntry> {
    Arc::new(LogEntry {
        number: 0,
        at: SystemTime::UNIX_EPOCH,
        steady: SystemTime::UNIX_EPOCH,
        board: BoardKey(1),
        board_name: "Lamp".into(),
        what: LogEvent::Log {
            level: Level::Info,
            message: "connected".to_owned(),
        },
    })
}

#[test]
fn what_happens_at_a_board_follows_its_id_and_its_components() {
    let mut observer = Observer::new(Arc::new(Clock::start()), Selection::all());
    let mut observe = |view: &BoardView, log: Vec<Arc<LogEntry>>| {
        let changes = Changes {
            boards: vec![Arc::new(view.clone())],
            log,
            ..Changes::default()
        };
        let records = observer.observe(&changes).into_iter();
        let records = records.map(|record| {
            let what = match record.what {
                Recorded::Board(board) => format!("board of {}", board.components.len()),
                Recorded::Log { message, .. } => message,
                other => format!("{other:?}"),
            };
            (record.board.unwrap_or_default(), what)
        });
        records.collect::<Vec<_>>()
    };
    let record = |board: &str, what: &str| (board.to_owned(), what.to_owned());
    let mut view = address_only();
    assert_eq!(
        observe(&view, Vec::new()),
        [record("192.0.2.7:80", "board of 0")]
    );
    view.id = Some("sb-1".into());
    assert_eq!(
        observe(&view, vec![line()]),
        [
            record("192.0.2.7:80", "Forgotten"),
            record("sb-1", "board of 0"),
            record("sb-1", "connected"),
        ]
    );
    view.components = [component()].into_iter().collect();
    assert_eq!(
        observe(&view, vec![line()]),
        [record("sb-1", "board of 1"), record("sb-1", "connected")]
    );
}
