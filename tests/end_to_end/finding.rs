//! How boards are found: by mDNS on loopback, and by address.

use crate::desk::{Observer, SOON, boards, private_service};
use fleet::{KnownBoard, LinkState};
use virtual_board::{Options, Profile, VirtualBoards};

fn announced(service: &str, options: Options) -> VirtualBoards {
    VirtualBoards::start(Options {
        mdns: true,
        service: service.to_owned(),
        ..options
    })
    .expect("virtual boards")
}

#[test]
fn three_boards_are_found_and_connected_automatically() {
    let service = private_service();
    let boards = announced(
        &service,
        Options {
            boards: 3,
            profile: Profile::Mixed,
            ..Options::default()
        },
    );
    let mut observer = Observer::finding(&service);
    observer.until("three boards are connected", SOON, |seen| {
        let connected = seen
            .boards
            .values()
            .filter(|board| board.link == LinkState::Connected)
            .count();
        (connected == 3).then_some(())
    });
    for listening in boards.list() {
        let board = observer.board(&listening.id).expect("found by its id");
        assert_eq!(*board.name, *listening.name);
        assert_eq!(*board.address, *listening.address.to_string());
        assert!(!board.by_hand && board.announcement.is_some());
    }
}

#[test]
fn a_board_that_appears_later_is_found_too() {
    let service = private_service();
    let mut observer = Observer::finding(&service);
    observer.until("the fleet has started", SOON, |seen| {
        seen.boards.is_empty().then_some(())
    });
    let boards = announced(
        &service,
        Options {
            profile: Profile::Lamp,
            ..Options::default()
        },
    );
    observer.connected(&boards.list()[0].name);
}

#[test]
fn a_board_added_by_address_needs_no_mdns() {
    let boards = boards(Profile::Weather, 1);
    let listening = &boards.list()[0];
    let mut observer = Observer::of(&[]);
    observer
        .fleet
        .add_address(&listening.address.to_string())
        .expect("an address");
    let board = observer.connected(&listening.name);
    assert!(board.by_hand && board.announcement.is_none());
    assert_eq!(board.id.as_deref(), Some(listening.id.as_str()));
}

#[test]
fn a_board_that_is_announced_and_added_by_address_is_one_board() {
    let service = private_service();
    let boards = announced(
        &service,
        Options {
            profile: Profile::Lamp,
            ..Options::default()
        },
    );
    let listening = &boards.list()[0];
    let mut observer = Observer::finding(&service);
    observer.connected(&listening.name);
    observer
        .fleet
        .add_address(&format!("localhost:{}", listening.address.port()))
        .expect("an address");
    observer.until("both are merged into one", SOON, |seen| {
        let one = seen.boards.len() == 1 && seen.boards.values().all(|board| board.by_hand);
        one.then_some(())
    });
}

#[test]
fn two_boards_with_the_same_name_are_told_apart() {
    let service = private_service();
    let lamp = || Options {
        profile: Profile::Lamp,
        ..Options::default()
    };
    let (first, second) = (announced(&service, lamp()), announced(&service, lamp()));
    let (first, second) = (first.list().remove(0), second.list().remove(0));
    assert_eq!(first.name, second.name);
    let mut observer = Observer::finding(&service);
    observer.connected(&first.id);
    observer.connected(&second.id);
    let (a, b) = (
        observer.board(&first.id).expect("first"),
        observer.board(&second.id).expect("second"),
    );
    assert_eq!(
        (&*a.address, &*b.address),
        (&*first.address.to_string(), &*second.address.to_string())
    );
}

#[test]
fn a_board_of_an_earlier_run_is_shown_at_once_and_followed_to_its_new_address() {
    let service = private_service();
    let boards = announced(
        &service,
        Options {
            profile: Profile::Lamp,
            ..Options::default()
        },
    );
    let listening = boards.list().remove(0);
    boards.stop(&listening.id).expect("stopped");
    let mut observer = Observer::finding(&service);
    let known = KnownBoard {
        id: Some(listening.id.clone()),
        name: "Lamp at the door".to_owned(),
        address: listening.address.to_string(),
        by_hand: false,
        ..KnownBoard::default()
    };
    observer.fleet.recall(known).expect("an address");
    let before = observer.until(
        "it is shown by the name it had, as unreachable",
        SOON,
        |seen| {
            let board = seen.board("Lamp at the door")?;
            matches!(board.link, LinkState::Unreachable { .. }).then(|| board.clone())
        },
    );
    assert_eq!(before.id.as_deref(), Some(listening.id.as_str()));
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port");
    boards
        .start_again_on(&listening.id, free.port())
        .expect("started");
    let after = observer.connected(&listening.id);
    assert_eq!(
        (before.key, &*after.name),
        (after.key, listening.name.as_str())
    );
    assert_eq!(observer.boards.len(), 1);
}

#[test]
fn an_invalid_address_is_refused_with_what_is_accepted() {
    let observer = Observer::of(&[]);
    for text in [
        "",
        "desk lamp",
        "ftp://192.168.1.17/",
        "192.168.1.17:99999",
        ":80",
        "[::1",
        "lamp.local:x",
    ] {
        let error = observer.fleet.add_address(text).expect_err(text);
        assert!(error.to_string().contains("192.168.1.17:80"), "{error}");
    }
}
