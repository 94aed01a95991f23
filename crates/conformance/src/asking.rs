//! Questions on the control channel, which change nothing: the table of
//! messages, what the board is, what is on it, how it is.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    finding::{Point, Report},
    messages::{self, EXCHANGES, Want, judge},
    shape,
    talk::{Talk, request},
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const ORDER: Point = point(
    "Messages",
    "several requests at once",
    "answered in their order",
);
const INFO: Point = point(
    "Device.GetInfo",
    "what the board is",
    "every field, in its form",
);
const COMPONENTS: Point = point(
    "Device.GetComponents",
    "descriptions",
    "key, kind and name of each, the rest where it says something",
);
const PAGES: Point = point(
    "Device.GetComponents",
    "page by page",
    "the same list, whatever the limit; nothing beyond the end",
);
const STATUS: Point = point(
    "Device.GetStatus",
    "the state of everything",
    "every component that has a state, with its fields; null where unknown",
);
const CLIENT: Point = point(
    "Device.GetStatus",
    "the asker's number",
    "client, a whole number, another one for each connection",
);
const SUBSCRIBE: Point = point(
    "Device.Subscribe",
    "the snapshot",
    "as Device.GetStatus, and the same again when called again",
);
const RUN: Point = point("Pushes", "epoch", "the same in every answer of one run");
const PING: Point = point("Sys.Ping", "uptime_ms", "whole, and goes on as time does");
const NOT_FOUND: Point = point(
    "Commands",
    "a component that there is not",
    "-32001 not_found",
);
const NO_ID: Point = point("Commands", "a command without id", "-32602 missing");
const LOG: Point = point(
    "Log",
    "Log.Subscribe",
    "the level that was asked for, and an end with off",
);

/// Every point beside those of the table.
pub(super) const POINTS: &[Point] = &[
    ORDER, INFO, COMPONENTS, PAGES, STATUS, CLIENT, SUBSCRIBE, RUN, PING, NOT_FOUND, NO_ID, LOG,
];

/// What was learnt of the board.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) info: Value,
    pub(super) components: BTreeMap<String, Value>,
    pub(super) status: Value,
}

/// Which command a kind of component has, with parameters beside `id` that are
/// in themselves right.
pub(super) fn command(kind: &str) -> Option<(&'static str, Value)> {
    Some(match kind {
        "switch" => ("Switch.Set", json!({ "on": true })),
        "light" => ("Light.Set", json!({ "on": true })),
        "number" => ("Number.Set", json!({ "value": 0 })),
        "select" => ("Select.Set", json!({ "value": "" })),
        "text" => ("Text.Set", json!({ "value": "" })),
        "button" => ("Button.Press", json!({})),
        _ => return None,
    })
}

/// Asks everything of the table over a channel; the board has to answer each
/// message before the next one is sent.
pub(super) async fn table(talk: &mut Talk, report: &mut Report<'_>) -> Result<(), String> {
    for exchange in EXCHANGES {
        let mut thought = Ok(());
        let (mut sent, mut came) = (Vec::new(), Vec::new());
        for (message, want) in exchange.messages {
            sent.push(*message);
            talk.say(message).await?;
            if matches!(want, Want::Silence) {
                // An answer to it would come before that of the next one.
                talk.say(r#"{"jsonrpc":"2.0","id":"after","method":"Sys.Ping"}"#)
                    .await?;
            }
            let answer = match talk.answer().await {
                Ok(answer) => answer,
                Err(instead) => {
                    report.judged(
                        exchange.point,
                        &sent.join(" "),
                        &instead,
                        Err("there is no answer".to_owned()),
                    );
                    return Err(instead);
                }
            };
            let judged = match want {
                Want::Silence => judge(Want::Result(r#""after""#), &answer)
                    .map_err(|_| "it is answered".to_owned()),
                want => judge(*want, &answer),
            };
            came.push(answer);
            if let Err(why) = judged {
                thought = Err(format!("{message}: {why}"));
                // What it answered wrongly may be followed by the answer that
                // was waited for.
                if matches!(want, Want::Silence) {
                    let _ = talk.answer().await;
                }
                break;
            }
        }
        report.judged(exchange.point, &sent.join(" "), &came.join(" "), thought);
    }
    Ok(())
}

/// Whether answers come in order.
pub(super) async fn order(talk: &mut Talk, report: &mut Report<'_>) -> Result<(), String> {
    let mut sent = Vec::new();
    for (id, method) in ["Device.GetStatus", "Sys.Ping", "No.Such", "Device.GetInfo"]
        .into_iter()
        .enumerate()
    {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method }).to_string();
        talk.say(&text).await?;
        sent.push(text);
    }
    let mut ids = Vec::new();
    for _ in &sent {
        ids.push(messages::envelope(&talk.answer().await?)?["id"].clone());
    }
    let came = json!(ids).to_string();
    let thought = if ids == [0, 1, 2, 3] {
        Ok(())
    } else {
        Err("the order is another one".to_owned())
    };
    report.judged(ORDER, &sent.join(" "), &came, thought);
    Ok(())
}

/// What the board is, what is on it and how it is.
///
/// `other` is the number that the board gave to another connection; commands
/// that must be refused are sent only where the board may be changed, for a
/// board that is wrong would carry them out.
pub(super) async fn learn(
    talk: &mut Talk,
    other: Option<u64>,
    may_change: bool,
    report: &mut Report<'_>,
) -> Learnt {
    let mut learnt = Learnt::default();
    match talk.call("Device.GetInfo", json!({})).await {
        Ok(info) => {
            report.judged(
                INFO,
                &request("Device.GetInfo", &json!({})),
                &info.to_string(),
                shape::info(&info),
            );
            learnt.info = info;
        }
        Err(why) => {
            report.judged(
                INFO,
                &request("Device.GetInfo", &json!({})),
                &why,
                Err("it does not answer".to_owned()),
            );
        }
    }
    components(talk, report, &mut learnt).await;
    status(talk, other, report, &mut learnt).await;
    ping(talk, report).await;
    match may_change {
        true => refusals(talk, report, &learnt).await,
        false => [NOT_FOUND, NO_ID]
            .map(|point| report.skipped(point, super::ASK))
            .into_iter()
            .collect(),
    }
    log(talk, report, &learnt.info).await;
    learnt
}

async fn components(talk: &mut Talk, report: &mut Report<'_>, learnt: &mut Learnt) {
    let all = match pages(talk, None).await {
        Ok(all) => all,
        Err(why) => {
            report.judged(
                COMPONENTS,
                "Device.GetComponents",
                &why,
                Err("the list cannot be had".to_owned()),
            );
            return report.skipped(PAGES, "the list cannot be had");
        }
    };
    let keys: Vec<_> = all
        .iter()
        .map(|component| component["key"].as_str().unwrap_or_default().to_owned())
        .collect();
    let mut thought = all.iter().try_for_each(shape::description);
    learnt.components = keys.iter().cloned().zip(all.iter().cloned()).collect();
    if thought.is_ok() && learnt.components.len() != all.len() {
        thought = Err("a key is there twice".to_owned());
    }
    report.judged(
        COMPONENTS,
        "Device.GetComponents, until total is reached",
        &json!(all).to_string(),
        thought,
    );
    let one_by_one = pages(talk, Some(1)).await;
    let beyond = talk
        .call("Device.GetComponents", json!({ "offset": all.len() }))
        .await;
    let came = format!("{} components, beyond the end: {beyond:?}", all.len());
    let thought = match (one_by_one, beyond) {
        (Err(why), _) => Err(format!("with limit 1: {why}")),
        (Ok(one_by_one), _) if one_by_one != all => {
            Err("with limit 1 the list is another one".to_owned())
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
    report.judged(
        PAGES,
        "Device.GetComponents with limit 1, and with the offset at the end",
        &came,
        thought,
    );
}

/// So many components are read of one board, as for a link.
const MOST: usize = sanitize::bounds::COMPONENTS;

/// How long the list may take, one component a page included.
const WITHIN: Duration = Duration::from_secs(60);

/// The whole list.
async fn pages(talk: &mut Talk, limit: Option<u64>) -> Result<Vec<Value>, String> {
    let begun = Instant::now();
    let mut all: Vec<Value> = Vec::new();
    loop {
        let mut params = json!({ "offset": all.len() });
        if let Some(limit) = limit {
            params["limit"] = limit.into();
        }
        let mut page = talk.call("Device.GetComponents", params).await?;
        let total = page["total"]
            .as_u64()
            .ok_or_else(|| format!("total is no whole number: {}", page["total"]))?;
        if page["offset"] != json!(all.len()) {
            return Err(format!(
                "offset is {}, not the {} that was asked for",
                page["offset"],
                all.len()
            ));
        }
        let Value::Array(components) = page["components"].take() else {
            return Err("components is no list".to_owned());
        };
        let came = u64::try_from(components.len()).unwrap_or(u64::MAX);
        if limit.is_some_and(|limit| came > limit) {
            return Err(format!("{came} components came, limit being {limit:?}"));
        }
        all.extend(components);
        if all.len() > MOST || begun.elapsed() > WITHIN {
            return Err(format!(
                "the list does not end: {} came so far, total being {total}",
                all.len()
            ));
        }
        let so_far = u64::try_from(all.len()).unwrap_or(u64::MAX);
        if so_far >= total {
            return if so_far == total {
                Ok(all)
            } else {
                Err(format!("{so_far} came, total being {total}"))
            };
        }
        if came == 0 {
            return Err(format!(
                "a page of {came} components at {so_far} of {total}"
            ));
        }
    }
}

async fn status(talk: &mut Talk, other: Option<u64>, report: &mut Report<'_>, learnt: &mut Learnt) {
    let status = match talk.call("Device.GetStatus", json!({})).await {
        Ok(status) => status,
        Err(why) => {
            report.judged(
                STATUS,
                "Device.GetStatus",
                &why,
                Err("it does not answer".to_owned()),
            );
            for point in [CLIENT, SUBSCRIBE, RUN] {
                report.skipped(point, "Device.GetStatus is not answered");
            }
            return;
        }
    };
    report.judged(
        STATUS,
        "Device.GetStatus",
        &status.to_string(),
        shape::snapshot(&status, &learnt.components),
    );
    let number = status["client"].as_u64();
    let thought = match number {
        None => Err(format!("client is {}", status["client"])),
        Some(_) if number == other => Err("two connections have the same number".to_owned()),
        Some(_) => Ok(()),
    };
    report.judged(
        CLIENT,
        "Device.GetStatus",
        &status["client"].to_string(),
        thought,
    );
    let mut epochs = vec![learnt.info["epoch"].clone(), status["epoch"].clone()];
    let (first, second) = (
        talk.call("Device.Subscribe", json!({})).await,
        talk.call("Device.Subscribe", json!({})).await,
    );
    match (first, second) {
        (Ok(first), Ok(second)) => {
            let thought = shape::snapshot(&first, &learnt.components)
                .and_then(|()| shape::snapshot(&second, &learnt.components))
                .and_then(|()| {
                    match first["client"].as_u64() == number && second["client"].as_u64() == number
                    {
                        true => Ok(()),
                        false => Err("client is another one than in Device.GetStatus".to_owned()),
                    }
                });
            report.judged(
                SUBSCRIBE,
                "Device.Subscribe, twice",
                &first.to_string(),
                thought,
            );
            epochs.extend([first["epoch"].clone(), second["epoch"].clone()]);
        }
        (Err(why), _) | (_, Err(why)) => {
            report.judged(
                SUBSCRIBE,
                "Device.Subscribe, twice",
                &why,
                Err("it does not answer".to_owned()),
            );
        }
    }
    let same = epochs.iter().all(|epoch| epoch == &epochs[0]);
    let thought = if same {
        Ok(())
    } else {
        Err("it is another one within one connection".to_owned())
    };
    report.judged(RUN, "", &json!(epochs).to_string(), thought);
    learnt.status = status;
}

async fn ping(talk: &mut Talk, report: &mut Report<'_>) {
    let (mut thought, mut came) = (Ok(()), Vec::new());
    let mut last: Option<(u64, Instant)> = None;
    for _ in 0..3 {
        let asked = Instant::now();
        let answer = talk.call("Sys.Ping", json!({})).await;
        let Some(uptime) = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer["uptime_ms"].as_u64())
        else {
            thought = Err(format!("uptime_ms is no whole number: {answer:?}"));
            break;
        };
        came.push(uptime);
        if let Some((before, at)) = last {
            // A clock of a board without crystal may be some per cent wrong;
            // one that stands, jumps or counts seconds is not meant.
            let (least, most) = (
                (asked - at).as_millis() as f64 * 0.5 - 50.0,
                at.elapsed().as_millis() as f64 * 1.5 + 50.0,
            );
            let passed = uptime.checked_sub(before).map(|passed| passed as f64);
            if passed.is_none_or(|passed| passed < least || passed > most) {
                thought = Err(format!(
                    "{before} was followed by {uptime} after {} ms",
                    at.elapsed().as_millis()
                ));
            }
        }
        last = Some((uptime, Instant::now()));
        sleep(Duration::from_millis(300)).await;
    }
    report.judged(
        PING,
        "Sys.Ping, three times, 0.3 s apart",
        &json!(came).to_string(),
        thought,
    );
}

async fn refusals(talk: &mut Talk, report: &mut Report<'_>, learnt: &Learnt) {
    let kinds = learnt
        .components
        .values()
        .filter_map(|component| component["kind"].as_str());
    let Some((kind, (method, params))) =
        kinds.filter_map(|kind| Some((kind, command(kind)?))).next()
    else {
        report.skipped(NOT_FOUND, "nothing on the board can be commanded");
        return report.skipped(NO_ID, "nothing on the board can be commanded");
    };
    if learnt.components.contains_key(&format!("{kind}:65535")) {
        report.skipped(NOT_FOUND, "the board has a component with the last number");
    } else {
        let mut nobody = params.clone();
        nobody["id"] = 65_535.into();
        refused(talk, report, NOT_FOUND, method, nobody, -32001, "not_found").await;
    }
    refused(talk, report, NO_ID, method, params, -32602, "missing").await;
}

/// A call that must be refused.
async fn refused(
    talk: &mut Talk,
    report: &mut Report<'_>,
    point: Point,
    method: &str,
    params: Value,
    code: i64,
    reason: &str,
) {
    let sent = request(method, &params);
    let came = talk.ask(&sent).await;
    let thought = match &came {
        Ok(text) => {
            messages::envelope(text).and_then(|answer| messages::error(&answer, code, &[reason]))
        }
        Err(_) => Err("there is no answer".to_owned()),
    };
    report.judged(
        point,
        &sent,
        came.as_deref().unwrap_or_else(|instead| instead),
        thought,
    );
}

async fn log(talk: &mut Talk, report: &mut Report<'_>, info: &Value) {
    if !shape::has(info, "log") {
        return report.skipped(LOG, "the board has no feature log");
    }
    let began = talk
        .call("Log.Subscribe", json!({ "level": "error" }))
        .await;
    let ended = talk.call("Log.Subscribe", json!({ "level": "off" })).await;
    let thought = match (&began, &ended) {
        (Ok(began), Ok(ended)) if began["level"] == "error" && ended["level"] == "off" => Ok(()),
        _ => Err("the level is not what was asked for".to_owned()),
    };
    report.judged(
        LOG,
        "Log.Subscribe with error, then off",
        &format!("{began:?}, {ended:?}"),
        thought,
    );
}
