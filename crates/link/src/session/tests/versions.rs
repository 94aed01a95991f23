use super::*;

#[test]
fn another_major_in_the_announcement_is_reported_without_a_connection() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 2, false));
    bench.input(Input::Connect);
    assert_eq!(
        bench.problem(),
        LinkProblem::UnsupportedVersion { theirs: "2".into() }
    );
    bench.pass(599 * SECOND);
    bench.input(announced("10.0.0.7:80", 2, false));
    assert!(bench.connects.is_empty());
    // Anyone can announce that: the board itself is retried occasionally.
    bench.pass(SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.input(Input::Socket(
        1,
        SocketEvent::Ended(Ending::OtherSubprotocol("switchboard.v2".into())),
    ));
    assert_eq!(
        bench.problem(),
        LinkProblem::UnsupportedVersion {
            theirs: "switchboard.v2".into()
        }
    );
    bench.input(announced("10.0.0.7:80", 1, false));
    assert_eq!(bench.connects.len(), 2);
}

#[test]
fn another_major_in_the_response_is_reported_and_seldom_retried() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(
        method::DEVICE_GET_INFO,
        json!({ "proto": 2, "shape": "unknown" }),
    );
    assert_eq!(
        bench.problem(),
        LinkProblem::UnsupportedVersion { theirs: "2".into() }
    );
    assert_eq!(bench.disconnects, 1);
    bench.pass(599 * SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.pass(SECOND);
    assert_eq!(bench.connects.len(), 2);
}

#[test]
fn a_locked_board_without_a_key_is_seldom_retried_until_its_announcement_changes() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.input(Input::Connect);
    // The announcement alone does not prove that it is locked.
    assert_eq!(
        (bench.connects.len(), bench.link()),
        (1, LinkState::Connecting)
    );
    bench.input(opened(1));
    bench.input(Input::Socket(
        1,
        SocketEvent::Binary(noise::Hello::new("lamp-1", [9; 16]).to_bytes()),
    ));
    assert_eq!(bench.problem(), LinkProblem::Locked);
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.pass(500 * SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.input(announced("10.0.0.7:80", 1, false));
    assert_eq!(bench.connects.len(), 2);
}
