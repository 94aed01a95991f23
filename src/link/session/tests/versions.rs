use super::*;

#[test]
fn another_major_in_the_announcement_is_refused_by_name_without_a_connection() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 2, false));
    bench.input(Input::Connect);
    assert_eq!(bench.problem(), LinkProblem::UnsupportedVersion { theirs: "2".into() });
    assert!(bench.connects.is_empty());
    bench.pass(3600 * SECOND);
    assert!(bench.connects.is_empty());
    bench.input(announced("10.0.0.7:80", 1, false));
    assert_eq!(bench.connects.len(), 1);
}

#[test]
fn another_major_in_the_answer_is_refused_by_name_and_not_retried() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, json!({ "proto": 2, "shape": "unknown" }));
    assert_eq!(bench.problem(), LinkProblem::UnsupportedVersion { theirs: "2".into() });
    assert_eq!(bench.disconnects, 1);
    bench.pass(3600 * SECOND);
    assert_eq!(bench.connects.len(), 1);
}

#[test]
fn a_locked_board_without_a_key_is_tried_once_until_it_announces_itself_otherwise() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.input(Input::Connect);
    // The announcement alone does not say that it is locked.
    assert_eq!((bench.connects.len(), bench.link()), (1, LinkState::Connecting));
    bench.input(opened(1));
    bench.input(Input::Binary(1, noise::Hello::new("lamp-1", [9; 16]).to_bytes()));
    assert_eq!(bench.problem(), LinkProblem::Locked);
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.pass(3600 * SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.input(announced("10.0.0.7:80", 1, false));
    assert_eq!(bench.connects.len(), 2);
}
