//! Formats a request as a shell command: for websocat, or for this program.

use protocol::RPC_PATH;
use serde_json::Value;

use fleet::BoardView;
use text::shell_word;

/// The method and parameters of a request.
fn parts(request: &str) -> Option<(String, Option<Value>)> {
    let mut request: Value = serde_json::from_str(request).ok()?;
    let method = request.get("method")?.as_str()?.to_owned();
    let params = request.get_mut("params").map(Value::take);
    Some((method, params.filter(|params| !params.is_null())))
}

/// For websocat 1: sends the request, prints the first message received and
/// exits.
pub(super) fn websocat(board: &BoardView, request: &str) -> String {
    let url = format!("ws://{}{RPC_PATH}", board.address);
    format!(
        "echo {} | websocat --no-close --one-message {}",
        shell_word(request.trim_end()),
        shell_word(&url)
    )
}

/// For `switchboard call`; `None` if the frame is not a request.
pub(super) fn call(board: &BoardView, request: &str) -> Option<String> {
    let (method, params) = parts(request)?;
    let board = board.id.as_deref().unwrap_or(&board.address);
    let mut line = format!(
        "switchboard call {} {}",
        shell_word(board),
        shell_word(&method)
    );
    if let Some(params) = params {
        line.push(' ');
        line.push_str(&shell_word(&params.to_string()));
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_method_and_optional_parameters() {
        assert_eq!(
            parts(r#"{"id":1,"method":"Sys.Ping"}"#),
            Some(("Sys.Ping".to_owned(), None))
        );
        let (_, params) = parts(r#"{"method":"Light.Set","params":{"id":0}}"#).expect("a request");
        assert_eq!(params, Some(serde_json::json!({"id": 0})));
        assert_eq!(parts(r#"{"id":1,"result":{}}"#), None);
    }
}
