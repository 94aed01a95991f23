//! What can be said to running virtual boards, a line each: hands at a board,
//! cables pulled, the end. Reads only; obeys nothing.

use protocol::{
    ComponentKey, Object, State,
    outbound::{OutboundUrl, OutboundUrlError},
};
use serde_json::Value;

/// The lines that are understood.
pub const USAGE: &str = "press BOARD button:0 [press|double_press|long_press], set BOARD switch:1 \
     on=true, erase BOARD, pair BOARD, call BOARD ws://HOST:PORT (or off), \
                         stop BOARD, start BOARD, quit; BOARD is a name, \"a name\" or an id";

/// A line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A hand presses a button.
    Press {
        /// A name or an id.
        board: String,
        /// Which.
        button: ComponentKey,
        /// `press` where none is given.
        event: String,
    },
    /// A hand, or the world, changes something.
    Set {
        /// A name or an id.
        board: String,
        /// Of what.
        component: ComponentKey,
        /// The fields.
        change: State,
    },
    /// A board forgets everything, and restarts.
    Erase {
        /// A name or an id.
        board: String,
    },
    /// A hand opens pairing.
    Pair {
        /// A name or an id.
        board: String,
    },
    /// A hand tells a board whom to call.
    Call {
        /// A name or an id.
        board: String,
        /// `None` is nobody.
        url: Option<OutboundUrl>,
    },
    /// A board loses its power: no goodbye.
    Stop {
        /// A name or an id.
        board: String,
    },
    /// It comes back.
    Start {
        /// A name or an id.
        board: String,
    },
    /// All boards say goodbye, and the program ends.
    Quit,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Begins with something else.
    #[error("{0:?} is no command. Accepted: {USAGE}")]
    Unknown(String),
    /// No board is named.
    #[error("{0} needs a board. Accepted: {USAGE}")]
    NoBoard(&'static str),
    /// A quotation mark is alone.
    #[error("the name {0:?} has no closing quotation mark")]
    Unclosed(String),
    /// No component is named.
    #[error("{0} needs a component after the board, for example switch:1")]
    NoComponent(&'static str),
    /// No field is given.
    #[error("set needs fields after the component, for example on=true brightness=40")]
    NoFields,
    /// A field is not `name=value`.
    #[error("{0:?} is no field; fields are name=value, for example on=true")]
    NotAField(String),
    /// It is not said whom to call.
    #[error("call needs an address after the board, for example ws://192.168.1.5:7433, or off")]
    NoUrl,
    /// What is to be called is no address.
    #[error("{0:?}: {1}")]
    Url(String, OutboundUrlError),
    /// Something is left over.
    #[error("{0:?} is too much for {1}")]
    TooMuch(String, &'static str),
}

impl Command {
    /// Reads a line; an empty one is nothing.
    ///
    /// # Errors
    /// [`CommandError`], which says what would be accepted.
    pub fn parse(line: &str) -> Result<Option<Self>, CommandError> {
        let (word, rest) = first_word(line);
        match word {
            "" => Ok(None),
            "press" => press(rest).map(Some),
            "set" => set(rest).map(Some),
            "erase" => Ok(Some(Self::Erase {
                board: only_board(rest, "erase")?,
            })),
            "pair" => Ok(Some(Self::Pair {
                board: only_board(rest, "pair")?,
            })),
            "call" => call(rest).map(Some),
            "stop" => Ok(Some(Self::Stop {
                board: only_board(rest, "stop")?,
            })),
            "start" => Ok(Some(Self::Start {
                board: only_board(rest, "start")?,
            })),
            "quit" if rest.is_empty() => Ok(Some(Self::Quit)),
            "quit" => Err(CommandError::TooMuch(rest.to_owned(), "quit")),
            other => Err(CommandError::Unknown(other.to_owned())),
        }
    }
}

fn press(text: &str) -> Result<Command, CommandError> {
    let (board, button, rest) = board_and_component(text, "press")?;
    let (event, rest) = first_word(rest);
    if !rest.is_empty() {
        return Err(CommandError::TooMuch(rest.to_owned(), "press"));
    }
    let event = if event.is_empty() { "press" } else { event };
    Ok(Command::Press {
        board,
        button,
        event: event.to_owned(),
    })
}

fn set(text: &str) -> Result<Command, CommandError> {
    let (board, component, mut rest) = board_and_component(text, "set")?;
    let mut fields = Object::new();
    while !rest.is_empty() {
        let (name, value) = rest
            .split_once('=')
            .ok_or_else(|| CommandError::NotAField(first_word(rest).0.to_owned()))?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(CommandError::NotAField(first_word(rest).0.to_owned()));
        }
        let (value, after) = json_or_word(value);
        fields.insert(name.to_owned(), value);
        rest = after;
    }
    if fields.is_empty() {
        return Err(CommandError::NoFields);
    }
    Ok(Command::Set {
        board,
        component,
        change: State::from(fields),
    })
}

/// A value at the beginning of a text: JSON where it is JSON up to a space or
/// the end, otherwise the word as a text.
fn json_or_word(text: &str) -> (Value, &str) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if let Some(Ok(value)) = values.next()
        && let Some(rest) = text.get(values.byte_offset()..)
        && (rest.is_empty() || rest.starts_with(char::is_whitespace))
        && !text.starts_with(char::is_whitespace)
    {
        return (value, rest.trim_start());
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (Value::from(word), rest.trim_start())
}

/// The address is the last word: names of boards may have spaces.
fn call(text: &str) -> Result<Command, CommandError> {
    let (board, word) = match quoted(text)? {
        Some((board, rest)) => (board, rest),
        None => text
            .rsplit_once(char::is_whitespace)
            .ok_or(if text.is_empty() {
                CommandError::NoBoard("call")
            } else {
                CommandError::NoUrl
            })?,
    };
    let (board, word) = (board.trim(), word.trim());
    if board.is_empty() {
        return Err(CommandError::NoBoard("call"));
    }
    let url = match word {
        "" => return Err(CommandError::NoUrl),
        "off" => None,
        url => Some(
            url.parse()
                .map_err(|error| CommandError::Url(url.to_owned(), error))?,
        ),
    };
    Ok(Command::Call {
        board: board.to_owned(),
        url,
    })
}

fn only_board(text: &str, command: &'static str) -> Result<String, CommandError> {
    let (board, rest) = match quoted(text)? {
        Some(quoted) => quoted,
        None => (text, ""),
    };
    match (board, rest) {
        ("", _) => Err(CommandError::NoBoard(command)),
        (board, "") => Ok(board.to_owned()),
        (_, rest) => Err(CommandError::TooMuch(rest.to_owned(), command)),
    }
}

/// A board and a component; a name without quotation marks goes up to the first
/// word that names a component.
fn board_and_component<'a>(
    text: &'a str,
    command: &'static str,
) -> Result<(String, ComponentKey, &'a str), CommandError> {
    if let Some((board, rest)) = quoted(text)? {
        let (word, rest) = first_word(rest);
        let component = word
            .parse()
            .map_err(|_| CommandError::NoComponent(command))?;
        return if board.is_empty() {
            Err(CommandError::NoBoard(command))
        } else {
            Ok((board.to_owned(), component, rest))
        };
    }
    let mut at = text;
    while !at.is_empty() {
        let (word, rest) = first_word(at);
        if let Ok(component) = word.parse() {
            let board = text
                .get(..text.len() - at.len())
                .unwrap_or_default()
                .trim_end();
            return if board.is_empty() {
                Err(CommandError::NoBoard(command))
            } else {
                Ok((board.to_owned(), component, rest))
            };
        }
        at = rest;
    }
    Err(if text.is_empty() {
        CommandError::NoBoard(command)
    } else {
        CommandError::NoComponent(command)
    })
}

/// A name in quotation marks, single or double, at the beginning of a text, and
/// what comes after it.
fn quoted(text: &str) -> Result<Option<(&str, &str)>, CommandError> {
    let Some(mark) = text
        .chars()
        .next()
        .filter(|mark| matches!(mark, '"' | '\''))
    else {
        return Ok(None);
    };
    let inner = text.get(1..).unwrap_or_default();
    let (name, rest) = inner
        .split_once(mark)
        .ok_or_else(|| CommandError::Unclosed(inner.to_owned()))?;
    Ok(Some((name, rest.trim_start())))
}

/// The first word of a text and what comes after it, both without spaces around
/// them.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}
