//! Queries on the control channel, which change nothing: the table of
//! exchanges, device information, components and state.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    exchanges::{self, EXCHANGES, Expected, check_answer},
    finding::{Point, Report},
    schema,
    session::{RpcSession, request},
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const ORDER: Point = point("Messages", "several requests at once", "answered in order");
const INFO: Point = point(
    "Device.GetInfo",
    "what the board is",
    "all fields, with valid values",
);
const COMPONENTS: Point = point(
    "Device.GetComponents",
    "descriptions",
    "key, kind and name of each, and optional fields",
);
const PAGES: Point = point(
    "Device.GetComponents",
    "page by page",
    "the same list for any limit; empty pages beyond the end",
);
const STATUS: Point = point(
    "Device.GetStatus",
    "the full state",
    "every component with a state, with its fields; null if unknown",
);
const CLIENT: Point = point(
    "Device.GetStatus",
    "the client's number",
    "client, a whole number, different for each connection",
);
const SUBSCRIBE: Point = point(
    "Device.Subscribe",
    "the snapshot",
    "as Device.GetStatus, and the same when called again",
);
const RUN: Point = point("Pushes", "epoch", "the same in every answer of a run");
const PING: Point = point(
    "Sys.Ping",
    "uptime_ms",
    "a whole number that increases with time",
);
const NOT_FOUND: Point = point("Commands", "an unknown component", "-32001 not_found");
const NO_ID: Point = point("Commands", "a command without id", "-32602 missing");
const LOG: Point = point(
    "Log",
    "Log.Subscribe",
    "the requested level, and off to end it",
);

/// All points of this module except those of the table.
pub(super) const POINTS: &[Point] = &[
    ORDER, INFO, COMPONENTS, PAGES, STATUS, CLIENT, SUBSCRIBE, RUN, PING, NOT_FOUND, NO_ID, LOG,
];

/// What the queries returned.
#[derive(Debug, Default)]
pub(super) struct BoardFacts {
    pub(super) info: Value,
    pub(super) components: BTreeMap<String, Value>,
    pub(super) status: Value,
}

/// The command of a kind of component, with parameters that are valid except
/// for the missing `id`.
pub(super) fn command(kind: &str) -> Option<(&'static str, Value)> {
    Some(match kind {
        "switch" => ("Switch.Set", json!({ "on": true })),
        "light" => ("Light.Set", json!({ "on": true })),
        "number" => ("Number.Set", json!({ "value": 0 })),
        "select" => ("Select.Set", json!({ "value": "" })),
        "text" => ("Text.Set", json!({ "value": "" })),
        "button" => ("Button.Press", json!({})),
        "cover" => ("Cover.Stop", json!({})),
        _ => return None,
    })
}

/// Sends all messages of the table. The board must answer each one before the
/// next one is sent.
pub(super) async fn table(session: &mut RpcSession, report: &mut Report<'_>) -> Result<(), String> {
    for exchange in EXCHANGES {
        let mut outcome = Ok(());
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        for (message, want) in exchange.messages {
            sent.push(*message);
            session.send(message).await?;
            if matches!(want, Expected::Silence) {
                // An answer to the first message would precede this one.
                session
                    .send(r#"{"jsonrpc":"2.0","id":"after","method":"Sys.Ping"}"#)
                    .await?;
            }
            let answer = match session.answer().await {
                Ok(answer) => answer,
                Err(instead) => {
                    report.record(
                        exchange.point,
                        &sent.join(" "),
                        &instead,
                        Err("no answer".to_owned()),
                    );
                    return Err(instead);
                }
            };
            let checked = match want {
                Expected::Silence => check_answer(Expected::Result(r#""after""#), &answer)
                    .map_err(|_| "the message was answered".to_owned()),
                want => check_answer(*want, &answer),
            };
            received.push(answer);
            if let Err(why) = checked {
                outcome = Err(format!("{message}: {why}"));
                // The unexpected answer may be followed by the expected one.
                if matches!(want, Expected::Silence) {
                    let _ = session.answer().await;
                }
                break;
            }
        }
        report.record(
            exchange.point,
            &sent.join(" "),
            &received.join(" "),
            outcome,
        );
    }
    Ok(())
}

/// Checks that answers are in order.
pub(super) async fn order(session: &mut RpcSession, report: &mut Report<'_>) -> Result<(), String> {
    let mut sent = Vec::new();
    for (id, method) in ["Device.GetStatus", "Sys.Ping", "No.Such", "Device.GetInfo"]
        .into_iter()
        .enumerate()
    {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method }).to_string();
        session.send(&text).await?;
        sent.push(text);
    }
    let mut ids = Vec::new();
    for _ in &sent {
        ids.push(exchanges::envelope(&session.answer().await?)?["id"].clone());
    }
    let received = json!(ids).to_string();
    let outcome = if ids == [0, 1, 2, 3] {
        Ok(())
    } else {
        Err("the order differs".to_owned())
    };
    report.record(ORDER, &sent.join(" "), &received, outcome);
    Ok(())
}

/// Queries device information, components and state.
///
/// `other` is the client number of another connection. Commands that must be
/// refused are sent only if changes are allowed, because a nonconforming board
/// might carry them out.
pub(super) async fn discover(
    session: &mut RpcSession,
    other: Option<u64>,
    may_change: bool,
    report: &mut Report<'_>,
) -> BoardFacts {
    let mut facts = BoardFacts::default();
    match session.call("Device.GetInfo", json!({})).await {
        Ok(info) => {
            report.record(
                INFO,
                &request("Device.GetInfo", &json!({})),
                &info.to_string(),
                schema::info(&info),
            );
            facts.info = info;
        }
        Err(why) => {
            report.record(
                INFO,
                &request("Device.GetInfo", &json!({})),
                &why,
                Err("no answer".to_owned()),
            );
        }
    }
    components(session, report, &mut facts).await;
    status(session, other, report, &mut facts).await;
    ping(session, report).await;
    match may_change {
        true => refusals(session, report, &facts).await,
        false => [NOT_FOUND, NO_ID]
            .map(|point| report.skip(point, super::ASK))
            .into_iter()
            .collect(),
    }
    log(session, report, &facts.info).await;
    facts
}

async fn components(session: &mut RpcSession, report: &mut Report<'_>, facts: &mut BoardFacts) {
    let all = match pages(session, None).await {
        Ok(all) => all,
        Err(why) => {
            report.record(
                COMPONENTS,
                "Device.GetComponents",
                &why,
                Err("the list could not be read".to_owned()),
            );
            return report.skip(PAGES, "the list could not be read");
        }
    };
    let keys: Vec<_> = all
        .iter()
        .map(|component| component["key"].as_str().unwrap_or_default().to_owned())
        .collect();
    let mut outcome = all.iter().try_for_each(schema::description);
    facts.components = keys.iter().cloned().zip(all.iter().cloned()).collect();
    if outcome.is_ok() && facts.components.len() != all.len() {
        outcome = Err("a key appears twice".to_owned());
    }
    report.record(
        COMPONENTS,
        "Device.GetComponents, until total is reached",
        &json!(all).to_string(),
        outcome,
    );
    let one_by_one = pages(session, Some(1)).await;
    let beyond = session
        .call("Device.GetComponents", json!({ "offset": all.len() }))
        .await;
    let received = format!("{} components, beyond the end: {beyond:?}", all.len());
    let outcome = match (one_by_one, beyond) {
        (Err(why), _) => Err(format!("with limit 1: {why}")),
        (Ok(one_by_one), _) if one_by_one != all => {
            Err("with limit 1, the list differs".to_owned())
        }
        (_, Err(why)) => Err(format!("offset {}: {why}", all.len())),
        (_, Ok(page)) if page["components"] != json!([]) || page["total"] != json!(all.len()) => {
            Err(format!(
                "offset {} is not an empty page with the same total",
                all.len()
            ))
        }
        _ => Ok(()),
    };
    report.record(
        PAGES,
        "Device.GetComponents with limit 1, and with the offset at the end",
        &received,
        outcome,
    );
}

/// Maximum number of components to read, as for a link.
const LIMIT: usize = sanitize::bounds::COMPONENTS;

/// Timeout for the list, even with one component per page.
const WITHIN: Duration = Duration::from_secs(60);

/// Reads the whole list.
async fn pages(session: &mut RpcSession, limit: Option<u64>) -> Result<Vec<Value>, String> {
    let begun = Instant::now();
    let mut all: Vec<Value> = Vec::new();
    loop {
        let mut params = json!({ "offset": all.len() });
        if let Some(limit) = limit {
            params["limit"] = limit.into();
        }
        let mut page = session.call("Device.GetComponents", params).await?;
        let total = page["total"]
            .as_u64()
            .ok_or_else(|| format!("total is not a whole number: {}", page["total"]))?;
        if page["offset"] != json!(all.len()) {
            return Err(format!(
                "offset is {}, but {} was requested",
                page["offset"],
                all.len()
            ));
        }
        let Value::Array(components) = page["components"].take() else {
            return Err("components is not an array".to_owned());
        };
        let received = u64::try_from(components.len()).unwrap_or(u64::MAX);
        if limit.is_some_and(|limit| received > limit) {
            return Err(format!(
                "received {received} components with limit {limit:?}"
            ));
        }
        all.extend(components);
        if all.len() > LIMIT || begun.elapsed() > WITHIN {
            return Err(format!(
                "the list does not end: received {} components, and total is {total}",
                all.len()
            ));
        }
        let so_far = u64::try_from(all.len()).unwrap_or(u64::MAX);
        if so_far >= total {
            return if so_far == total {
                Ok(all)
            } else {
                Err(format!(
                    "received {so_far} components, but total is {total}"
                ))
            };
        }
        if received == 0 {
            return Err(format!(
                "a page of {received} components at {so_far} of {total}"
            ));
        }
    }
}

async fn status(
    session: &mut RpcSession,
    other: Option<u64>,
    report: &mut Report<'_>,
    facts: &mut BoardFacts,
) {
    let status = match session.call("Device.GetStatus", json!({})).await {
        Ok(status) => status,
        Err(why) => {
            report.record(
                STATUS,
                "Device.GetStatus",
                &why,
                Err("no answer".to_owned()),
            );
            for point in [CLIENT, SUBSCRIBE, RUN] {
                report.skip(point, "Device.GetStatus was not answered");
            }
            return;
        }
    };
    report.record(
        STATUS,
        "Device.GetStatus",
        &status.to_string(),
        schema::snapshot(&status, &facts.components),
    );
    let number = status["client"].as_u64();
    let outcome = match number {
        None => Err(format!("client is {}", status["client"])),
        Some(_) if number == other => Err("two connections have the same number".to_owned()),
        Some(_) => Ok(()),
    };
    report.record(
        CLIENT,
        "Device.GetStatus",
        &status["client"].to_string(),
        outcome,
    );
    let mut epochs = vec![facts.info["epoch"].clone(), status["epoch"].clone()];
    let (first, second) = (
        session.call("Device.Subscribe", json!({})).await,
        session.call("Device.Subscribe", json!({})).await,
    );
    match (first, second) {
        (Ok(first), Ok(second)) => {
            let outcome = schema::snapshot(&first, &facts.components)
                .and_then(|()| schema::snapshot(&second, &facts.components))
                .and_then(|()| {
                    match first["client"].as_u64() == number && second["client"].as_u64() == number
                    {
                        true => Ok(()),
                        false => Err("client differs from Device.GetStatus".to_owned()),
                    }
                });
            report.record(
                SUBSCRIBE,
                "Device.Subscribe, twice",
                &first.to_string(),
                outcome,
            );
            epochs.extend([first["epoch"].clone(), second["epoch"].clone()]);
        }
        (Err(why), _) | (_, Err(why)) => {
            report.record(
                SUBSCRIBE,
                "Device.Subscribe, twice",
                &why,
                Err("no answer".to_owned()),
            );
        }
    }
    let same = epochs.iter().all(|epoch| epoch == &epochs[0]);
    let outcome = if same {
        Ok(())
    } else {
        Err("it changed within a connection".to_owned())
    };
    report.record(RUN, "", &json!(epochs).to_string(), outcome);
    facts.status = status;
}

async fn ping(session: &mut RpcSession, report: &mut Report<'_>) {
    let (mut outcome, mut received) = (Ok(()), Vec::new());
    let mut last: Option<(u64, Instant)> = None;
    for _ in 0..3 {
        let asked = Instant::now();
        let answer = session.call("Sys.Ping", json!({})).await;
        let Some(uptime) = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer["uptime_ms"].as_u64())
        else {
            outcome = Err(format!("uptime_ms is not a whole number: {answer:?}"));
            break;
        };
        received.push(uptime);
        if let Some((before, at)) = last {
            // The clock of a board without a crystal may be off by a few
            // percent. This detects clocks that stand still, jump or count
            // seconds.
            let (least, most) = (
                (asked - at).as_millis() as f64 * 0.5 - 50.0,
                at.elapsed().as_millis() as f64 * 1.5 + 50.0,
            );
            let passed = uptime.checked_sub(before).map(|passed| passed as f64);
            if passed.is_none_or(|passed| passed < least || passed > most) {
                outcome = Err(format!(
                    "{before} was followed by {uptime} after {} ms",
                    at.elapsed().as_millis()
                ));
            }
        }
        last = Some((uptime, Instant::now()));
        sleep(Duration::from_millis(300)).await;
    }
    report.record(
        PING,
        "Sys.Ping, three times, 0.3 s apart",
        &json!(received).to_string(),
        outcome,
    );
}

async fn refusals(session: &mut RpcSession, report: &mut Report<'_>, facts: &BoardFacts) {
    let kinds = facts
        .components
        .values()
        .filter_map(|component| component["kind"].as_str());
    let Some((kind, (method, params))) =
        kinds.filter_map(|kind| Some((kind, command(kind)?))).next()
    else {
        report.skip(
            NOT_FOUND,
            "the board has no component that accepts commands",
        );
        return report.skip(NO_ID, "the board has no component that accepts commands");
    };
    if facts.components.contains_key(&format!("{kind}:65535")) {
        report.skip(NOT_FOUND, "the board has a component with number 65535");
    } else {
        let mut unknown = params.clone();
        unknown["id"] = 65_535.into();
        refused(
            session,
            report,
            NOT_FOUND,
            method,
            unknown,
            -32001,
            "not_found",
        )
        .await;
    }
    refused(session, report, NO_ID, method, params, -32602, "missing").await;
}

/// Sends a command that must be refused.
async fn refused(
    session: &mut RpcSession,
    report: &mut Report<'_>,
    point: Point,
    method: &str,
    params: Value,
    code: i64,
    reason: &str,
) {
    let sent = request(method, &params);
    let received = session.ask(&sent).await;
    let outcome = match &received {
        Ok(text) => {
            exchanges::envelope(text).and_then(|answer| exchanges::error(&answer, code, &[reason]))
        }
        Err(_) => Err("no answer".to_owned()),
    };
    report.record(
        point,
        &sent,
        received.as_deref().unwrap_or_else(|instead| instead),
        outcome,
    );
}

async fn log(session: &mut RpcSession, report: &mut Report<'_>, info: &Value) {
    if !schema::has_feature(info, "log") {
        return report.skip(LOG, "the board lacks the feature log");
    }
    let began = session
        .call("Log.Subscribe", json!({ "level": "error" }))
        .await;
    let ended = session
        .call("Log.Subscribe", json!({ "level": "off" }))
        .await;
    let outcome = match (&began, &ended) {
        (Ok(began), Ok(ended)) if began["level"] == "error" && ended["level"] == "off" => Ok(()),
        _ => Err("the level differs from the requested one".to_owned()),
    };
    report.record(
        LOG,
        "Log.Subscribe with error, then off",
        &format!("{began:?}, {ended:?}"),
        outcome,
    );
}
