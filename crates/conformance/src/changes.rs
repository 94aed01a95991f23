//! Changes one component and restores it while a second connection observes it.
//! Runs only if the user allows changes.

use serde_json::{Value, json};

use super::{
    exchanges,
    finding::{Point, Report},
    queries::{BoardFacts, command},
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

const UNASKED: Point = point(
    "Connecting",
    "a connection that has not subscribed",
    "nothing is pushed to it",
);
const CHANGE: Point = point(
    "Commands",
    "a command",
    "a result with seq, and was_on for switches and lights",
);
const PUSHED: Point = point(
    "Pushes",
    "a change by another connection",
    "one NotifyStatus with the new state; prev is the seq of the snapshot",
);
const SOURCE: Point = point(
    "Pushes",
    "the source of the change",
    "source is client: followed by the number of the other connection",
);
const BEFORE: Point = point(
    "Commands",
    "push and answer",
    "the push comes before the answer, with the seq of the answer",
);
const UNCHANGED: Point = point(
    "Commands",
    "a command that changes nothing",
    "the current seq, and no push",
);
const WHOLLY: Point = point(
    "Commands",
    "a command with one wrong parameter",
    "-32602, and no part of it is carried out",
);
const BACK: Point = point(
    "Order and gaps",
    "the next change",
    "prev is the seq of the previous push",
);
const SNAPSHOT: Point = point(
    "Order and gaps",
    "the snapshot afterwards",
    "the original state, with the seq of the last push",
);

/// All points of this module.
pub(super) const POINTS: &[Point] = &[
    UNASKED, CHANGE, PUSHED, SOURCE, BEFORE, UNCHANGED, WHOLLY, BACK, SNAPSHOT,
];

/// A change: the component, the field, its current and its new value.
struct Change {
    key: String,
    number: u64,
    method: &'static str,
    field: &'static str,
    was: Value,
    becomes: Value,
}

impl Change {
    /// A light or switch whose state is known, or a number.
    fn find(facts: &BoardFacts) -> Option<Self> {
        ["light", "switch", "number"]
            .into_iter()
            .find_map(|wanted| {
                facts.components.iter().find_map(|(key, component)| {
                    let kind = component["kind"].as_str().filter(|kind| *kind == wanted)?;
                    let state = &facts.status[key];
                    let number = key.split_once(':')?.1.parse().ok()?;
                    let method = command(kind)?.0;
                    let key = key.clone();
                    if kind == "number" {
                        let (value, min, max) = (
                            state["value"].as_f64()?,
                            state["min"].as_f64()?,
                            state["max"].as_f64()?,
                        );
                        let becomes = if value > min { min } else { max };
                        return Some(Self {
                            key,
                            number,
                            method,
                            field: "value",
                            was: state["value"].clone(),
                            becomes: json!(becomes),
                        });
                    }
                    let on = state["on"].as_bool()?;
                    Some(Self {
                        key,
                        number,
                        method,
                        field: "on",
                        was: json!(on),
                        becomes: json!(!on),
                    })
                })
            })
    }

    fn to(&self, value: &Value) -> Value {
        json!({ "id": self.number, self.field: value })
    }
}

/// Changes a component and restores it. Subscribes both sessions; the first
/// observes what the second does.
pub(super) async fn check(
    hearing: &mut RpcSession,
    doing: &mut RpcSession,
    facts: &BoardFacts,
    report: &mut Report<'_>,
) {
    let Some(change) = Change::find(facts) else {
        return skip(report, "no light, switch or number has a known state");
    };
    if let Err(why) = switched(hearing, doing, &change, facts, report).await {
        report.skip_rest(
            POINTS.iter().copied(),
            &format!("the previous point failed: {why}"),
        );
    }
    // Restore the state, whatever happened.
    let _ = doing.call(change.method, change.to(&change.was)).await;
}

/// Changes are not allowed or not possible.
pub(super) fn skip(report: &mut Report<'_>, why: &str) {
    for point in POINTS {
        report.skip(*point, why);
    }
}

async fn switched(
    hearing: &mut RpcSession,
    doing: &mut RpcSession,
    change: &Change,
    facts: &BoardFacts,
    report: &mut Report<'_>,
) -> Result<(), String> {
    unsubscribed(doing, change, report).await?;
    let heard = hearing.call("Device.Subscribe", json!({})).await?;
    let own = doing.call("Device.Subscribe", json!({})).await?;
    let epoch = schema::epoch(&heard)?.to_owned();
    let seen = heard["seq"].as_u64().ok_or("seq is not a whole number")?;
    let sent = request(change.method, &change.to(&change.becomes));

    let result = doing.call(change.method, change.to(&change.becomes)).await;
    let result = match result {
        Ok(result) => result,
        Err(why) => {
            report.record(
                CHANGE,
                &sent,
                &why,
                Err("the command was not carried out".to_owned()),
            );
            return Err(why);
        }
    };
    let seq = result["seq"].as_u64();
    let outcome = match (seq, change.field) {
        (None, _) => Err("seq is not a whole number".to_owned()),
        (_, "on") if result["was_on"] != change.was => Err(format!(
            "was_on is {}, not {}",
            result["was_on"], change.was
        )),
        _ => Ok(()),
    };
    report.record(CHANGE, &sent, &result.to_string(), outcome);
    let early = doing.has_push_of(&change.key);
    if !early {
        report.record(
            BEFORE,
            &sent,
            &result.to_string(),
            Err("the answer arrived before the push".to_owned()),
        );
    }
    let (seen, first) = until(hearing, change, &change.becomes, &epoch, seen, facts)
        .await
        .inspect_err(|why| {
            report.record(
                PUSHED,
                &sent,
                why,
                Err("the push is missing or wrong".to_owned()),
            );
        })?;
    report.record(PUSHED, &sent, &first.to_string(), Ok(()));
    let source = json!(format!(
        "client:{}",
        own["client"].as_u64().unwrap_or_default()
    ));
    let said = &first["params"]["source"];
    let outcome = if *said == source {
        Ok(())
    } else {
        Err(format!("source is {said}, not {source}"))
    };
    report.record(SOURCE, &sent, &said.to_string(), outcome);
    let own_seen = own["seq"].as_u64().unwrap_or_default();
    let (own_seen, push) = until(doing, change, &change.becomes, &epoch, own_seen, facts).await?;
    if early {
        let outcome = match seq {
            Some(seq) if seq <= own_seen => Ok(()),
            _ => Err("the seq of the answer is greater than that of the push".to_owned()),
        };
        report.record(BEFORE, &sent, &push.to_string(), outcome);
    }

    unchanged(doing, change, &sent, report).await?;
    refusals(doing, change, facts, report).await;

    restored(hearing, doing, change, (&epoch, seen), facts, report).await
}

/// A connection that is not subscribed receives no pushes.
async fn unsubscribed(
    doing: &mut RpcSession,
    change: &Change,
    report: &mut Report<'_>,
) -> Result<(), String> {
    doing
        .call(change.method, change.to(&change.becomes))
        .await
        .inspect_err(|why| {
            report.record(
                CHANGE,
                "",
                why,
                Err("the command was not carried out".to_owned()),
            );
        })?;
    doing.call(change.method, change.to(&change.was)).await?;
    let outcome = if doing.has_pushes() {
        Err("a change was pushed".to_owned())
    } else {
        Ok(())
    };
    report.record(
        UNASKED,
        "a command and its opposite on the same connection",
        "",
        outcome,
    );
    Ok(())
}

/// A command that changes nothing causes no push.
async fn unchanged(
    doing: &mut RpcSession,
    change: &Change,
    sent: &str,
    report: &mut Report<'_>,
) -> Result<(), String> {
    // Sensors may push in the meantime: only pushes of this component count.
    let before = doing
        .call(change.method, change.to(&change.becomes))
        .await?;
    let pushed = quiet(doing, change).await;
    let outcome = match (before["seq"].as_u64(), pushed) {
        (None, _) => Err("seq is not a whole number".to_owned()),
        (_, true) => Err("a push was sent".to_owned()),
        _ => Ok(()),
    };
    report.record(UNCHANGED, sent, &before.to_string(), outcome);
    Ok(())
}

/// Restores the component; `epoch` and `seen` are those of the last push.
async fn restored(
    hearing: &mut RpcSession,
    doing: &mut RpcSession,
    change: &Change,
    (epoch, seen): (&str, u64),
    facts: &BoardFacts,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let sent = request(change.method, &change.to(&change.was));
    doing.call(change.method, change.to(&change.was)).await?;
    match until(hearing, change, &change.was, epoch, seen, facts).await {
        Ok((_, push)) => report.record(BACK, &sent, &push.to_string(), Ok(())),
        Err(why) => report.record(
            BACK,
            &sent,
            &why,
            Err("the push is missing or wrong".to_owned()),
        ),
    }
    let after = doing.call("Device.GetStatus", json!({})).await?;
    let outcome = match (
        after[&change.key][change.field] == change.was,
        after["seq"].as_u64(),
    ) {
        (false, _) => Err(format!(
            "{} of {} is {}",
            change.field, change.key, after[&change.key][change.field]
        )),
        (true, Some(now)) if now >= seen => Ok(()),
        (true, now) => Err(format!("seq is {now:?}, but was {seen} before")),
    };
    report.record(SNAPSHOT, "Device.GetStatus", &after.to_string(), outcome);
    Ok(())
}

/// Receives pushes until one reports this value; each must follow the previous
/// one. Returns the last `seq` and that push.
async fn until(
    session: &mut RpcSession,
    change: &Change,
    value: &Value,
    epoch: &str,
    mut seen: u64,
    facts: &BoardFacts,
) -> Result<(u64, Value), String> {
    // Tolerates pushes of a busy board's sensors, but not forever.
    for _ in 0..200 {
        let push = session.push().await?;
        if push["method"] != "NotifyStatus" {
            continue;
        }
        if push["params"]["seq"]
            .as_u64()
            .is_some_and(|seq| seq <= seen)
        {
            // It was already queued when the snapshot was requested
            // (docs/protocol.md, "Order and gaps").
            continue;
        }
        seen = schema::push(&push, epoch, seen, &facts.components)
            .map_err(|why| format!("{why}: {push}"))?;
        let said = &push["params"][&change.key][change.field];
        if said == value || said.as_f64().is_some() && said.as_f64() == value.as_f64() {
            return Ok((seen, push));
        }
    }
    Err("received 200 pushes, but none of this component".to_owned())
}

/// Whether the component is pushed before the next answer.
async fn quiet(session: &mut RpcSession, change: &Change) -> bool {
    let mut spoken = false;
    if session.call("Sys.Ping", json!({})).await.is_ok() {
        while session.has_pushes() {
            spoken |= session
                .push()
                .await
                .is_ok_and(|push| push["params"].get(&change.key).is_some());
        }
    }
    spoken
}

async fn refusals(
    doing: &mut RpcSession,
    change: &Change,
    facts: &BoardFacts,
    report: &mut Report<'_>,
) {
    let light = facts.components[&change.key]["caps"]["brightness"] == true;
    if light {
        // The valid parameter precedes the invalid one.
        let sent = request(
            change.method,
            &json!({ "id": change.number, "on": change.was, "brightness": 101 }),
        );
        let received = doing.ask(&sent).await.unwrap_or_else(|instead| instead);
        let now = doing
            .call("Device.GetStatus", json!({}))
            .await
            .unwrap_or_default();
        let outcome = exchanges::envelope(&received)
            .and_then(|answer| exchanges::error(&answer, -32602, &["out_of_range"]))
            .and_then(|()| match now[&change.key]["on"] == change.was {
                true => Err("on was set nevertheless".to_owned()),
                false => Ok(()),
            });
        report.record(WHOLLY, &sent, &received, outcome);
    } else {
        report.skip(WHOLLY, "the component has only one parameter");
    }
}
