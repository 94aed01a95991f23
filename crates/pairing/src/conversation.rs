//! The messages of a pairing: an offer with a commitment, then the committed
//! number, and after both people and the store have confirmed, the proof of the
//! key. Owns no socket, reads no clock and generates no random numbers.

use std::fmt;

use noise::{Answer, Channel, Hello, Initiator, NoiseError, PairAnswer, PairingInitiator};
use protocol::{FromBoard, Id, Object, Request, method};
use zeroize::Zeroizing;

use super::PairProblem;
use link::state::LinkProblem;

use keys::Key;
use sanitize::bounds;

/// 80 bytes from a cryptographic source, for one pairing.
pub(super) struct Random(Zeroizing<[u8; 80]>);

impl Random {
    pub(super) fn new(bytes: [u8; 80]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// For the request and its number.
    fn asking(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes.copy_from_slice(&self.0[..48]);
        bytes
    }

    /// For the proof.
    fn ephemeral(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&self.0[48..]);
        bytes
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this binary message.
    Send(Vec<u8>),
    /// This board responded: check now whether a key for it may be replaced.
    Board(String),
    /// Show this code, and ask whether the board shows the same code.
    Code { board: String, code: String },
    /// The code was confirmed at the board.
    Confirmed,
    /// Store this key, then call [`Conversation::stored`].
    Store(Box<Key>),
    /// The pairing is complete.
    Paired(Box<Key>),
}

/// The current stage.
#[derive(Debug)]
enum Stage {
    /// Waiting for the board's first message.
    Awaited,
    /// The request was sent; the board responds when it is this controller's
    /// turn.
    Asked {
        asking: Box<PairingInitiator>,
        hello: Hello,
    },
    /// Both sides have the code. It is to be confirmed here and at the board,
    /// in any order.
    Compared {
        channel: Box<Channel>,
        hello: Hello,
        matches: bool,
        key: Option<Box<Key>>,
    },
    /// Both have confirmed; the key is being stored.
    Storing {
        hello: Hello,
        key: Box<Key>,
    },
    /// The key is stored, and an offer was made with it.
    Offered {
        initiator: Box<Initiator>,
        key: Box<Key>,
    },
    /// The key was proved: the board has it now, unless the proof was lost.
    Proved {
        channel: Box<Channel>,
        key: Box<Key>,
    },
    Over,
}

/// One pairing.
#[derive(Debug)]
pub(super) struct Conversation {
    stage: Stage,
    random: Random,
    /// The id of the selected board, if known.
    chosen: Option<String>,
}

impl Conversation {
    /// Pairs with the board with this id, or with any board if it is unknown.
    pub(super) fn new(random: Random, chosen: Option<String>) -> Self {
        Self {
            stage: Stage::Awaited,
            random,
            chosen,
        }
    }

    /// Handles a binary message from the board.
    ///
    /// # Errors
    ///
    /// If the message is not expected now, or was tampered with; the pairing is
    /// then over.
    pub(super) fn heard(&mut self, bytes: &[u8]) -> Result<Vec<Step>, PairProblem> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Awaited => {
                let hello = Hello::from_bytes(bytes).map_err(|error| match error {
                    NoiseError::OtherVersion(theirs) => {
                        PairProblem::NoLink(LinkProblem::UnsupportedVersion {
                            theirs: theirs.to_string(),
                        })
                    }
                    _ => not_a_board(error),
                })?;
                if let Some(chosen) = self
                    .chosen
                    .as_ref()
                    .filter(|chosen| **chosen != hello.board)
                {
                    return Err(PairProblem::AnotherBoard {
                        expected: chosen.clone(),
                        found: hello.board,
                    });
                }
                let (asking, offer) =
                    PairingInitiator::new(&hello, self.random.asking()).map_err(not_a_board)?;
                let board = Step::Board(hello.board.clone());
                self.stage = Stage::Asked {
                    asking: Box::new(asking),
                    hello,
                };
                Ok(vec![board, Step::Send(offer.to_bytes())])
            }
            Stage::Asked { asking, hello } => {
                let answer = PairAnswer::from_bytes(bytes).map_err(not_a_board)?;
                let revealed = asking.receive_answer(&answer).map_err(not_a_board)?;
                let code = Step::Code {
                    board: hello.board.clone(),
                    code: revealed.code.to_string(),
                };
                self.stage = Stage::Compared {
                    channel: Box::new(revealed.channel),
                    hello,
                    matches: false,
                    key: None,
                };
                Ok(vec![Step::Send(revealed.reveal), code])
            }
            Stage::Compared {
                mut channel,
                hello,
                matches,
                key: None,
            } => {
                let text = Zeroizing::new(channel.open_text(bytes).map_err(not_a_board)?);
                let key: Key = text
                    .parse()
                    .map_err(|error| PairProblem::NotABoard(format!("{error}")))?;
                if key.board != hello.board {
                    return Err(PairProblem::NotABoard(
                        "it sent a key for another board".to_owned(),
                    ));
                }
                self.stage = Stage::Compared {
                    channel,
                    hello,
                    matches,
                    key: Some(Box::new(key)),
                };
                let mut steps = vec![Step::Confirmed];
                steps.extend(self.store());
                Ok(steps)
            }
            Stage::Offered { initiator, key } => {
                let answer = Answer::from_bytes(bytes).map_err(not_a_board)?;
                let mut channel = initiator.finish(&answer).map_err(not_a_board)?;
                let ping = Request {
                    id: Some(Id::Number(1)),
                    method: method::SYS_PING.to_owned(),
                    params: Object::new(),
                };
                let proof = channel
                    .seal(ping.to_json().as_bytes())
                    .map_err(not_a_board)?;
                self.stage = Stage::Proved {
                    channel: Box::new(channel),
                    key,
                };
                Ok(vec![Step::Send(proof)])
            }
            Stage::Proved { mut channel, key } => {
                let Ok(text) = channel.open_text(bytes) else {
                    return Err(PairProblem::Unclear(key));
                };
                match FromBoard::parse(&text) {
                    // If all slots for controllers are taken, the board has
                    // accepted the key.
                    Ok(FromBoard::Response(response)) => match response.outcome {
                        Err(error) if error.data.reason != "all_places_taken" => {
                            self.stage = Stage::Over;
                            Err(PairProblem::NotABoard(bounds::text(error.to_string())))
                        }
                        _ => Ok(vec![Step::Paired(key)]),
                    },
                    _ => {
                        self.stage = Stage::Proved { channel, key };
                        Ok(Vec::new())
                    }
                }
            }
            // No message is expected now.
            other @ (Stage::Compared { .. } | Stage::Storing { .. }) => {
                self.stage = other;
                Ok(Vec::new())
            }
            Stage::Over => Ok(Vec::new()),
        }
    }

    /// The user confirms that the board shows the same code.
    pub(super) fn codes_match(&mut self) -> Option<Step> {
        if let Stage::Compared { matches, .. } = &mut self.stage {
            *matches = true;
        }
        self.store()
    }

    /// The key to store, once both sides have confirmed.
    fn store(&mut self) -> Option<Step> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Compared {
                hello,
                matches: true,
                key: Some(key),
                ..
            } => {
                self.stage = Stage::Storing {
                    hello,
                    key: key.clone(),
                };
                Some(Step::Store(key))
            }
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// The key is stored: the board may use it once it is proved.
    ///
    /// # Errors
    ///
    /// If no offer can be made with it.
    pub(super) fn stored(&mut self) -> Result<Option<Step>, PairProblem> {
        let Stage::Storing { hello, key } = std::mem::replace(&mut self.stage, Stage::Over) else {
            return Ok(None);
        };
        let (initiator, offer) =
            Initiator::new(&hello, &key, self.random.ephemeral()).map_err(not_a_board)?;
        self.stage = Stage::Offered {
            initiator: Box::new(initiator),
            key,
        };
        Ok(Some(Step::Send(offer.to_bytes())))
    }

    /// What it means that the connection ended.
    pub(super) fn too_late(&self) -> PairProblem {
        match &self.stage {
            Stage::Awaited | Stage::Over => PairProblem::NoLink(LinkProblem::ConnectTimeout),
            Stage::Proved { key, .. } => PairProblem::Unclear(key.clone()),
            _ => PairProblem::Ended,
        }
    }

    /// What the end means: once the key was proved, only an encrypted message
    /// from the board shows whether it has the key.
    pub(super) fn ended(&self, problem: PairProblem) -> PairProblem {
        match &self.stage {
            Stage::Proved { key, .. } => PairProblem::Unclear(key.clone()),
            _ => problem,
        }
    }

    /// Whether the request was sent and the board shows no code yet: it can
    /// then safely be repeated.
    pub(super) fn may_ask_again(&self) -> bool {
        matches!(self.stage, Stage::Awaited | Stage::Asked { .. })
    }
}

/// What a text message means. It is not authenticated, so it can only end the
/// pairing.
pub(super) fn refusal(text: &str) -> PairProblem {
    match FromBoard::parse(text) {
        Ok(FromBoard::Response(response)) => match response.outcome {
            Err(error) => match error.data.reason.as_str() {
                "pairing_ended" => PairProblem::Ended,
                "pairing_closed" => PairProblem::Closed,
                "pairing_busy" => PairProblem::Busy,
                _ => PairProblem::NotABoard(bounds::text(error.to_string())),
            },
            Ok(_) => PairProblem::NotABoard("it responded in plain text".to_owned()),
        },
        _ => PairProblem::NotABoard("it sent plain text".to_owned()),
    }
}

fn not_a_board(error: NoiseError) -> PairProblem {
    PairProblem::NotABoard(error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use noise::{KeyId, Offer, PairOffer, Pairing, Psk, Role, respond};
    use protocol::RpcError;

    use super::*;

    fn key(board: &str) -> Key {
        Key {
            board: board.to_owned(),
            kid: KeyId([1; 4]),
            role: Role::Control,
            psk: Psk::new([2; 32]),
        }
    }

    fn sent(steps: &[Step]) -> Vec<u8> {
        let sent = steps.iter().find_map(|step| match step {
            Step::Send(bytes) => Some(bytes.clone()),
            _ => None,
        });
        sent.unwrap()
    }

    fn hello() -> Hello {
        Hello::new("sb-1", [9; 16])
    }

    /// Pairs up to where both sides have the code; the controller, the board's
    /// channel and both codes.
    fn compared() -> (Conversation, Channel, String, String) {
        let mut controller = Conversation::new(Random::new([3; 80]), Some("sb-1".to_owned()));
        let steps = controller.heard(&hello().to_bytes()).unwrap();
        let offer = PairOffer::from_bytes(&sent(&steps)).unwrap();
        let (board, answer) = Pairing::new(&hello(), &offer, [4; 48]).unwrap();
        let steps = controller.heard(&answer.to_bytes()).unwrap();
        let confirmed = board.receive_reveal(&sent(&steps)).unwrap();
        let shown = steps.iter().find_map(|step| match step {
            Step::Code { code, .. } => Some(code.clone()),
            _ => None,
        });
        (
            controller,
            confirmed.channel,
            shown.unwrap(),
            confirmed.code.to_string(),
        )
    }

    fn give(
        board: &mut Channel,
        controller: &mut Conversation,
        key: &Key,
    ) -> Result<Vec<Step>, PairProblem> {
        controller.heard(&board.seal(key.to_text().as_bytes()).unwrap())
    }

    /// Up to the key, which is stored, and the channel that was made with it.
    fn proved() -> (Conversation, Channel) {
        let (mut controller, mut board, ..) = compared();
        assert!(controller.codes_match().is_none());
        let steps = give(&mut board, &mut controller, &key("sb-1")).unwrap();
        assert!(
            matches!(steps.as_slice(), [Step::Confirmed, Step::Store(got)] if **got == key("sb-1"))
        );
        let offer = Offer::from_bytes(&sent(&[controller.stored().unwrap().unwrap()])).unwrap();
        let (mut channel, answer) = respond(&hello(), &offer, &key("sb-1").psk, [8; 32]).unwrap();
        let proof = sent(&controller.heard(&answer.to_bytes()).unwrap());
        assert!(channel.open_text(&proof).unwrap().contains("Sys.Ping"));
        (controller, channel)
    }

    #[test]
    fn both_sides_show_one_code_and_a_key_is_stored_only_after_both_have_confirmed_it() {
        let (mut controller, mut board, shown, at_the_board) = compared();
        assert_eq!(shown, at_the_board);
        assert_eq!(controller.too_late(), PairProblem::Ended);
        let steps = give(&mut board, &mut controller, &key("sb-1")).unwrap();
        assert!(
            matches!(steps.as_slice(), [Step::Confirmed]),
            "the codes have not been confirmed here: {steps:?}"
        );
        assert!(matches!(controller.codes_match(), Some(Step::Store(_))));
        assert!(controller.codes_match().is_none(), "once");
    }

    #[test]
    fn it_is_done_when_the_board_has_answered_the_proof() {
        let (mut controller, mut board) = proved();
        let answer = board
            .seal(br#"{"jsonrpc":"2.0","id":1,"result":{"uptime_ms":5}}"#)
            .unwrap();
        assert!(matches!(
            controller.heard(&answer).unwrap().as_slice(),
            [Step::Paired(_)]
        ));
    }

    #[test]
    fn after_the_proof_only_the_boards_own_word_says_that_it_has_no_key() {
        let (controller, _) = proved();
        assert!(matches!(
            controller.ended(refusal(r#"{"a":1}"#)),
            PairProblem::Unclear(_)
        ));
        assert!(matches!(controller.too_late(), PairProblem::Unclear(_)));
        let (mut controller, mut board) = proved();
        let error = RpcError::new(protocol::Code::Forbidden, "wrong_key", "no place is left");
        let answer =
            serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
        let refused = controller
            .heard(&board.seal(answer.as_bytes()).unwrap())
            .unwrap_err();
        assert!(matches!(
            controller.ended(refused),
            PairProblem::NotABoard(_)
        ));
    }

    #[test]
    fn another_board_than_the_one_that_was_chosen_is_asked_for_nothing() {
        let mut controller = Conversation::new(Random::new([3; 80]), Some("sb-2".to_owned()));
        let expected = PairProblem::AnotherBoard {
            expected: "sb-2".to_owned(),
            found: "sb-1".to_owned(),
        };
        assert_eq!(controller.heard(&hello().to_bytes()).unwrap_err(), expected);
    }

    #[test]
    fn a_key_of_another_board_and_one_that_was_changed_are_refused() {
        let (mut controller, mut board, ..) = compared();
        assert!(matches!(
            give(&mut board, &mut controller, &key("sb-2")),
            Err(PairProblem::NotABoard(_))
        ));
        let (mut controller, mut board, ..) = compared();
        let mut sealed = board.seal(key("sb-1").to_text().as_bytes()).unwrap();
        sealed[0] ^= 1;
        assert!(matches!(
            controller.heard(&sealed),
            Err(PairProblem::NotABoard(_))
        ));
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
        assert_eq!(refusal(&text("pairing_busy")), PairProblem::Busy);
        assert!(matches!(refusal("{}"), PairProblem::NotABoard(_)));
    }
}
