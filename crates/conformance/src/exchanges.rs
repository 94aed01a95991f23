//! Requests that change nothing, with the answers that docs/protocol.md
//! requires: a table, and functions that check answers without a connection.

use std::fmt::Write;

use serde_json::{Value, json};

use super::finding::Point;

/// The expected answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// A result with this `id`, given as JSON.
    Result(&'static str),
    /// An error with this `id`, this code and one of these reasons.
    Error(&'static str, i64, &'static [&'static str]),
    /// No answer.
    Silence,
}

/// Messages and their expected answers.
pub(super) struct Exchange {
    pub(super) point: Point,
    /// The messages, each with its expected answer.
    pub(super) messages: &'static [(&'static str, Expected)],
}

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

use Expected::{Error, Result as Answer, Silence};

/// All requests that need no component.
pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        point: point(
            "Messages",
            "id: whole numbers",
            "the answer has the same id, exact to 64 bits",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":7,"method":"Sys.Ping"}"#,
                Answer("7"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":0,"method":"Sys.Ping"}"#,
                Answer("0"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":-3,"method":"Sys.Ping"}"#,
                Answer("-3"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":9223372036854775807,"method":"Sys.Ping"}"#,
                Answer("9223372036854775807"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":-9223372036854775808,"method":"Sys.Ping"}"#,
                Answer("-9223372036854775808"),
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "id: texts",
            "the answer has the same text, up to 64 bytes as JSON",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":"a-1","method":"Sys.Ping"}"#,
                Answer(r#""a-1""#),
            ),
            (
                r#"{"jsonrpc":"2.0","id":"","method":"Sys.Ping"}"#,
                Answer(r#""""#),
            ),
            (
                r#"{"jsonrpc":"2.0","id":"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop","method":"Sys.Ping"}"#,
                Answer(r#""0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop""#),
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "id: invalid values",
            "-32600 bad_id, with id null",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":true,"method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":[1],"method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrs","method":"Sys.Ping"}"#,
                Error("null", -32600, &["bad_id"]),
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "a request without id",
            "not answered, not even with an error",
        ),
        messages: &[
            (r#"{"jsonrpc":"2.0","method":"Sys.Ping"}"#, Silence),
            (r#"{"jsonrpc":"2.0","method":"No.Such"}"#, Silence),
            (
                r#"{"jsonrpc":"2.0","method":"Device.GetComponents","params":{"limit":0}}"#,
                Silence,
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "params: none",
            "{}, [] and absent params are equivalent",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{}}"#,
                Answer("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"Sys.Ping","params":[]}"#,
                Answer("2"),
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "params: by position",
            "-32602 params_not_by_name",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":[1]}"#,
                Error("1", -32602, &["params_not_by_name"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"Sys.Ping","params":null}"#,
                Error("2", -32602, &["params_not_by_name"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"Sys.Ping","params":"a"}"#,
                Error("3", -32602, &["params_not_by_name"]),
            ),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "unknown fields",
            "ignored, in params and next to them",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"color":"blue"}}"#,
                Answer("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"Sys.Ping","trace":{"a":[1]}}"#,
                Answer("2"),
            ),
        ],
    },
    Exchange {
        point: point("Messages", "a parameter that is null", "counts as absent"),
        messages: &[(
            r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetComponents","params":{"offset":null,"limit":null}}"#,
            Answer("1"),
        )],
    },
    Exchange {
        point: point("Messages", "whole numbers", "may be written 0, 0.0 or 1e0"),
        messages: &[(
            r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetComponents","params":{"offset":0.0,"limit":1e0}}"#,
            Answer("1"),
        )],
    },
    Exchange {
        point: point(
            "Messages",
            "a name twice in one object",
            "the last value counts",
        ),
        messages: &[(
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"No.Such","method":"Sys.Ping"}"#,
            Answer("2"),
        )],
    },
    Exchange {
        point: point("Messages", "batches", "-32600 batch, with id null"),
        messages: &[
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}]"#,
                Error("null", -32600, &["batch"]),
            ),
            ("[]", Error("null", -32600, &["batch"])),
        ],
    },
    Exchange {
        point: point(
            "Messages",
            "nesting",
            "16 levels of objects and arrays are accepted, 17 are refused with -32700 \
                nested_too_deeply",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"deep":[[[[[[[[[[[[[[1]]]]]]]]]]]]]]}}"#,
                Answer("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"Sys.Ping","params":{"deep":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}}"#,
                Error("null", -32700, &["nested_too_deeply"]),
            ),
        ],
    },
    Exchange {
        point: point(
            "Errors",
            "text that is not JSON",
            "-32700 not_json, with id null; the connection stays open",
        ),
        messages: &[
            ("this is not JSON", Error("null", -32700, &["not_json"])),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping""#,
                Error("null", -32700, &["not_json"]),
            ),
            ("", Error("null", -32700, &["not_json"])),
            // RFC 8259, section 6: JSON has no such numbers, although
            // JavaScript and Python accept them.
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"a":NaN}}"#,
                Error("null", -32700, &["not_json"]),
            ),
        ],
    },
    Exchange {
        point: point(
            "Errors",
            "a message that is not a request",
            "-32600 with not_an_object, no_method or not_json_rpc",
        ),
        messages: &[
            ("7", Error("null", -32600, &["not_an_object"])),
            (r#""Sys.Ping""#, Error("null", -32600, &["not_an_object"])),
            ("null", Error("null", -32600, &["not_an_object"])),
            (
                r#"{"jsonrpc":"2.0","id":3}"#,
                Error("3", -32600, &["no_method"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":4,"method":5}"#,
                Error("4", -32600, &["no_method"]),
            ),
            (
                r#"{"jsonrpc":"1.0","id":5,"method":"Sys.Ping"}"#,
                Error("5", -32600, &["not_json_rpc"]),
            ),
            (
                r#"{"id":6,"method":"Sys.Ping"}"#,
                Error("6", -32600, &["not_json_rpc"]),
            ),
        ],
    },
    Exchange {
        point: point("Errors", "an unknown method", "-32601 no_such_method"),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"No.Such"}"#,
                Error("1", -32601, &["no_such_method"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"sys.ping"}"#,
                Error("2", -32601, &["no_such_method"]),
            ),
            // The name of a built-in property of JavaScript objects.
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"constructor"}"#,
                Error("3", -32601, &["no_such_method"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":4,"method":""}"#,
                Error("4", -32601, &["no_such_method"]),
            ),
        ],
    },
    Exchange {
        point: point(
            "Errors",
            "invalid parameters",
            "-32602 wrong_type, and out_of_range for numbers and fractions",
        ),
        messages: &[
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetComponents","params":{"offset":"a"}}"#,
                Error("1", -32602, &["wrong_type"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":2,"method":"Device.GetComponents","params":{"limit":0}}"#,
                Error("2", -32602, &["out_of_range"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"Device.GetComponents","params":{"offset":-1}}"#,
                Error("3", -32602, &["out_of_range"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":4,"method":"Device.GetComponents","params":{"offset":0.5}}"#,
                Error("4", -32602, &["out_of_range"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":5,"method":"Device.GetComponents","params":{"limit":1.5}}"#,
                Error("5", -32602, &["out_of_range"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":6,"method":"Device.GetComponents","params":{"limit":"1"}}"#,
                Error("6", -32602, &["wrong_type"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"method":"Device.GetComponents","params":{"limit":[1]}}"#,
                Error("7", -32602, &["wrong_type"]),
            ),
            (
                r#"{"jsonrpc":"2.0","id":8,"method":"Device.GetComponents","params":{"offset":true}}"#,
                Error("8", -32602, &["wrong_type"]),
            ),
        ],
    },
];

/// Checks an answer.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_answer(want: Expected, text: &str) -> Result<(), String> {
    let (id, answer) = match want {
        Silence => return Err("the message was answered".to_owned()),
        Answer(id) | Error(id, ..) => (id, envelope(text)?),
    };
    // Compared as text: not every language has 64-bit numbers.
    let said = answer["id"].to_string();
    if said != id {
        return Err(format!("the id is {said}, not {id}"));
    }
    match want {
        Error(_, code, reasons) => error(&answer, code, reasons),
        _ if answer.get("error").is_some() => Err(format!("refused: {}", answer["error"])),
        _ => Ok(()),
    }
}

/// Parses an answer: JSON-RPC 2.0, section 5.
///
/// # Errors
/// If it is not an answer.
pub(super) fn envelope(text: &str) -> Result<Value, String> {
    let answer: Value =
        serde_json::from_str(text).map_err(|error| format!("the answer is not JSON: {error}"))?;
    if answer["jsonrpc"] != "2.0" {
        return Err(format!("jsonrpc is {}, not \"2.0\"", answer["jsonrpc"]));
    }
    let (result, error) = (
        answer.get("result").is_some(),
        answer.get("error").is_some(),
    );
    if result == error || answer.get("id").is_none() {
        return Err("the answer lacks an id, or exactly one of result and error".to_owned());
    }
    Ok(answer)
}

/// Checks that an answer is this error.
///
/// # Errors
/// How it differs.
pub(super) fn error(answer: &Value, code: i64, reasons: &[&str]) -> Result<(), String> {
    let error = &answer["error"];
    if error["code"] != json!(code) {
        return Err(match error.is_null() {
            true => "the request was carried out instead of refused".to_owned(),
            false => format!("the code is {}, not {code}", error["code"]),
        });
    }
    if error["message"]
        .as_str()
        .is_none_or(|message| message.trim().is_empty())
    {
        return Err("the error has no message for people".to_owned());
    }
    let reason = error["data"]["reason"].as_str().unwrap_or_default();
    if !reasons.contains(&reason) {
        let mut expected = String::new();
        for reason in reasons {
            let _ = write!(
                expected,
                "{}{reason}",
                if expected.is_empty() { "" } else { " or " }
            );
        }
        return Err(format!("data.reason is {reason:?}, not {expected}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Expected = Error("7", -32602, &["out_of_range"]);

    #[test]
    fn conforming_answers_pass() {
        assert_eq!(
            check_answer(Answer("7"), r#"{"jsonrpc":"2.0","id":7,"result":{}}"#),
            Ok(())
        );
        let refusal = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"1 to 9","data":{"reason":"out_of_range"}}}"#;
        assert_eq!(check_answer(REFUSED, refusal), Ok(()));
    }

    #[test]
    fn nonconforming_answers_are_reported() {
        for (want, text, expected) in [
            (Answer("7"), "pong", "not JSON"),
            (Answer("7"), r#"{"id":7,"result":{}}"#, "jsonrpc"),
            (
                Answer("7"),
                r#"{"jsonrpc":"2.0","id":"7","result":{}}"#,
                "the id is",
            ),
            (
                Answer("7"),
                r#"{"jsonrpc":"2.0","result":{}}"#,
                "lacks an id",
            ),
            (
                Answer("7"),
                r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#,
                "exactly one of result and error",
            ),
            (
                Answer("7"),
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601}}"#,
                "refused",
            ),
            (
                Answer("9223372036854775807"),
                r#"{"jsonrpc":"2.0","id":9223372036854776000,"result":{}}"#,
                "the id is",
            ),
            (
                REFUSED,
                r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
                "carried out",
            ),
            (
                REFUSED,
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}}"#,
                "the code",
            ),
            (
                REFUSED,
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602}}"#,
                "no message",
            ),
            (
                REFUSED,
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}"#,
                "data.reason",
            ),
            (
                Silence,
                r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
                "was answered",
            ),
        ] {
            let why = check_answer(want, text).expect_err(text);
            assert!(why.contains(expected), "{text}: {why}");
        }
    }
}
