//! Compares what a board has after a restore with what it should have: an
//! accepted command is not yet a restored setting.

use std::{collections::BTreeMap, time::Duration};

use disk::documents::Fit;
use fleet::Outcome;
use protocol::{ComponentKey, DeviceInfo, Snapshot, State};
use serde::Deserialize;
use serde_json::Value;

use crate::{Plan, Setting, Step};

/// How many times a board is asked what it has at most: some families confirm a
/// command before they report its value.
pub const READS: u32 = 4;

/// The time between two of these requests.
pub const READ_EVERY: Duration = Duration::from_millis(500);

/// What a board reports after a restore.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadBack {
    /// Its name; `None` if it did not answer.
    pub name: Option<String>,
    /// The state of its components; empty if it did not answer.
    pub states: BTreeMap<ComponentKey, State>,
}

impl ReadBack {
    /// From the results of `Device.GetInfo` and `Device.GetStatus`.
    pub fn new(info: Option<&Value>, status: Option<&Value>) -> Self {
        let info = info.and_then(|info| DeviceInfo::deserialize(info).ok());
        let status = status.and_then(|status| Snapshot::deserialize(status).ok());
        Self {
            name: info.map(|info| info.name),
            states: status.map(|status| status.components).unwrap_or_default(),
        }
    }
}

/// What became of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The board has it.
    Restored,
    /// The board has another value than it was given.
    Differs(String),
    /// The board did not take it, or did not say what it has.
    Failed(String),
}

/// What became of a restore: a verdict per step of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The setting's title, and its verdict.
    pub rows: Vec<(String, Verdict)>,
}

impl Report {
    /// Compares. `outcomes` belong to the steps, in their order.
    pub fn new(plan: &Plan, outcomes: &[Option<Outcome>], read: &ReadBack) -> Self {
        let rows = plan.steps.iter().enumerate().map(|(at, step)| {
            let outcome = outcomes.get(at).and_then(Option::as_ref);
            (step.title.clone(), verdict(step, outcome, read))
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// How many were restored.
    pub fn restored(&self) -> usize {
        self.rows
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Restored)
            .count()
    }

    /// Whether all were restored.
    pub fn is_complete(&self) -> bool {
        self.restored() == self.rows.len()
    }

    /// Whether a setting differs, which time may change: some families push the
    /// new value a moment after they have confirmed it.
    pub fn may_change(&self) -> bool {
        self.rows
            .iter()
            .any(|(_, verdict)| matches!(verdict, Verdict::Differs(_)))
    }
}

impl Verdict {
    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Restored => "restored".to_owned(),
            Self::Differs(now) => format!("set, but the board has {now}"),
            Self::Failed(why) => format!("not restored: {why}"),
        }
    }
}

fn verdict(step: &Step, outcome: Option<&Outcome>, read: &ReadBack) -> Verdict {
    let has = match &step.setting {
        Setting::Name(name) => match &read.name {
            Some(now) if now == name => return Verdict::Restored,
            Some(now) => Some(text::plain(now)),
            None => None,
        },
        Setting::Component(key, set) => match read.states.get(key) {
            Some(now) if Fit::of(set, now) == Fit::AsWanted => return Verdict::Restored,
            Some(now) => Some(only(set, now)),
            None => None,
        },
    };
    match (outcome, has) {
        (Some(Outcome::Done { .. }), Some(now)) => Verdict::Differs(now),
        (Some(Outcome::Done { .. }), None) => {
            Verdict::Failed("the board did not report what it has".to_owned())
        }
        (Some(outcome), _) => Verdict::Failed(text::answer(outcome)),
        (None, _) => Verdict::Failed("it was not sent".to_owned()),
    }
}

/// Those fields of a state that were set, for people.
fn only(set: &State, now: &State) -> String {
    let fields = now.0.iter().filter(|(field, _)| set.0.contains_key(field));
    let fields: State = fields.map(|(f, v)| (f, v.clone())).collect();
    match fields.is_empty() {
        true => "no such value".to_owned(),
        false => text::fields(&fields, None),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]

    use protocol::{Code, RpcError};
    use serde_json::json;

    use super::*;

    fn step(setting: Setting) -> Step {
        Step {
            title: "a setting".to_owned(),
            value: String::new(),
            setting,
        }
    }

    fn number(value: f64) -> Step {
        let key = "number:0".parse().expect("a key");
        step(Setting::Component(key, State::new().with("value", value)))
    }

    fn read(value: &Value) -> ReadBack {
        let info = json!({
            "id": "lamp-1", "name": "Desk lamp", "mac": "", "version": "1", "platform": "virtual",
            "board": "lamp", "proto": 1, "epoch": "5f3a91c2", "uptime_ms": 5,
        });
        let status = json!({
            "epoch": "5f3a91c2", "seq": 3, "uptime_ms": 5, "number:0": { "value": value },
        });
        ReadBack::new(Some(&info), Some(&status))
    }

    fn judged(step: Step, outcome: Option<Outcome>, read: &ReadBack) -> Verdict {
        let plan = Plan {
            steps: vec![step],
            ..Plan::default()
        };
        let report = Report::new(&plan, &[outcome], read);
        assert_eq!(report.is_complete(), report.restored() == 1);
        report.rows[0].1.clone()
    }

    #[test]
    fn only_what_the_board_reports_afterwards_counts_as_restored() {
        let done = || {
            Some(Outcome::Done {
                result: json!({ "seq": 3 }),
                took: Duration::ZERO,
            })
        };
        let refused = || {
            let error = RpcError::new(Code::Forbidden, "view_only", "this key may only view");
            Some(Outcome::Refused(error))
        };
        assert_eq!(
            judged(number(20.0), done(), &read(&json!(20))),
            Verdict::Restored
        );
        let Verdict::Differs(now) = judged(number(20.0), done(), &read(&json!(15))) else {
            panic!("it has another value")
        };
        assert!(now.contains("15"), "{now}");
        assert!(matches!(
            judged(number(20.0), done(), &read(&Value::Null)),
            Verdict::Differs(_)
        ));
        assert!(matches!(
            judged(number(20.0), done(), &ReadBack::default()),
            Verdict::Failed(_)
        ));
        let Verdict::Failed(why) = judged(number(20.0), refused(), &read(&json!(15))) else {
            panic!("it was refused")
        };
        assert!(why.contains("this key may only view"), "{why}");
        assert_eq!(
            judged(number(20.0), refused(), &read(&json!(20))),
            Verdict::Restored,
            "it had that value before"
        );
        assert!(matches!(
            judged(number(20.0), None, &read(&json!(15))),
            Verdict::Failed(_)
        ));
        let name = |name: &str| step(Setting::Name(name.to_owned()));
        assert_eq!(
            judged(name("Desk lamp"), done(), &read(&json!(1))),
            Verdict::Restored
        );
        assert_eq!(
            judged(name("Rig"), done(), &read(&json!(1))),
            Verdict::Differs("Desk lamp".to_owned())
        );
    }
}
