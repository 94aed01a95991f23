use std::{
    thread,
};

use web_time::Instant;

use super::{
    super::{
        board_state::BoardState,
        unseen::{ChangeScope, OTHERS},
    },
    *,
};
use crate::{CommandState, ComponentView};
use address::Candidates;
use protocol::{ComponentKey, Descriptor};

fn publish(published: &Published, board: &Arc<BoardView>, components: &[usize]) {
    let change = BoardChange {
        board,
        scope: ChangeScope::Components,
        components,
    };
    published.board(change, Vec::new());
}

fn push(published: &Published, board: u32) {
    let state = state_of(board);
    publish(published, state.view(), &[]);
}

fn state_of(board: u32) -> BoardState {
    let address = format!("192.0.2.1:{board}").parse().expect("an address");
    BoardState::new(
        Instant::now(),
        BoardKey(board),
        Candidates::given(address),
        true,
    )
}

fn drained(watch: &mut Watch) -> Vec<u32> {
    watch
        .drain()
        .boards
        .iter()
        .map(|board| board.key.0)
        .collect()
}

#[test]
fn boards_that_come_and_go_between_two_drains_are_not_reported() {
    let published = Published::default();
    let mut watch = published.watch(Arc::new(|_| ()));
    push(&published, 1);
    assert_eq!(drained(&mut watch), [1]);
    (2..=5_000).for_each(|board| {
        push(&published, board);
        published.forget(BoardKey(board));
    });
    published.forget(BoardKey(1));
    let changes = watch.drain();
    assert_eq!(
        (changes.boards.len(), changes.forgotten),
        (0, vec![BoardKey(1)])
    );
}

#[test]
fn a_withheld_board_is_not_copied_and_its_users_wait_for_it() {
    let published = Published::default();
    let mut state = state_of(1);
    publish(&published, state.view(), &[]);
    let before = Arc::as_ptr(state.view());

    published.withhold(BoardKey(1));
    let later = Instant::now();
    state.heard(later);
    let reader = published.clone();
    let read = thread::spawn(move || reader.get(BoardKey(1)));
    while published.lock().waiting == 0 {
        thread::yield_now();
    }
    published.restore(state.view());
    let seen = read.join().expect("no panic").expect("a board");
    assert_eq!((Arc::as_ptr(&seen), seen.last_heard), (before, Some(later)));

    // A reader keeps what it has.
    published.withhold(BoardKey(1));
    state.heard(Instant::now());
    publish(&published, state.view(), &[]);
    assert_eq!(seen.last_heard, Some(later));
    assert_ne!(Arc::as_ptr(state.view()), before);
    assert_eq!(drained(&mut published.watch(Arc::new(|_| ()))), [1]);
}

#[test]
fn shown_boards_are_drained_at_once_and_the_others_in_turn() {
    let published = Published::default();
    let mut watch = published.watch(Arc::new(|_| ()));
    (1..=1_000).for_each(|board| push(&published, board));
    assert_eq!(
        drained(&mut watch).len(),
        1_000,
        "everything is shown until it is set"
    );

    watch.shows(Shown {
        boards: BTreeSet::from([BoardKey(900)]),
        ..Shown::default()
    });
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        (1..=1_000).for_each(|board| push(&published, board));
        let boards = drained(&mut watch);
        assert!(
            boards.contains(&900) && boards.len() <= OTHERS + 1,
            "{boards:?}"
        );
        seen.extend(boards);
    }
    assert_eq!(seen.len(), 1_000, "none waits for good");

    // A board that is shown from now on does not wait.
    (1..=1_000).for_each(|board| push(&published, board));
    let taken = drained(&mut watch);
    let waiting: Vec<u32> = (1..=1_000).filter(|board| !taken.contains(board)).collect();
    watch.shows(Shown {
        boards: waiting
            .last()
            .map(|board| BoardKey(*board))
            .into_iter()
            .collect(),
        ..Shown::default()
    });
    assert!(
        waiting
            .last()
            .is_some_and(|board| drained(&mut watch).contains(board))
    );
}

#[test]
fn a_watch_that_shows_a_part_of_a_board_is_woken_only_for_that_part() {
    let published = Published::default();
    let woken = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&woken);
    let mut watch = published.watch(Arc::new(move |urgency| {
        noted.lock().expect("no panic").push(urgency);
    }));
    let since = || std::mem::take(&mut *woken.lock().expect("no panic"));
    let address = "192.0.2.1:1".parse().expect("an address");
    let candidates = Candidates::given(address);
    let state = BoardState::new(Instant::now(), BoardKey(1), candidates, true);
    let mut view = BoardView::clone(state.view());
    let key = |text: &str| text.parse::<ComponentKey>().expect("a key");
    let component = |key: ComponentKey| {
        Arc::new(ComponentView {
            descriptor: Arc::new(Descriptor::new(key.kind, key.id, "")),
            reported: protocol::State::new(),
            wanted: None,
            command: CommandState::Idle,
            changed: None,
            last_event: None,
            history: Arc::default(),
        })
    };
    let mut push = |text: &str| {
        let key = key(text);
        view.components.retain(|view| view.descriptor.key != key);
        view.components.push(component(key));
        let view = Arc::new(view.clone());
        publish(&published, &view, &[view.components.len() - 1]);
    };
    push("light:0");
    push("sensor:0");
    watch.drain();
    let parts = BTreeMap::from([(BoardKey(1), vec![key("light:0")])]);
    watch.shows(Shown {
        parts,
        ..Shown::default()
    });
    since();
    push("sensor:0");
    assert_eq!(since(), []);
    push("light:0");
    assert_eq!(since(), [Urgency::Prompt]);
    assert_eq!(drained(&mut watch), [1]);

    // Of a board that is shown as a whole, readings can wait.
    watch.shows(Shown {
        boards: [BoardKey(1)].into(),
        ..Shown::default()
    });
    push("sensor:0");
    push("sensor:1");
    assert_eq!(since(), [Urgency::Reading], "once until it is drained");
    push("light:0");
    push("sensor:0");
    push("light:0");
    assert_eq!(since(), [Urgency::Prompt], "once more for what is urgent");
    assert_eq!(drained(&mut watch), [1]);
    push("light:0");
    push("sensor:0");
    assert_eq!(since(), [Urgency::Prompt]);
}
