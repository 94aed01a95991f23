use std::time::Duration;

use super::*;

fn numbers(frames: &Frames) -> Vec<u64> {
    frames.since(0).iter().map(|frame| frame.number).collect()
}

#[test]
fn a_few_frames_are_always_kept_and_many_while_the_board_is_watched() {
    let frames = Arc::new(Frames::default());
    let add = |count: usize| {
        (0..count).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Direction::In, "{}"));
    };
    add(100);
    assert_eq!(numbers(&frames), (84..100).collect::<Vec<_>>());
    let following = frames.follow();
    add(6_000);
    assert_eq!(numbers(&frames).len(), 5_000);
    assert_eq!(frames.since(6_098).len(), 2);
    drop(following);
    assert_eq!(numbers(&frames).len(), 16);
}

#[test]
fn bytes_are_bounded_and_a_long_message_is_cut_between_characters() {
    let frames = Arc::new(Frames::default());
    let _following = frames.follow();
    let long = "ä".repeat(20_000);
    (0..1_000).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Direction::In, &long));
    let kept = frames.since(0);
    assert_eq!(
        (kept.len(), kept[0].size, kept[0].is_whole()),
        (256, 40_000, false)
    );
    frames.binary(SystemTime::UNIX_EPOCH, Direction::In, &[0xff; 4]);
    assert!(frames.since(1_000).iter().all(|frame| frame.is_whole()));
}

#[test]
fn packed_frames_are_unpacked_unchanged() {
    let at = |second| SystemTime::UNIX_EPOCH + Duration::new(second, 123_456_789);
    let frames = Arc::new(Frames::default());
    frames.add(
        at(1),
        Direction::Link,
        0,
        &Content::Connect("ws://10.0.0.7/rpc".into()),
    );
    frames.add(at(2), Direction::Link, 0, &Content::Open);
    frames.text(at(3), Direction::Out, "{}");
    frames.encrypted(at(4), Direction::In, r#"{"name":"Lämpchen"}"#);
    frames.binary(at(5), Direction::In, &[0, 255]);
    frames.add(at(6), Direction::In, 0, &Content::Ping);
    frames.add(at(7), Direction::In, 0, &Content::Pong);
    frames.add(at(8), Direction::Link, 0, &Content::End("closed".into()));
    let frame = |number, way, size, encrypted, content| WireFrame {
        number,
        at: at(number + 1),
        way,
        size,
        encrypted,
        content,
    };
    let expected = [
        frame(
            0,
            Direction::Link,
            0,
            false,
            Content::Connect("ws://10.0.0.7/rpc".into()),
        ),
        frame(1, Direction::Link, 0, false, Content::Open),
        frame(2, Direction::Out, 2, false, Content::Text("{}".into())),
        frame(
            3,
            Direction::In,
            20,
            true,
            Content::Text(r#"{"name":"Lämpchen"}"#.into()),
        ),
        frame(
            4,
            Direction::In,
            2,
            false,
            Content::Binary([0, 255][..].into()),
        ),
        frame(5, Direction::In, 0, false, Content::Ping),
        frame(6, Direction::In, 0, false, Content::Pong),
        frame(7, Direction::Link, 0, false, Content::End("closed".into())),
    ];
    let kept = |frames: &Frames| {
        frames
            .since(0)
            .iter()
            .map(|frame| (**frame).clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(&frames), expected);
    let following = frames.follow();
    assert_eq!(kept(&frames), expected, "while the board is watched");
    drop(following);
    assert_eq!(kept(&frames), expected, "and after that");
    assert_eq!(frames.since(6).len(), 2);
}

#[test]
fn packed_frames_are_bounded() {
    let frames = Frames::default();
    let text =
        |length: usize| frames.text(SystemTime::UNIX_EPOCH, Direction::In, &"x".repeat(length));
    text(20_000);
    assert_eq!(
        numbers(&frames),
        [0],
        "the newest is kept, however long it is"
    );
    (0..100).for_each(|_| text(300));
    assert_eq!(numbers(&frames), (95..101).collect::<Vec<_>>());
    assert!(frames.lock().packed.bytes.capacity() <= packed::PACKED.1);
}

#[test]
fn each_watcher_is_woken_once() {
    let frames = Frames::default();
    let woken = Arc::new(Mutex::new(Vec::new()));
    // The second watcher asks again, in place of the first time.
    for watcher in [1, 2, 2] {
        let woken = Arc::clone(&woken);
        frames.wake_with_next(watcher, move || {
            let mut woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
            woken.push(watcher);
        });
    }
    (0..3).for_each(|_| frames.add(SystemTime::UNIX_EPOCH, Direction::In, 0, &Content::Ping));
    let woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*woken, [1, 2]);
}
