//! Reads a board from the start: its information, its components, and then the
//! state of everything at one moment. Sends nothing itself.

use std::time::Duration;

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, Object, PROTOCOL_MAJOR, RpcError, Snapshot, Unreadable,
    method,
};
use sanitize::bounds;
use serde::Deserialize;
use serde_json::{Value, json};
use web_time::Instant;

use super::{connection::Connection, output::Outputs, requests::Purpose, state::LinkProblem};

/// A reading in progress. State is subscribed to last, so that no push arrives
/// before its component is described.
#[derive(Debug)]
pub(crate) struct Reading {
    deadline: Instant,
    has_info: bool,
    components: Vec<Descriptor>,
    /// How many the board has listed, including those that could not be read.
    listed: usize,
    complete: bool,
}

/// What a response contributed.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The device information.
    Info(Box<DeviceInfo>),
    /// One page of components; more follow.
    Page,
    /// All components.
    Components(Vec<Descriptor>),
    /// The state of everything: the reading is complete.
    Subscribed(Snapshot),
    /// Nothing: the response was for something else.
    Unrelated,
}

impl Reading {
    /// Sends the first requests.
    pub(crate) fn start(
        now: Instant,
        within: Duration,
        connection: &mut Connection,
        out: &mut Outputs,
    ) -> Self {
        let info = method::DEVICE_GET_INFO;
        connection.request(now, Purpose::Info, info, Object::new(), out);
        let reading = Self {
            deadline: now + within,
            has_info: false,
            components: Vec::new(),
            listed: 0,
            complete: false,
        };
        reading.request_page(now, connection, out);
        reading
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Takes a response. What of it cannot be read is added to `unreadable`.
    ///
    /// # Errors
    /// Why this is not a board that this program supports.
    pub(crate) fn answered(
        &mut self,
        purpose: &Purpose,
        response: Result<Value, RpcError>,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<Progress, LinkProblem> {
        let result =
            response.map_err(|error| LinkProblem::NotABoard(bounds::text(error.to_string())))?;
        match purpose {
            Purpose::Info => {
                check_version(&result)?;
                let info = bounds::info(read(method::DEVICE_GET_INFO, result)?);
                self.has_info = true;
                Ok(Progress::Info(Box::new(info)))
            }
            Purpose::Components => {
                let Page { total, components } = read(method::DEVICE_GET_COMPONENTS, result)?;
                let empty = components.is_empty();
                self.listed += components.len();
                let described = components
                    .into_iter()
                    .filter_map(|component| described(component, unreadable));
                self.components.extend(described.map(bounds::descriptor));
                self.components.truncate(bounds::COMPONENTS);
                if empty || self.listed >= total.min(bounds::COMPONENTS) {
                    self.complete = true;
                    Ok(Progress::Components(std::mem::take(&mut self.components)))
                } else {
                    Ok(Progress::Page)
                }
            }
            Purpose::Subscribe => read(method::DEVICE_SUBSCRIBE, result).map(Progress::Subscribed),
            Purpose::Status
            | Purpose::Log
            | Purpose::Preview
            | Purpose::Ping
            | Purpose::Outbound
            | Purpose::Update
            | Purpose::Command(_) => Ok(Progress::Unrelated),
        }
    }

    /// Requests the next page of components.
    pub(crate) fn request_page(
        &self,
        now: Instant,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        let params = Object::from_iter([("offset".to_owned(), json!(self.listed))]);
        let page = method::DEVICE_GET_COMPONENTS;
        connection.request(now, Purpose::Components, page, params, out);
    }

    /// Subscribes once the information and all components are known.
    pub(crate) fn subscribe_if_complete(
        &self,
        now: Instant,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        if self.complete && self.has_info {
            let subscribe = method::DEVICE_SUBSCRIBE;
            connection.request(now, Purpose::Subscribe, subscribe, Object::new(), out);
        }
    }
}

/// [`protocol::ComponentsPage`], each of whose components is read separately:
/// one that cannot be read must not cost the others.
#[derive(Deserialize)]
struct Page {
    total: usize,
    components: Vec<Value>,
}

/// The description of a component; if it cannot be read, its key and its name.
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
    let key: Option<ComponentKey> = key.as_deref().and_then(|key| key.parse().ok());
    let field = if key.is_some() {
        "description".to_owned()
    } else {
        "components".to_owned()
    };
    unreadable.push(Unreadable {
        component: key.clone(),
        field,
        found: error.to_string(),
    });
    let key = key?;
    Some(Descriptor::new(
        key.kind.clone(),
        key.id,
        &name.unwrap_or_else(|| key.to_string()),
    ))
}

/// Another major version may answer in another shape: its number is checked
/// before the rest is read.
fn check_version(info: &Value) -> Result<(), LinkProblem> {
    match info.get("proto") {
        Some(major) if major.as_u64() == Some(u64::from(PROTOCOL_MAJOR)) => Ok(()),
        Some(other) => Err(LinkProblem::UnsupportedVersion {
            theirs: bounds::text(other.to_string()),
        }),
        None => Err(LinkProblem::NotABoard(format!(
            "{} lacks proto",
            method::DEVICE_GET_INFO
        ))),
    }
}

fn read<T: serde::de::DeserializeOwned>(method: &str, result: Value) -> Result<T, LinkProblem> {
    serde_json::from_value(result).map_err(|error| {
        LinkProblem::NotABoard(bounds::text(format!("its answer to {method}: {error}")))
    })
}
