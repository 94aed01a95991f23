//! The frames of a Shelly: JSON-RPC without `jsonrpc`, with `src` and `dst`.
//!
//! Source: shelly-api-docs.shelly.cloud, "RPC Protocol" and "Notifications".

use protocol::{Object, limits};
use serde_json::{Map, Value, json};

/// A request to the board.
pub(super) fn request(
    id: i64,
    src: &str,
    method: &str,
    params: &Object,
    auth: Option<Value>,
) -> String {
    let mut frame = Map::new();
    frame.insert("id".to_owned(), json!(id));
    frame.insert("src".to_owned(), json!(src));
    frame.insert("method".to_owned(), json!(method));
    if !params.is_empty() {
        frame.insert("params".to_owned(), json!(params));
    }
    if let Some(auth) = auth {
        frame.insert("auth".to_owned(), auth);
    }
    Value::Object(frame).to_string()
}

/// What a board says.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// The answer to a request. A result may be `null`.
    Answer {
        /// The number of the request.
        id: i64,
        /// The result or the error.
        outcome: Result<Value, Failure>,
    },
    /// `NotifyStatus`: what changed, by component.
    Status(Object),
    /// `NotifyFullStatus`: all states, and by whom.
    FullStatus {
        /// The board's id.
        src: String,
        /// By component.
        status: Object,
    },
    /// `NotifyEvent`.
    Events(Vec<Event>),
    /// Something else, which is ignored.
    Other,
}

/// An error frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Of HTTP, or negative.
    pub(super) code: i64,
    /// In the board's words; JSON if the code is 401.
    pub(super) message: String,
}

/// An event of a component.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    /// `input:0`, `sys`.
    pub(super) component: String,
    /// `single_push`, `config_changed`.
    pub(super) name: String,
    /// All fields.
    pub(super) fields: Object,
}

/// Events of one frame; further ones are ignored.
const EVENTS: usize = 64;

impl Frame {
    /// Reads a message; `None` if it is no frame.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > limits::MESSAGE_INTO_CONTROLLER {
            return None;
        }
        let Ok(Value::Object(mut frame)) = serde_json::from_str(text) else {
            return None;
        };
        let Some(method) = frame.get("method").and_then(Value::as_str) else {
            return Self::answer(frame);
        };
        let method = method.to_owned();
        let src = frame.get("src").and_then(Value::as_str).map(str::to_owned);
        let Some(Value::Object(params)) = frame.remove("params") else {
            return Some(Self::Other);
        };
        Some(match (method.as_str(), src) {
            ("NotifyStatus", _) => Self::Status(params),
            ("NotifyFullStatus", Some(src)) => Self::FullStatus {
                src,
                status: params,
            },
            ("NotifyEvent", _) => Self::Events(events(params)),
            _ => Self::Other,
        })
    }

    fn answer(mut frame: Map<String, Value>) -> Option<Self> {
        let id = frame.get("id")?;
        // Boards that store numbers as doubles may write 7.0.
        let id = id
            .as_i64()
            .or_else(|| id.to_string().strip_suffix(".0")?.parse().ok())?;
        let outcome = match frame.remove("error") {
            Some(Value::Object(error)) => Err(Failure {
                code: error.get("code").and_then(Value::as_i64).unwrap_or(0),
                message: match error.get("message") {
                    Some(Value::String(message)) => message.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                },
            }),
            _ => Ok(frame.remove("result").unwrap_or(Value::Null)),
        };
        Some(Self::Answer { id, outcome })
    }
}

fn events(mut params: Object) -> Vec<Event> {
    let Some(Value::Array(list)) = params.remove("events") else {
        return Vec::new();
    };
    let read = |event: Value| {
        let Value::Object(fields) = event else {
            return None;
        };
        let text = |name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Event {
            component: text("component")?,
            name: text("event")?,
            fields,
        })
    };
    list.into_iter().take(EVENTS).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_src_and_no_jsonrpc() {
        let text = request(
            1,
            "switchboard-7f3a",
            "Shelly.GetDeviceInfo",
            &Object::new(),
            None,
        );
        assert_eq!(
            text,
            r#"{"id":1,"method":"Shelly.GetDeviceInfo","src":"switchboard-7f3a"}"#
        );
    }

    #[test]
    fn an_answer_may_be_null_and_an_error_has_a_code() {
        let ok = |id, result| {
            Some(Frame::Answer {
                id,
                outcome: Ok(result),
            })
        };
        for (text, frame) in [
            (
                r#"{"id":3,"src":"b","dst":"s","result":null}"#,
                ok(3, Value::Null),
            ),
            (r#"{"id":3}"#, ok(3, Value::Null)),
            (
                r#"{"id":7.0,"result":{"was_on":true}}"#,
                ok(7, json!({ "was_on": true })),
            ),
            (
                r#"{"id":4,"error":{"code":-103,"message":"bad argument"}}"#,
                Some(Frame::Answer {
                    id: 4,
                    outcome: Err(Failure {
                        code: -103,
                        message: "bad argument".to_owned(),
                    }),
                }),
            ),
            (r#"{"method":"NotifyNews","params":{}}"#, Some(Frame::Other)),
            (
                r#"{"method":"NotifyStatus","params":[]}"#,
                Some(Frame::Other),
            ),
            (r#"{"result":{}}"#, None),
            (r#"{"id":"x","result":{}}"#, None),
            ("[]", None),
            ("NaN", None),
        ] {
            assert_eq!(Frame::parse(text), frame, "{text}");
        }
    }
}
