use proptest::prelude::*;

use super::*;

fn word() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[a-z:0-9]{0,12}".prop_map(Value::from),
        Just(json!(EPOCH)),
        Just(json!([])),
        Just(json!({ "on": true })),
        Just(json!({ "value": 1e300 })),
        Just(snapshot(EPOCH, 20)),
        Just(json!([{ "key": "light:0", "kind": "light", "name": "L" }])),
    ]
}

fn field() -> impl Strategy<Value = String> {
    const NAMES: [&str; 10] = [
        "epoch",
        "prev",
        "seq",
        "uptime_ms",
        "source",
        "events",
        "light:0",
        "x:1",
        "proto",
        "components",
    ];
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn message() -> impl Strategy<Value = String> {
    const PUSHES: [&str; 3] = ["NotifyStatus", "NotifyEvent", "Other"];
    let object = || {
        prop::collection::vec((field(), word()), 0..8)
            .prop_map(|fields| Value::Object(fields.into_iter().collect()))
    };
    let call = (prop::sample::select(&PUSHES[..]), object()).prop_map(|(method, params)| {
        json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
    });
    let answer = (0..30_i64, prop_oneof![object(), word()]).prop_map(|(id, result)| {
        json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
    });
    let pushes = (0..40_u64, 0..40_u64)
        .prop_map(|(prev, seq)| status(EPOCH, prev, seq, json!({})).to_string());
    prop_oneof![".{0,64}", call, answer, pushes]
}

proptest! {
    #[test]
    fn messages_never_panic_a_session(
        messages in prop::collection::vec((message(), 0..20_000_u64), 0..40)
    ) {
        let mut bench = Bench::connected();
        for (ticket, (text, wait)) in messages.into_iter().enumerate() {
            bench.command(u64::try_from(ticket)?, set(5));
            let attempt = bench.attempt;
            bench.input(Input::Socket(attempt, SocketEvent::Text(text)));
            bench.pass(Duration::from_millis(wait));
            bench.input(opened(bench.attempt));
            prop_assert!(bench.session.requests_in_flight() < 32);
        }
        bench.pass(60 * SECOND);
    }
}
