//! Reads a board from the start: what it is, what is on it, and then, at one moment, everything's state.

use std::time::{Duration, Instant};

use protocol::{ComponentsPage, Descriptor, DeviceInfo, Object, PROTOCOL_MAJOR, RpcError, Snapshot, method};
use serde_json::{Value, json};

use super::{
    bounds,
    requests::{Purpose, Requests},
    session::{Output, Report},
    state::LinkProblem,
};

/// A reading that is under way. State is subscribed to last, so that no push comes before its component is described.
#[derive(Debug)]
pub(crate) struct Reading {
    deadline: Instant,
    info: Option<DeviceInfo>,
    components: Vec<Descriptor>,
    listed: bool,
}

impl Reading {
    /// Asks the first questions.
    pub(crate) fn start(now: Instant, within: Duration, requests: &mut Requests, out: &mut Vec<Output>) -> Self {
        let (_, info) = requests.ask(now, Purpose::Info, method::DEVICE_GET_INFO, Object::new());
        out.push(Output::Send(info));
        let reading = Self { deadline: now + within, info: None, components: Vec::new(), listed: false };
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
        out: &mut Vec<Output>,
    ) -> Result<Option<Snapshot>, LinkProblem> {
        let result = answer.map_err(|error| LinkProblem::NotABoard(bounds::text(error.to_string())))?;
        match purpose {
            Purpose::Info => {
                supported(&result)?;
                let info = bounds::info(read(method::DEVICE_GET_INFO, result)?);
                out.push(Output::Report(Report::Info(Box::new(info.clone()))));
                self.info = Some(info);
            }
            Purpose::Components => {
                let page: ComponentsPage = read(method::DEVICE_GET_COMPONENTS, result)?;
                let empty = page.components.is_empty();
                self.components.extend(page.components.into_iter().map(bounds::descriptor));
                self.components.truncate(bounds::COMPONENTS);
                if empty || self.components.len() >= page.total.min(bounds::COMPONENTS) {
                    self.listed = true;
                    out.push(Output::Report(Report::Components(std::mem::take(&mut self.components))));
                } else {
                    self.ask_page(now, requests, out);
                }
            }
            Purpose::Subscribe => return read(method::DEVICE_SUBSCRIBE, result).map(Some),
            Purpose::Status | Purpose::Log | Purpose::Ping | Purpose::Rival | Purpose::Update | Purpose::Command(_) => {
                return Ok(None);
            }
        }
        if self.listed && self.info.is_some() {
            let (_, subscribe) = requests.ask(now, Purpose::Subscribe, method::DEVICE_SUBSCRIBE, Object::new());
            out.push(Output::Send(subscribe));
        }
        Ok(None)
    }

    fn ask_page(&self, now: Instant, requests: &mut Requests, out: &mut Vec<Output>) {
        let params = Object::from_iter([("offset".to_owned(), json!(self.components.len()))]);
        let (_, page) = requests.ask(now, Purpose::Components, method::DEVICE_GET_COMPONENTS, params);
        out.push(Output::Send(page));
    }
}

/// Another major may answer in another shape: its number is looked at before the rest.
fn supported(info: &Value) -> Result<(), LinkProblem> {
    match info.get("proto") {
        Some(major) if major.as_u64() == Some(u64::from(PROTOCOL_MAJOR)) => Ok(()),
        Some(other) => Err(LinkProblem::UnsupportedVersion { theirs: bounds::text(other.to_string()) }),
        None => Err(LinkProblem::NotABoard(format!("{} names no proto", method::DEVICE_GET_INFO))),
    }
}

fn read<T: serde::de::DeserializeOwned>(method: &str, result: Value) -> Result<T, LinkProblem> {
    serde_json::from_value(result)
        .map_err(|error| LinkProblem::NotABoard(bounds::text(format!("its answer to {method}: {error}"))))
}
