//! One component is changed and put back, while a second connection hears of
//! it. Only where the person has allowed it.

use serde_json::{Value, json};

use super::{
    asking::{Learnt, command},
    finding::{Point, Report},
    messages, shape,
    talk::{Talk, request},
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
    fn find(learnt: &Learnt) -> Option<Self> {
        ["light", "switch", "number"]
            .into_iter()
            .find_map(|wanted| {
                learnt.components.iter().find_map(|(key, component)| {
                    let kind = component["kind"].as_str().filter(|kind| *kind == wanted)?;
                    let state = &learnt.status[key];
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
    hearing: &mut Talk,
    doing: &mut Talk,
    learnt: &Learnt,
    report: &mut Report<'_>,
) {
    let Some(change) = Change::find(learnt) else {
        return skip(
            report,
            "there is no light, switch or number whose state is known",
        );
    };
    if let Err(why) = switched(hearing, doing, &change, learnt, report).await {
        report.rest(
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
        report.skipped(*point, why);
    }
}

async fn switched(
    hearing: &mut Talk,
    doing: &mut Talk,
    change: &Change,
    learnt: &Learnt,
    report: &mut Report<'_>,
) -> Result<(), String> {
    // As long as this connection has not subscribed.
    doing
        .call(change.method, change.to(&change.becomes))
        .await
        .inspect_err(|why| {
            report.judged(CHANGE, "", why, Err("it is not carried out".to_owned()));
        })?;
    doing.call(change.method, change.to(&change.was)).await?;
    let thought = if doing.has_pushes() {
        Err("it is told of a change".to_owned())
    } else {
        Ok(())
    };
    report.judged(
        UNASKED,
        "a command, and its opposite, by the connection itself",
        "",
        thought,
    );
    let heard = hearing.call("Device.Subscribe", json!({})).await?;
    let own = doing.call("Device.Subscribe", json!({})).await?;
    let epoch = shape::epoch(&heard)?.to_owned();
    let seen = heard["seq"].as_u64().ok_or("seq is no whole number")?;
    let sent = request(change.method, &change.to(&change.becomes));

    let result = doing.call(change.method, change.to(&change.becomes)).await;
    let result = match result {
        Ok(result) => result,
        Err(why) => {
            report.judged(CHANGE, &sent, &why, Err("it is not carried out".to_owned()));
            return Err(why);
        }
    };
    let seq = result["seq"].as_u64();
    let thought = match (seq, change.field) {
        (None, _) => Err("seq is no whole number".to_owned()),
        (_, "on") if result["was_on"] != change.was => Err(format!(
            "was_on is {}, not {}",
            result["was_on"], change.was
        )),
        _ => Ok(()),
    };
    report.judged(CHANGE, &sent, &result.to_string(), thought);
    let early = doing.has_push_of(&change.key);
    if !early {
        report.judged(
            BEFORE,
            &sent,
            &result.to_string(),
            Err("the answer came first".to_owned()),
        );
    }
    let (seen, first) = until(hearing, change, &change.becomes, &epoch, seen, learnt)
        .await
        .inspect_err(|why| {
            report.judged(
                PUSHED,
                &sent,
                why,
                Err("the change is not pushed as it should be".to_owned()),
            );
        })?;
    report.judged(PUSHED, &sent, &first.to_string(), Ok(()));
    let source = json!(format!(
        "client:{}",
        own["client"].as_u64().unwrap_or_default()
    ));
    let said = &first["params"]["source"];
    let thought = if *said == source {
        Ok(())
    } else {
        Err(format!("source is {said}, not {source}"))
    };
    report.judged(SOURCE, &sent, &said.to_string(), thought);
    let own_seen = own["seq"].as_u64().unwrap_or_default();
    let (own_seen, push) = until(doing, change, &change.becomes, &epoch, own_seen, learnt).await?;
    if early {
        let thought = match seq {
            Some(seq) if seq <= own_seen => Ok(()),
            _ => Err("the seq of the answer is beyond that of the push".to_owned()),
        };
        report.judged(BEFORE, &sent, &push.to_string(), thought);
    }

    // Sensors may speak meanwhile: only what is said of this component counts.
    let before = doing
        .call(change.method, change.to(&change.becomes))
        .await?;
    let pushed = quiet(doing, change).await;
    let thought = match (before["seq"].as_u64(), pushed) {
        (None, _) => Err("seq is no whole number".to_owned()),
        (_, true) => Err("it is pushed".to_owned()),
        _ => Ok(()),
    };
    report.judged(UNCHANGED, &sent, &before.to_string(), thought);
    refusals(doing, change, learnt, report).await;

    let sent = request(change.method, &change.to(&change.was));
    doing.call(change.method, change.to(&change.was)).await?;
    match until(hearing, change, &change.was, &epoch, seen, learnt).await {
        Ok((_, push)) => report.judged(BACK, &sent, &push.to_string(), Ok(())),
        Err(why) => report.judged(
            BACK,
            &sent,
            &why,
            Err("the change is not pushed as it should be".to_owned()),
        ),
    }
    let after = doing.call("Device.GetStatus", json!({})).await?;
    let thought = match (
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
    report.judged(SNAPSHOT, "Device.GetStatus", &after.to_string(), thought);
    Ok(())
}

/// Hears pushes until one says that the component is so; each must follow the
/// one before. The last `seq` seen, and that push.
async fn until(
    talk: &mut Talk,
    change: &Change,
    value: &Value,
    epoch: &str,
    mut seen: u64,
    learnt: &Learnt,
) -> Result<(u64, Value), String> {
    // Sensors of a busy board may come in between; not for ever.
    for _ in 0..200 {
        let push = talk.push().await?;
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
        seen = shape::push(&push, epoch, seen, &learnt.components)
            .map_err(|why| format!("{why}: {push}"))?;
        let said = &push["params"][&change.key][change.field];
        if said == value || said.as_f64().is_some() && said.as_f64() == value.as_f64() {
            return Ok((seen, push));
        }
    }
    Err("200 pushes, none of them of this component".to_owned())
}

/// Whether the component is spoken of before the next answer.
async fn quiet(talk: &mut Talk, change: &Change) -> bool {
    let mut spoken = false;
    if talk.call("Sys.Ping", json!({})).await.is_ok() {
        while talk.has_pushes() {
            spoken |= talk
                .push()
                .await
                .is_ok_and(|push| push["params"].get(&change.key).is_some());
        }
    }
    spoken
}

async fn refusals(doing: &mut Talk, change: &Change, learnt: &Learnt, report: &mut Report<'_>) {
    let light = learnt.components[&change.key]["caps"]["brightness"] == true;
    if light {
        // In this order the right one comes first.
        let sent = request(
            change.method,
            &json!({ "id": change.number, "on": change.was, "brightness": 101 }),
        );
        let came = doing.ask(&sent).await.unwrap_or_else(|instead| instead);
        let now = doing
            .call("Device.GetStatus", json!({}))
            .await
            .unwrap_or_default();
        let thought = messages::envelope(&came)
            .and_then(|answer| messages::error(&answer, -32602, &["out_of_range"]))
            .and_then(|()| match now[&change.key]["on"] == change.was {
                true => Err("on was set all the same".to_owned()),
                false => Ok(()),
            });
        report.judged(WHOLLY, &sent, &came, thought);
    } else {
        report.skipped(WHOLLY, "the component has only one parameter");
    }
}
