//! JSON-RPC 2.0 messages, one object per WebSocket text message. Parsing never
//! panics, whatever the input.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};

use crate::{
    Code, NotifyEvent, NotifyLog, NotifyStatus, Object, RpcError, envelope::Envelope, limits,
    method, quoted::serde_message, state::whole,
};

/// The id that links a response to its request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A number, as this program uses.
    Number(i64),
    /// A text, as some clients use.
    Text(String),
}

/// A request to a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Absent in a notification, which is carried out but not answered.
    pub id: Option<Id>,
    /// A method of [`method`].
    pub method: String,
    /// Always by name. An empty array, which `websocat --jsonrpc` sends, counts
    /// as absent.
    pub params: Object,
}

/// Why a message was refused, and its id if it could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// The id of the request, or `null` in the response.
    pub id: Option<Id>,
    /// The reason.
    pub error: RpcError,
}

impl Request {
    /// A request with typed parameters.
    pub fn new(id: i64, method: &str, params: &impl Serialize) -> Self {
        let params = match serde_json::to_value(params) {
            Ok(Value::Object(params)) => params,
            _ => Object::new(),
        };
        Self {
            id: Some(Id::Number(id)),
            method: method.to_owned(),
            params,
        }
    }

    /// Parses a message into a board. A whole number in the parameters may be
    /// written `60`, `60.0` or `6e1`; it is read as `60`.
    ///
    /// # Errors
    /// [`Code::ParseError`] if it is not JSON or nested deeper than
    /// [`limits::NESTING`], [`Code::InvalidRequest`] if it is a batch or not a
    /// request, [`Code::InvalidParams`] if the parameters are not given by
    /// name.
    pub fn parse(text: &str) -> Result<Self, Rejected> {
        let reject = |id, code, reason, message: String| Rejected {
            id,
            error: RpcError::new(code, reason, message),
        };
        if nesting(text) > limits::NESTING {
            let message = format!(
                "objects and arrays can be nested at most {} levels deep",
                limits::NESTING
            );
            return Err(reject(None, Code::ParseError, "nested_too_deeply", message));
        }
        let not_json = |error: serde_json::Error| {
            reject(
                None,
                Code::ParseError,
                "not_json",
                format!("one JSON object is expected: {}", serde_message(&error)),
            )
        };
        if !text.trim_start().starts_with('{') {
            let (reason, message) = match serde_json::from_str(text).map_err(not_json)? {
                Value::Array(_) => (
                    "batch",
                    "batches are not supported: send one object per message",
                ),
                _ => (
                    "not_an_object",
                    "expected a request: an object with jsonrpc, id, method and params",
                ),
            };
            return Err(reject(
                None,
                Code::InvalidRequest,
                reason,
                message.to_owned(),
            ));
        }
        let Envelope {
            id,
            jsonrpc,
            method,
            params,
            ..
        } = serde_json::from_str(text).map_err(not_json)?;
        let id = match id.map(Id::of) {
            None => None,
            Some(Some(id)) => Some(id),
            Some(None) => {
                let message = "id must be a whole number or a text".to_owned();
                return Err(reject(None, Code::InvalidRequest, "bad_id", message));
            }
        };
        if jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
            return Err(reject(
                id,
                Code::InvalidRequest,
                "not_json_rpc",
                "expected \"jsonrpc\":\"2.0\"".to_owned(),
            ));
        }
        let Some(Value::String(method)) = method else {
            return Err(reject(
                id,
                Code::InvalidRequest,
                "no_method",
                "method must be a text, for example Light.Set".to_owned(),
            ));
        };
        let mut params = match params {
            None => Object::new(),
            Some(Value::Array(list)) if list.is_empty() => Object::new(),
            Some(Value::Object(params)) => params,
            Some(_) => {
                let message =
                    "params must be given by name, as an object: {\"id\":0,\"on\":true}".to_owned();
                return Err(reject(
                    id,
                    Code::InvalidParams,
                    "params_not_by_name",
                    message,
                ));
            }
        };
        params.values_mut().for_each(with_whole_numbers);
        Ok(Self { id, method, params })
    }

    /// Reads the parameters as the type that the method takes.
    ///
    /// # Errors
    /// [`Code::InvalidParams`] with the parameter that is missing or wrong.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, RpcError> {
        serde_json::from_value(Value::Object(self.params.clone())).map_err(|error| {
            RpcError::new(
                Code::InvalidParams,
                "bad_params",
                format!("{}: {}", self.method, serde_message(&error)),
            )
        })
    }

    /// Serializes the message.
    pub fn to_json(&self) -> String {
        /// Sorted by name, like everything that is sent from a [`Value`].
        #[derive(Serialize)]
        struct Message<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a Id>,
            jsonrpc: &'static str,
            method: &'a str,
            #[serde(skip_serializing_if = "Object::is_empty")]
            params: &'a Object,
        }
        let Self { id, method, params } = self;
        // Texts, numbers and maps with text keys can always be serialized.
        serde_json::to_string(&Message {
            id: id.as_ref(),
            jsonrpc: "2.0",
            method,
            params,
        })
        .unwrap_or_default()
    }
}

impl Id {
    /// The `id` of a message; `None` if it is neither a 64-bit whole number nor
    /// a text.
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Number),
            Value::String(text) => Some(Self::Text(text)),
            _ => None,
        }
    }
}

impl Id {
    /// The `id` of a response: a board may store numbers as doubles, and write
    /// 7 as `7.0`.
    fn of_answer(value: Value) -> Option<Self> {
        match whole(&value) {
            Some(number) => Some(Self::Number(number)),
            None => Self::of(value),
        }
    }
}

/// A response of a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The id of the request; `None` (`null`) if it could not be read.
    pub id: Option<Id>,
    /// The result or the error.
    pub outcome: Result<Value, RpcError>,
}

impl Response {
    /// Serializes the message.
    pub fn to_json(&self) -> String {
        Self::json(self.id.as_ref(), self.outcome.as_ref())
    }

    /// Serializes the message with a result that is not a [`Value`].
    pub fn json<R: Serialize>(id: Option<&Id>, outcome: Result<&R, &RpcError>) -> String {
        /// Sorted by name, like everything that is sent from a [`Value`].
        #[derive(Serialize)]
        struct Message<'a, R> {
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<Value>,
            id: Option<&'a Id>,
            jsonrpc: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a R>,
        }
        let (error, result) = match outcome {
            Ok(result) => (None, Some(result)),
            Err(error) => (Some(json!(error)), None),
        };
        // Texts, numbers and maps with text keys can always be serialized.
        serde_json::to_string(&Message {
            error,
            id,
            jsonrpc: "2.0",
            result,
        })
        .unwrap_or_default()
    }
}

/// A message out of a board.
#[derive(Debug, Clone, PartialEq)]
pub enum FromBoard {
    /// A response.
    Response(Response),
    /// State changed.
    Status(NotifyStatus),
    /// Events occurred.
    Event(NotifyEvent),
    /// Lines of the log.
    Log(NotifyLog),
    /// An unknown notification of a newer board, unchanged.
    Other {
        /// Its name.
        method: String,
        /// Its parameters.
        params: Value,
    },
}

/// The parameters of a `NotifyStatus` whose text is as most boards write it.
/// They are read without looking for the other fields first: this is what a
/// program with a thousand boards does most.
fn usual_status(text: &str) -> Option<NotifyStatus> {
    let params = text.strip_prefix(r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":"#)?;
    // Further fields would follow the parameters, and make them invalid.
    serde_json::from_str(params.strip_suffix('}')?).ok()
}

/// A message out of a board could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BoardMessageError {
    /// Not JSON.
    #[error("the board sent invalid JSON: {0}")]
    NotJson(serde_json::Error),
    /// JSON, but neither a response nor a notification.
    #[error("the board sent neither a response nor a notification: {0}")]
    NotAMessage(String),
    /// A notification with a missing or invalid field.
    #[error("the board sent an invalid {method}: {source}")]
    BadNotification {
        /// The method.
        method: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl FromBoard {
    /// Parses a message out of a board.
    ///
    /// # Errors
    /// [`BoardMessageError`] if it is not JSON, not a message, or lacks a
    /// required field.
    pub fn parse(text: &str) -> Result<Self, BoardMessageError> {
        // RFC 8259, section 8.1: a byte order mark may be ignored.
        let text = text.trim_start_matches('\u{feff}');
        if let Some(status) = usual_status(text) {
            return Ok(Self::Status(status));
        }
        if !text.trim_start().starts_with('{') {
            let read = serde_json::from_str::<Value>(text).map_err(BoardMessageError::NotJson);
            return read.and(Err(BoardMessageError::NotAMessage(
                "expected an object".to_owned(),
            )));
        }
        // Each part is read once its type is known, directly into that type.
        let Envelope::<&RawValue> {
            id,
            method,
            params,
            result,
            error,
            ..
        } = serde_json::from_str(text).map_err(BoardMessageError::NotJson)?;
        if let Some(method) =
            method.and_then(|method| serde_json::from_str::<String>(method.get()).ok())
        {
            let params = params.map_or("null", RawValue::get);
            let read = match method.as_str() {
                method::NOTIFY_STATUS => serde_json::from_str(params).map(Self::Status),
                method::NOTIFY_EVENT => serde_json::from_str(params).map(Self::Event),
                method::NOTIFY_LOG => serde_json::from_str(params).map(Self::Log),
                _ => serde_json::from_str(params).map(|params| Self::Other {
                    method: method.clone(),
                    params,
                }),
            };
            return read.map_err(|source| BoardMessageError::BadNotification { method, source });
        }
        let id = id
            .and_then(|id| serde_json::from_str(id.get()).ok())
            .and_then(Id::of_answer);
        // Libraries that always write both fields set the unused one to null,
        // as in JSON-RPC 1.0.
        let is_null = |part: &&RawValue| part.get() == "null";
        let (result, error) = match (result, error) {
            (result @ Some(_), Some(error)) if is_null(&error) => (result, None),
            (Some(result), error @ Some(_)) if is_null(&result) => (None, error),
            both => both,
        };
        match (result, error) {
            (Some(result), None) => match serde_json::from_str(result.get()) {
                Ok(result) => Ok(Self::Response(Response {
                    id,
                    outcome: Ok(result),
                })),
                Err(error) => Err(BoardMessageError::NotJson(error)),
            },
            (None, Some(error)) => match serde_json::from_str(error.get()) {
                Ok(error) => Ok(Self::Response(Response {
                    id,
                    outcome: Err(error),
                })),
                Err(error) => Err(BoardMessageError::NotAMessage(error.to_string())),
            },
            _ => Err(BoardMessageError::NotAMessage(
                "expected exactly one of result and error".to_owned(),
            )),
        }
    }

    /// Serializes the message.
    pub fn to_json(&self) -> String {
        let message = match self {
            Self::Response(response) => return response.to_json(),
            Self::Status(params) => {
                json!({ "jsonrpc": "2.0", "method": method::NOTIFY_STATUS, "params": params })
            }
            Self::Event(params) => {
                json!({ "jsonrpc": "2.0", "method": method::NOTIFY_EVENT, "params": params })
            }
            Self::Log(params) => {
                json!({ "jsonrpc": "2.0", "method": method::NOTIFY_LOG, "params": params })
            }
            Self::Other { method, params } => {
                json!({ "jsonrpc": "2.0", "method": method, "params": params })
            }
        };
        message.to_string()
    }
}

/// Converts every whole number to an integer, down to the parser's nesting
/// limit.
fn with_whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = whole(value) {
                *value = whole.into();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(with_whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(with_whole_numbers),
        _ => {}
    }
}

/// The maximum nesting of objects and arrays, without parsing: counts brackets
/// outside of strings.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
