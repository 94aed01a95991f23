//! The request that is being written for one board, and its answer. Each board
//! has its own: a request that was written for one board is never sent to
//! another. Draws nothing.

use std::collections::HashMap;

use protocol::Object;
use serde_json::Value;

use super::suggestions::suggestions;
use fleet::{BoardKey, BoardView, Outcome};

/// Sent requests that are remembered per board.
const MAX_HISTORY: usize = 50;

/// Boards whose requests are remembered.
const MAX_BOARDS: usize = 64;

/// The answer to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// The request with this number was sent and is not answered.
    Awaited(u64),
    Given(Outcome),
}

/// The request for one board.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) params: String,
    pub(super) answer: Option<Answer>,
    /// Sent requests, oldest first, and how far back the shown one is.
    history: Vec<(String, String)>,
    back: usize,
}

impl Request {
    /// Fills in the form.
    pub(super) fn fill(&mut self, method: &str, params: Option<&Value>) {
        method.clone_into(&mut self.method);
        self.params = params
            .and_then(|params| serde_json::to_string_pretty(params).ok())
            .unwrap_or_default();
    }

    /// What is sent.
    ///
    /// # Errors
    /// What is wrong with the parameters and where, or that the method is
    /// missing.
    pub(super) fn parsed(&self) -> Result<(String, Object), String> {
        let params = params(&self.params)?;
        match self.method.trim() {
            "" => Err("Enter a method.".to_owned()),
            method => Ok((method.to_owned(), params)),
        }
    }

    /// It is being sent with this number.
    pub(super) fn sent(&mut self, number: u64) {
        let sent = (self.method.trim().to_owned(), self.params.clone());
        self.history.retain(|old| *old != sent);
        if self.history.len() == MAX_HISTORY {
            self.history.remove(0);
        }
        self.history.push(sent);
        (self.back, self.answer) = (0, Some(Answer::Awaited(number)));
    }

    /// Browses earlier requests.
    pub(super) fn walk(&mut self, older: bool, newer: bool) {
        if older && self.back < self.history.len() {
            self.back += 1;
        } else if newer && self.back > 0 {
            self.back -= 1;
        } else {
            return;
        }
        let at = self.history.len().checked_sub(self.back);
        let sent = at.and_then(|at| self.history.get(at));
        (self.method, self.params) = sent.cloned().unwrap_or_default();
    }
}

/// The requests for all boards.
#[derive(Debug, Default)]
pub(super) struct Requests {
    of: HashMap<BoardKey, Request>,
    /// The board that was shown last.
    last: Option<BoardKey>,
    number: u64,
}

impl Requests {
    /// The request for a board. One that was not shown before begins with the
    /// method of the board before, and with its own parameters.
    pub(super) fn of(&mut self, board: &BoardView) -> &mut Request {
        let before = self.last.replace(board.key);
        let method = before
            .filter(|before| *before != board.key)
            .and_then(|before| self.of.get(&before))
            .map(|request| request.method.trim().to_owned());
        if self.of.len() >= MAX_BOARDS && !self.of.contains_key(&board.key) {
            self.of.clear();
        }
        self.of.entry(board.key).or_insert_with(|| {
            let mut request = Request::default();
            let same = suggestions(board)
                .into_iter()
                .find(|suggestion| Some(&suggestion.method) == method.as_ref());
            if let Some(suggestion) = same {
                request.fill(&suggestion.method, suggestion.params.as_ref());
            }
            request
        })
    }

    /// A new number for a request that is sent.
    pub(super) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// The number of the request to a board that is not answered.
    pub(super) fn awaited(&self, board: BoardKey) -> Option<u64> {
        match self.of.get(&board)?.answer {
            Some(Answer::Awaited(number)) => Some(number),
            _ => None,
        }
    }

    /// Takes the answer to a request. Those to earlier requests are not shown.
    pub(super) fn answered(&mut self, board: BoardKey, number: u64, outcome: Outcome) {
        if self.awaited(board) == Some(number)
            && let Some(request) = self.of.get_mut(&board)
        {
            request.answer = Some(Answer::Given(outcome));
        }
    }
}

/// Parses the parameters: a JSON object, or nothing.
fn params(text: &str) -> Result<Object, String> {
    if text.trim().is_empty() {
        return Ok(Object::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err("Parameters must be a JSON object, for example {\"id\":0}.".to_owned()),
        Err(error) => Err(format!("This is not valid JSON: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_an_object_or_nothing() {
        assert_eq!(params("  "), Ok(Object::new()));
        assert_eq!(params(r#"{"id":0}"#).map(|params| params.len()), Ok(1));
        assert!(params("[1]").is_err_and(|problem| problem.contains("{\"id\":0}")));
        assert!(params("{\"id\":").is_err_and(|problem| problem.contains("line 1")));
    }

    #[test]
    fn the_answer_to_an_earlier_request_is_not_shown_for_the_last_one() {
        let mut requests = Requests::default();
        let board = BoardKey(1);
        let mut send = || {
            let number = requests.next_number();
            requests.of.entry(board).or_default().sent(number);
            number
        };
        let (first, second) = (send(), send());
        requests.answered(board, first, Outcome::Unconfirmed);
        assert_eq!(requests.awaited(board), Some(second));
        requests.answered(board, second, Outcome::NotConnected);
        requests.answered(board, first, Outcome::Unconfirmed);
        let answer = &requests.of[&board].answer;
        assert!(matches!(answer, Some(Answer::Given(Outcome::NotConnected))));
    }

    #[test]
    fn earlier_requests_can_be_browsed() {
        let mut request = Request {
            history: vec![("A".into(), "1".into()), ("B".into(), "2".into())],
            ..Request::default()
        };
        let mut walk = |older, newer| {
            request.walk(older, newer);
            request.method.clone()
        };
        assert_eq!(
            [walk(true, false), walk(true, false), walk(true, false)],
            ["B", "A", "A"]
        );
        assert_eq!(
            [walk(false, true), walk(false, true), walk(false, true)],
            ["B", "", ""]
        );
    }
}
