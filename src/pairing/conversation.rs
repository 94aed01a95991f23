//! What is said to a board that gives a key: an offer with a commitment, then the number that was committed to. Owns no socket, reads
//! no clock and draws no random numbers.

use std::fmt;

use noise::{Asking, Channel, Hello, NoiseError, PairAnswer};
use protocol::FromBoard;
use zeroize::Zeroizing;

use super::PairProblem;
use crate::{
    keys::Key,
    link::{bounds, state::LinkProblem},
};

/// 48 fresh bytes from a cryptographic source, for one pairing.
pub(super) struct Random(Zeroizing<[u8; 48]>);

impl Random {
    pub(super) fn new(bytes: [u8; 48]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this binary message.
    Send(Vec<u8>),
    /// Show this code.
    Code { board: String, code: String },
    /// It is done.
    Key(Box<Key>),
}

/// How far it is.
#[derive(Debug)]
enum Stage {
    /// The board speaks first.
    Awaited(Random),
    /// It was asked.
    Asked {
        asking: Box<Asking>,
        board: String,
    },
    /// Both have the code; a hand at the board is to say yes.
    Compared {
        channel: Box<Channel>,
        board: String,
    },
    Over,
}

/// One pairing.
#[derive(Debug)]
pub(super) struct Conversation(Stage);

impl Conversation {
    pub(super) fn new(random: Random) -> Self {
        Self(Stage::Awaited(random))
    }

    /// A binary message of the board.
    ///
    /// # Errors
    /// Where it is none that may come now, or was changed on its way: then it is over.
    pub(super) fn heard(&mut self, bytes: &[u8]) -> Result<Vec<Step>, PairProblem> {
        match std::mem::replace(&mut self.0, Stage::Over) {
            Stage::Awaited(random) => {
                let hello = Hello::from_bytes(bytes).map_err(|error| match error {
                    NoiseError::OtherVersion(theirs) => {
                        PairProblem::NoLink(LinkProblem::UnsupportedVersion { theirs: theirs.to_string() })
                    }
                    _ => not_a_board(error),
                })?;
                let (asking, offer) = Asking::new(&hello, *random.0).map_err(not_a_board)?;
                self.0 = Stage::Asked { asking: Box::new(asking), board: hello.board };
                Ok(vec![Step::Send(offer.to_bytes())])
            }
            Stage::Asked { asking, board } => {
                let answer = PairAnswer::from_bytes(bytes).map_err(not_a_board)?;
                let revealed = asking.answered(&answer).map_err(not_a_board)?;
                self.0 = Stage::Compared { channel: Box::new(revealed.channel), board: board.clone() };
                let code = revealed.code.to_string();
                Ok(vec![Step::Send(revealed.reveal), Step::Code { board, code }])
            }
            Stage::Compared { mut channel, board } => {
                let text = Zeroizing::new(channel.open_text(bytes).map_err(not_a_board)?);
                let key: Key = text.parse().map_err(|error| PairProblem::NotABoard(format!("{error}")))?;
                if key.board != board {
                    return Err(PairProblem::NotABoard("it gave another board's key".to_owned()));
                }
                Ok(vec![Step::Key(Box::new(key))])
            }
            Stage::Over => Ok(Vec::new()),
        }
    }

    /// What it means that nothing comes any more.
    pub(super) fn too_late(&self) -> PairProblem {
        match &self.0 {
            Stage::Compared { .. } => PairProblem::Ended,
            _ => PairProblem::NoLink(LinkProblem::ConnectTimeout),
        }
    }
}

/// What a text says that comes instead: nobody vouches for it, and it only ends the pairing.
pub(super) fn refusal(text: &str) -> PairProblem {
    match FromBoard::parse(text) {
        Ok(FromBoard::Response(response)) => match response.outcome {
            Err(error) => match error.data.reason.as_str() {
                "pairing_ended" => PairProblem::Ended,
                "pairing_closed" => PairProblem::Closed,
                _ => PairProblem::NotABoard(bounds::text(error.to_string())),
            },
            Ok(_) => PairProblem::NotABoard("it answered in plain text".to_owned()),
        },
        _ => PairProblem::NotABoard("it spoke in plain text".to_owned()),
    }
}

fn not_a_board(error: NoiseError) -> PairProblem {
    PairProblem::NotABoard(error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use noise::{KeyId, PairOffer, Pairing, Psk, Role};

    use super::*;

    fn key(board: &str) -> Key {
        Key { board: board.to_owned(), kid: KeyId([1; 4]), role: Role::Control, psk: Psk::new([2; 32]) }
    }

    /// Pairs up to where both sides have the code; the controller, the board's channel and both codes.
    fn compared() -> (Conversation, Channel, String, String) {
        let mut controller = Conversation::new(Random::new([3; 48]));
        let hello = Hello::new("sb-1", [9; 16]);
        let sent = |steps: &[Step]| match steps {
            [Step::Send(bytes), ..] => bytes.clone(),
            other => unreachable!("{other:?}"),
        };
        let steps = controller.heard(&hello.to_bytes()).unwrap();
        let offer = PairOffer::from_bytes(&sent(&steps)).unwrap();
        let (board, answer) = Pairing::new(&hello, &offer, [4; 48]).unwrap();
        let steps = controller.heard(&answer.to_bytes()).unwrap();
        let confirmed = board.revealed(&sent(&steps)).unwrap();
        let shown = steps.iter().find_map(|step| match step {
            Step::Code { code, .. } => Some(code.clone()),
            _ => None,
        });
        (controller, confirmed.channel, shown.unwrap(), confirmed.code.to_string())
    }

    #[test]
    fn both_sides_show_one_code_and_the_key_comes_after_it() {
        let (mut controller, mut board, shown, at_the_board) = compared();
        assert_eq!(shown, at_the_board);
        assert_eq!(controller.too_late(), PairProblem::Ended);
        let sealed = board.seal(key("sb-1").to_text().as_bytes()).unwrap();
        assert!(matches!(controller.heard(&sealed).unwrap().as_slice(), [Step::Key(got)] if **got == key("sb-1")));
    }

    #[test]
    fn a_key_of_another_board_and_one_that_was_changed_are_refused() {
        let (mut controller, mut board, ..) = compared();
        let sealed = board.seal(key("sb-2").to_text().as_bytes()).unwrap();
        assert!(matches!(controller.heard(&sealed), Err(PairProblem::NotABoard(_))));
        let (mut controller, mut board, ..) = compared();
        let mut sealed = board.seal(key("sb-1").to_text().as_bytes()).unwrap();
        sealed[0] ^= 1;
        assert!(matches!(controller.heard(&sealed), Err(PairProblem::NotABoard(_))));
        assert!(controller.heard(&sealed).unwrap().is_empty(), "it is over");
    }

    #[test]
    fn what_the_board_refuses_with_is_told_for_what_it_is() {
        let text = |reason: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":-32006,"message":"no","data":{{"reason":"{reason}"}}}}}}"#
            )
        };
        assert_eq!(refusal(&text("pairing_ended")), PairProblem::Ended);
        assert_eq!(refusal(&text("pairing_closed")), PairProblem::Closed);
        assert!(matches!(refusal("{}"), PairProblem::NotABoard(_)));
    }
}
