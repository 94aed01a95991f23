//! Four controllers, and a fifth.

use fleet::{LinkProblem, LinkState};
use serde_json::{Value, json};

use crate::{
    client::{Client, Refusal, post},
    observer::Observer,
    program::{Bench, Make, SOON},
};

pub(crate) fn a_fifth(make: Make) {
    let bench = Bench::start(make);
    let mut four: Vec<Client> = (0..4)
        .map(|_| Client::subscribed(bench.address).0)
        .collect();
    let Err(Refusal::Http(status, body)) = Client::connect(bench.address) else {
        panic!("a fifth was let in")
    };
    assert_eq!(status, 503);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["id"], Value::Null);
    assert_eq!(body["error"]["code"], -32005);
    assert_eq!(body["error"]["data"]["reason"], "all_places_taken");
    let mut fifth = Observer::of(&[&bench.address.to_string()]);
    fifth.until("the fifth says why", SOON, |seen| {
        let full = |board: &&_| {
            matches!(
                board,
                LinkState::Unreachable {
                    problem: LinkProblem::AllSlotsTaken,
                    retry_at: Some(_)
                }
            )
        };
        seen.boards
            .values()
            .map(|board| &board.link)
            .find(full)
            .map(|_| ())
    });
    // The four are served as before.
    for client in &mut four {
        assert!(client.call("Sys.Ping", &json!({}))["result"].is_object());
    }
    // So is `POST`.
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    let answer = post(bench.address, ping).expect("an answer");
    assert_eq!(answer.status, 200);
    // A freed slot is taken by the next attempt.
    four.pop();
    let board = *fifth.boards.keys().next().expect("known");
    fifth.until("the fifth is in", SOON, |seen| {
        let view = &seen.boards[&board];
        if matches!(view.link, LinkState::Unreachable { .. }) {
            seen.fleet.retry_now(board);
        }
        (view.link == LinkState::Connected).then_some(())
    });
}
