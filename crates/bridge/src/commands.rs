//! Commands that arrive as messages, and their replies. Sends nothing.

use fleet::Outcome;
use protocol::{Code, Object, RpcError};
use serde_json::{Value, json};

use crate::Context;

/// The largest message with a command, in bytes: a board accepts 2,048.
pub const LARGEST: usize = 4096;

/// The longest topic for replies, in bytes.
const LONGEST_TOPIC: usize = 256;

/// The longest id of a request, in bytes of JSON.
const LONGEST_ID: usize = 128;

/// Methods that a bridge does not pass on, and why.
const WITHHELD: [(&str, &str); 5] = [
    ("Keys.", "keys of boards do not belong on a broker"),
    ("Outbound.", "tokens of boards do not belong on a broker"),
    ("Ota.", "a bridge does not transfer firmware"),
    ("Log.", "a bridge does not pass on the logs of boards"),
    (
        "Device.Subscribe",
        "a bridge is subscribed already; states are published",
    ),
];

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the reply repeats; `null` if the sender gave none.
    pub id: Value,
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: Object,
    /// Where the reply is published, if anywhere.
    pub reply_to: Option<String>,
}

/// A message that is not a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// What the reply repeats.
    pub id: Value,
    /// Where the reply is published, if that could be read.
    pub reply_to: Option<String>,
    /// Why.
    pub error: RpcError,
}

/// Parses a message on `BOARD/$command`.
///
/// # Errors
/// If it is not a request, or one that a bridge does not pass on.
pub fn parse(names: &Context, payload: &[u8]) -> Result<Request, Box<Rejected>> {
    let mut rejected = Rejected {
        id: Value::Null,
        reply_to: None,
        error: RpcError::new(Code::InvalidRequest, "", ""),
    };
    let mut object = match object(payload) {
        Ok(object) => object,
        Err(error) => return Err(Box::new(Rejected { error, ..rejected })),
    };
    match object.remove("reply_to") {
        None | Some(Value::Null) => {}
        Some(Value::String(topic)) if is_for_replies(names, &topic) => {
            rejected.reply_to = Some(topic);
        }
        Some(_) => {
            rejected.error = RpcError::new(
                Code::InvalidRequest,
                "bad_reply_to",
                format!(
                    "reply_to must be a topic below {} without wildcards, of at most \
                     {LONGEST_TOPIC} bytes",
                    names.replies()
                ),
            );
            return Err(Box::new(rejected));
        }
    }
    match object.remove("id") {
        None => {}
        Some(id @ (Value::Null | Value::Number(_) | Value::String(_)))
            if id.to_string().len() <= LONGEST_ID =>
        {
            rejected.id = id;
        }
        Some(_) => {
            rejected.error = RpcError::new(
                Code::InvalidRequest,
                "bad_id",
                format!("id must be a number or a text of at most {LONGEST_ID} bytes"),
            );
            return Err(Box::new(rejected));
        }
    }
    let error = match (object.remove("method"), object.remove("params")) {
        (Some(Value::String(method)), params) => {
            let params = match params {
                None | Some(Value::Null) => Ok(Object::new()),
                Some(Value::Object(params)) => Ok(params),
                Some(_) => Err(RpcError::new(
                    Code::InvalidParams,
                    "params_not_by_name",
                    "params must be an object",
                )),
            };
            match params.and_then(|params| withheld(&method).map_or(Ok(params), Err)) {
                Ok(params) => {
                    return Ok(Request {
                        id: rejected.id,
                        method,
                        params,
                        reply_to: rejected.reply_to,
                    });
                }
                Err(error) => error,
            }
        }
        _ => RpcError::new(
            Code::InvalidRequest,
            "no_method",
            "method must be the name of a method, for example \"Light.Set\"",
        ),
    };
    Err(Box::new(Rejected { error, ..rejected }))
}

fn withheld(method: &str) -> Option<RpcError> {
    let (_, why) = WITHHELD
        .iter()
        .find(|(prefix, _)| method.starts_with(prefix))?;
    let message = format!("{method} is not available over MQTT: {why}");
    Some(RpcError::new(Code::Forbidden, "not_over_mqtt", message))
}

fn is_for_replies(names: &Context, topic: &str) -> bool {
    topic.len() <= LONGEST_TOPIC
        && topic.len() > names.replies().len()
        && topic.starts_with(&names.replies())
        && mqtt::topic::can_publish(topic)
}

/// Parses a message on `BOARD/KIND:ID/set`: the fields to set.
///
/// # Errors
/// If it is not a JSON object.
pub fn fields(payload: &[u8]) -> Result<Object, RpcError> {
    let mut fields = object(payload)?;
    // The topic names the component.
    fields.remove("id");
    Ok(fields)
}

fn object(payload: &[u8]) -> Result<Object, RpcError> {
    if payload.len() > LARGEST {
        return Err(RpcError::new(
            Code::InvalidRequest,
            "too_large",
            format!(
                "a command is at most {LARGEST} bytes; this one has {}",
                payload.len()
            ),
        ));
    }
    match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(RpcError::new(
            Code::InvalidRequest,
            "not_an_object",
            "a command is a JSON object",
        )),
        Err(error) => Err(RpcError::new(
            Code::ParseError,
            "not_json",
            format!("a command is a JSON object; this is not JSON: {error}"),
        )),
    }
}

/// The reply to a command.
pub fn reply(id: &Value, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Done { result, .. } => json!({ "id": id, "result": result }),
        Outcome::Refused(error) => refusal(id, error),
        Outcome::Unconfirmed => json!({
            "id": id, "unconfirmed": true, "reason": "timeout",
            "message": "The board did not respond within 5 s. Whether it carried out the command \
                        is unknown.",
        }),
        Outcome::LinkLost => json!({
            "id": id, "unconfirmed": true, "reason": "link_lost",
            "message": "The connection to the board was lost. Whether it carried out the command \
                        is unknown.",
        }),
        Outcome::NotConnected => refusal(
            id,
            &RpcError::new(
                Code::FailedPrecondition,
                "not_connected",
                "the board is not connected; nothing was sent to it",
            ),
        ),
        Outcome::Superseded => refusal(
            id,
            &RpcError::new(
                Code::FailedPrecondition,
                "superseded",
                "a newer command for the same component replaced it; it was not sent",
            ),
        ),
    }
}

/// The reply to a command that is not carried out.
pub fn refusal(id: &Value, error: &RpcError) -> Value {
    json!({ "id": id, "error": error })
}

/// The error for a board that the bridge does not know.
pub fn unknown_board(board: &str) -> RpcError {
    let message = format!("no board {board} is known at this site");
    RpcError::new(Code::NotFound, "no_such_board", message)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::topics::tests::names;

    #[test]
    fn a_request_has_a_method_parameters_and_a_topic_for_the_reply() {
        let payload = br#"{"id":7,"method":"Light.Set","params":{"id":0,"on":true},
            "reply_to":"switchboard/lab/$replies/me/7"}"#;
        let request = parse(&names(), payload).expect("a request");
        assert_eq!(request.id, json!(7));
        assert_eq!(request.method, "Light.Set");
        assert_eq!(
            Value::Object(request.params),
            json!({ "id": 0, "on": true })
        );
        let reply_to = request.reply_to.as_deref();
        assert_eq!(reply_to, Some("switchboard/lab/$replies/me/7"));
        let least = parse(&names(), br#"{"method":"Sys.Ping"}"#).expect("a request");
        assert_eq!((least.id, least.reply_to), (Value::Null, None));
    }

    #[test]
    fn what_is_not_a_request_is_rejected_with_a_reason() {
        let long = format!(r#"{{"method":"{}"}}"#, "x".repeat(LARGEST));
        for (payload, reason) in [
            ("", "not_json"),
            ("{", "not_json"),
            ("[]", "not_an_object"),
            ("{}", "no_method"),
            (r#"{"method":1}"#, "no_method"),
            (r#"{"method":"A.B","params":[1]}"#, "params_not_by_name"),
            (r#"{"method":"A.B","id":{}}"#, "bad_id"),
            (r#"{"method":"Keys.Add"}"#, "not_over_mqtt"),
            (r#"{"method":"Ota.Begin"}"#, "not_over_mqtt"),
            (r#"{"method":"Log.Subscribe"}"#, "not_over_mqtt"),
            (r#"{"method":"A.B","reply_to":1}"#, "bad_reply_to"),
            (r#"{"method":"A.B","reply_to":"a"}"#, "bad_reply_to"),
            (
                r#"{"method":"A.B","reply_to":"switchboard/lab/$replies/"}"#,
                "bad_reply_to",
            ),
            (
                r#"{"method":"A.B","reply_to":"switchboard/lab/$replies/#"}"#,
                "bad_reply_to",
            ),
            (
                r#"{"method":"A.B","reply_to":"switchboard/lab/sb-1/$command"}"#,
                "bad_reply_to",
            ),
            (long.as_str(), "too_large"),
        ] {
            let rejected = parse(&names(), payload.as_bytes()).expect_err(payload);
            assert_eq!(rejected.error.data.reason, reason, "{payload}");
        }
    }

    #[test]
    fn a_rejected_request_is_answered_where_it_asks_to() {
        let payload = br#"{"id":"a","reply_to":"switchboard/lab/$replies/me","params":1}"#;
        let rejected = parse(&names(), payload).expect_err("no method");
        assert_eq!(rejected.id, json!("a"));
        assert!(rejected.reply_to.is_some());
    }

    #[test]
    fn a_reply_says_what_is_known() {
        let id = json!(1);
        let done = Outcome::Done {
            result: json!({ "seq": 4 }),
            took: Duration::ZERO,
        };
        assert_eq!(
            reply(&id, &done),
            json!({ "id": 1, "result": { "seq": 4 } })
        );
        assert_eq!(
            reply(&id, &Outcome::Unconfirmed)["unconfirmed"],
            json!(true)
        );
        assert_eq!(reply(&id, &Outcome::LinkLost)["reason"], json!("link_lost"));
        let refused = reply(&id, &Outcome::NotConnected);
        assert_eq!(refused["error"]["data"]["reason"], json!("not_connected"));
    }

    #[test]
    fn the_fields_of_a_set_do_not_name_another_component() {
        let fields = fields(br#"{"id":3,"on":true}"#).expect("fields");
        assert_eq!(Value::Object(fields), json!({ "on": true }));
        assert!(super::fields(b"ON").is_err());
    }
}
