//! One component is changed and put back, while a second connection hears of
//! it. Only where the person has allowed it.

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
    "a result with seq, and was_on of switches and lights",
);
const PUSHED: Point = point(
    "Pushes",
    "what another connection did",
    "one NotifyStatus with the new state, prev being the seq of the snapshot",
);
const SOURCE: Point = point(
    "Pushes",
    "who did it",
    "source is client: and the number of the other connection",
);
const BEFORE: Point = point(
    "Commands",
    "push and answer",
    "the push comes before the answer, with the seq of the answer",
);
const UNCHANGED: Point = point(
    "Commands",
    "a command that changes nothing",
    "the seq that there is, and no push",
);
const WHOLLY: Point = point(
    "Commands",
    "a command with one wrong parameter",
    "-32602, and nothing of it is done",
);
const BACK: Point = point(
    "Order and gaps",
    "the next change",
    "prev is the seq of the push before",
);
const SNAPSHOT: Point = point(
    "Order and gaps",
    "the snapshot afterwards",
    "the state as it was, with the seq of the last push",
);

/// Every point.
pub(super) const POINTS: &[Point] = &[
    UNASKED, CHANGE, PUSHED, SOURCE, BEFORE, UNCHANGED, WHOLLY, BACK, SNAPSHOT,
];

/// What is changed: a component, a field, what it is and what it is made.
struct Change {
    key: String,
    number: u64,
    method: &'static str,
    field: &'static str,
    was: Value,
    becomes: Value,
}

impl Change {
    /// A light or a switch whose state is known, or a number.
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

/// Changes something and puts it back. The first channel hears of what the
/// second does; both are subscribed by it.
pub(super) async fn check(
    hearing: &mut RpcSession,
    doing: &mut RpcSession,
    facts: &BoardFacts,
    report: &mut Report<'_>,
) {
    let Some(change) = Change::find(facts) else {
        return skip(
            report,
            "there is no light, switch or number whose state is known",
        );
    };
    if let Err(why) = switched(hearing, doing, &change, facts, report).await {
        report.skip_rest(
            POINTS.iter().copied(),
            &format!("the point before it failed: {why}"),
        );
    }
    // Whatever happened: as it was.
    let _ = doing.call(change.method, change.to(&change.was)).await;
}

/// Nothing may be changed, or cannot be.
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
    // As long as this connection has not subscribed.
    doing
        .call(change.method, change.to(&change.becomes))
        .await
        .inspect_err(|why| {
            report.record(CHANGE, "", why, Err("it is not carried out".to_owned()));
        })?;
    doing.call(change.method, change.to(&change.was)).await?;
    let outcome = if doing.has_pushes() {
        Err("it is told of a change".to_owned())
    } else {
        Ok(())
    };
    report.record(
        UNASKED,
        "a command, and its opposite, by the connection itself",
        "",
        outcome,
    );
    let heard = hearing.call("Device.Subscribe", json!({})).await?;
    let own = doing.call("Device.Subscribe", json!({})).await?;
    let epoch = schema::epoch(&heard)?.to_owned();
    let seen = heard["seq"].as_u64().ok_or("seq is no whole number")?;
    let sent = request(change.method, &change.to(&change.becomes));

    let result = doing.call(change.method, change.to(&change.becomes)).await;
    let result = match result {
        Ok(result) => result,
        Err(why) => {
            report.record(CHANGE, &sent, &why, Err("it is not carried out".to_owned()));
            return Err(why);
        }
    };
    let seq = result["seq"].as_u64();
    let outcome = match (seq, change.field) {
        (None, _) => Err("seq is no whole number".to_owned()),
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
            Err("the answer received first".to_owned()),
        );
    }
    let (seen, first) = until(hearing, change, &change.becomes, &epoch, seen, facts)
        .await
        .inspect_err(|why| {
            report.record(
                PUSHED,
                &sent,
                why,
                Err("the change is not pushed as it should be".to_owned()),
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
            _ => Err("the seq of the answer is beyond that of the push".to_owned()),
        };
        report.record(BEFORE, &sent, &push.to_string(), outcome);
    }

    // Sensors may speak meanwhile: only what is said of this component counts.
    let before = doing
        .call(change.method, change.to(&change.becomes))
        .await?;
    let pushed = quiet(doing, change).await;
    let outcome = match (before["seq"].as_u64(), pushed) {
        (None, _) => Err("seq is no whole number".to_owned()),
        (_, true) => Err("it is pushed".to_owned()),
        _ => Ok(()),
    };
    report.record(UNCHANGED, &sent, &before.to_string(), outcome);
    refusals(doing, change, facts, report).await;

    let sent = request(change.method, &change.to(&change.was));
    doing.call(change.method, change.to(&change.was)).await?;
    match until(hearing, change, &change.was, &epoch, seen, facts).await {
        Ok((_, push)) => report.record(BACK, &sent, &push.to_string(), Ok(())),
        Err(why) => report.record(
            BACK,
            &sent,
            &why,
            Err("the change is not pushed as it should be".to_owned()),
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
        (true, now) => Err(format!("seq is {now:?}, and was {seen} before")),
    };
    report.record(SNAPSHOT, "Device.GetStatus", &after.to_string(), outcome);
    Ok(())
}

/// Hears pushes until one says that the component is so; each must follow the
/// one before. The last `seq` seen, and that push.
async fn until(
    session: &mut RpcSession,
    change: &Change,
    value: &Value,
    epoch: &str,
    mut seen: u64,
    facts: &BoardFacts,
) -> Result<(u64, Value), String> {
    // Sensors of a busy board may come in between; not for ever.
    for _ in 0..200 {
        let push = session.push().await?;
        if push["method"] != "NotifyStatus" {
            continue;
        }
        if push["params"]["seq"]
            .as_u64()
            .is_some_and(|seq| seq <= seen)
        {
            // It waited already when the snapshot was asked for
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
    Err("200 pushes, none of them of this component".to_owned())
}

/// Whether the component is spoken of before the next answer.
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
        // In this order the right one comes first.
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
                true => Err("on was set all the same".to_owned()),
                false => Ok(()),
            });
        report.record(WHOLLY, &sent, &received, outcome);
    } else {
        report.skip(WHOLLY, "the component has only one parameter");
    }
}
