//! Reads a board from the start: what it is, what is on it, and then, at one
//! moment, everything's state.

use std::time::{Duration, Instant};

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Object, PROTOCOL_MAJOR, RpcError, Snapshot, Unreadable,
    method,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    requests::{Purpose, Requests},
    session::{Output, Report},
    state::LinkProblem,
};
use sanitize::bounds;

/// A reading that is under way. State is subscribed to last, so that no push
/// comes before its component is described.
#[derive(Debug)]
pub(crate) struct Reading {
    deadline: Instant,
    info: Option<DeviceInfo>,
    components: Vec<Descriptor>,
    /// How many the board has listed, whether they could be read or not.
    seen: usize,
    listed: bool,
}

impl Reading {
    /// Asks the first questions.
    pub(crate) fn start(
        now: Instant,
        within: Duration,
        requests: &mut Requests,
        out: &mut Vec<Output>,
    ) -> Self {
        let (_, info) = requests.ask(now, Purpose::Info, method::DEVICE_GET_INFO, Object::new());
        out.push(Output::Send(info));
        let reading = Self {
            deadline: now + within,
            info: None,
            components: Vec::new(),
            seen: 0,
            listed: false,
        };
        reading.ask_page(now, requests, out);
        reading
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Takes an answer; the snapshot once all is there.
    ///
    /// # Errors
    /// Why this is no board that this program can speak with.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        purpose: &Purpose,
        answer: Result<Value, RpcError>,
        requests: &mut Requests,
        unreadable: &mut Vec<Unreadable>,
        out: &mut Vec<Output>,
    ) -> Result<Option<Snapshot>, LinkProblem> {
        let result =
            answer.map_err(|error| LinkProblem::NotABoard(bounds::text(error.to_string())))?;
        match purpose {
            Purpose::Info => {
                supported(&result)?;
                let info = bounds::info(read(method::DEVICE_GET_INFO, result)?);
                out.push(Output::Report(Report::Info(Box::new(info.clone()))));
                self.info = Some(info);
            }
            Purpose::Components => {
                let Page { total, components } = read(method::DEVICE_GET_COMPONENTS, result)?;
                let empty = components.is_empty();
                self.seen += components.len();
                let described = components
                    .into_iter()
                    .filter_map(|component| described(component, unreadable));
                self.components.extend(described.map(bounds::descriptor));
                self.components.truncate(bounds::COMPONENTS);
                if empty || self.seen >= total.min(bounds::COMPONENTS) {
                    self.listed = true;
                    out.push(Output::Report(Report::Components(std::mem::take(
                        &mut self.components,
                    ))));
                } else {
                    self.ask_page(now, requests, out);
                }
            }
            Purpose::Subscribe => return read(method::DEVICE_SUBSCRIBE, result).map(Some),
            Purpose::Status
            | Purpose::Log
            | Purpose::Ping
            | Purpose::Rival
            | Purpose::Update
            | Purpose::Command(_) => {
                return Ok(None);
            }
        }
        if self.listed && self.info.is_some() {
            let (_, subscribe) = requests.ask(
                now,
                Purpose::Subscribe,
                method::DEVICE_SUBSCRIBE,
                Object::new(),
            );
            out.push(Output::Send(subscribe));
        }
        Ok(None)
    }

    fn ask_page(&self, now: Instant, requests: &mut Requests, out: &mut Vec<Output>) {
        let params = Object::from_iter([("offset".to_owned(), json!(self.seen))]);
        let (_, page) = requests.ask(
            now,
            Purpose::Components,
            method::DEVICE_GET_COMPONENTS,
            params,
        );
        out.push(Output::Send(page));
    }
}

/// [`protocol::ComponentsPage`], each of whose components is read separately:
/// one that cannot be read must not cost the others.
#[derive(Deserialize)]
struct Page {
    total: usize,
    components: Vec<Value>,
}

/// What is said of a component; of one that cannot be read its key and its
/// name.
fn described(component: Value, unreadable: &mut Vec<Unreadable>) -> Option<Descriptor> {
    let text = |field: &str| {
        component
            .get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (key, name) = (text("key"), text("name"));
    let error = match serde_json::from_value(component) {
        Ok(descriptor) => return Some(descriptor),
        Err(error) => error,
    };
    let read: Option<ComponentKey> = key.as_deref().and_then(|key| key.parse().ok());
    let field = if read.is_some() {
        "description".to_owned()
    } else {
        "components".to_owned()
    };
    unreadable.push(Unreadable {
        component: read.clone(),
        field,
        found: error.to_string(),
    });
    let read = read?;
    Some(Descriptor::new(
        read.kind.clone(),
        read.id,
        &name.unwrap_or_else(|| read.to_string()),
    ))
}

/// Another major may answer in another shape: its number is looked at before
/// the rest.
fn supported(info: &Value) -> Result<(), LinkProblem> {
    match info.get("proto") {
        Some(major) if major.as_u64() == Some(u64::from(PROTOCOL_MAJOR)) => Ok(()),
        Some(other) => Err(LinkProblem::UnsupportedVersion {
            theirs: bounds::text(other.to_string()),
        }),
        None => Err(LinkProblem::NotABoard(format!(
            "{} names no proto",
            method::DEVICE_GET_INFO
        ))),
    }
}

fn read<T: serde::de::DeserializeOwned>(method: &str, result: Value) -> Result<T, LinkProblem> {
    serde_json::from_value(result).map_err(|error| {
        LinkProblem::NotABoard(bounds::text(format!("its answer to {method}: {error}")))
    })
}
