//! Decides which board a person means. Knows neither the network nor how a board is shown.

use std::fmt;

use crate::words::slug;

/// How different a name may be to be called near: a typing mistake or two.
const NEAR: usize = 3;

/// A board as it can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}

/// What a text means among some boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    /// The id of the board at this place, and of no other.
    Id(usize),
    /// The whole name of this board, and of none that is known yet.
    Name(usize),
    /// The start of the name or id of this board, and of no other.
    Start(usize),
}

/// Why a text means no board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// None is called so.
    Nobody {
        /// What was typed.
        typed: String,
        /// What is near to it, nearest first; all there are, where none is near.
        near: Vec<String>,
        /// Why nothing can be found at all.
        problem: Option<String>,
    },
    /// It is the id of a board for which a key is held, and this board is not there.
    Absent {
        /// The id.
        id: String,
    },
    /// Several are.
    Several {
        /// What was typed.
        typed: String,
        /// Each with its id.
        candidates: Vec<String>,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody { typed, problem: Some(problem), .. } => {
                write!(f, "no board {typed:?}: nothing can be found by mDNS ({problem}); use host:port")
            }
            Self::Nobody { typed, near, .. } if near.is_empty() => {
                write!(f, "no board {typed:?}: no board announces itself; use host:port for one that does not")
            }
            Self::Nobody { typed, near, .. } => write!(f, "no board {typed:?}; there are: {}", near.join(", ")),
            Self::Absent { id } => write!(
                f,
                "{id} does not announce itself; this computer has a key for it, so that no other board is meant"
            ),
            Self::Several { typed, candidates } => {
                write!(f, "{typed:?} may be any of: {}; use the id", candidates.join(", "))
            }
        }
    }
}

impl std::error::Error for NotFound {}

/// Which board is meant: a whole id or name goes before the start of one.
pub(super) fn find(typed: &str, boards: &[Named<'_>]) -> Result<Match, NotFound> {
    let wanted = typed.to_lowercase();
    let slugged = slug(typed);
    // Ids are in lower case, and nothing else is one: a person may type them in capitals.
    let id = typed.trim().to_ascii_lowercase();
    let has_id = |board: &Named<'_>| board.id == id;
    let whole = |board: &Named<'_>| has_id(board) || board.name.to_lowercase() == wanted || slug(board.name) == slugged;
    let start = |board: &Named<'_>| {
        let starts = |text: &str| !slugged.is_empty() && text.starts_with(&slugged);
        starts(&slug(board.id)) || starts(&slug(board.name))
    };
    let at = |is: &dyn Fn(&Named<'_>) -> bool| -> Vec<usize> {
        boards.iter().enumerate().filter(|(_, board)| is(board)).map(|(at, _)| at).collect()
    };
    let (wholes, starts) = (at(&whole), at(&start));
    match (wholes.as_slice(), starts.as_slice()) {
        ([one], _) if boards.get(*one).is_some_and(has_id) => Ok(Match::Id(*one)),
        ([one], _) => Ok(Match::Name(*one)),
        ([], [one]) => Ok(Match::Start(*one)),
        ([], []) => Err(NotFound::Nobody { typed: typed.to_owned(), near: near(&slugged, boards), problem: None }),
        (several, _) => {
            let several = if several.is_empty() { &starts } else { several };
            let candidates = several.iter().filter_map(|at| boards.get(*at)).map(describe).collect();
            Err(NotFound::Several { typed: typed.to_owned(), candidates })
        }
    }
}

fn near(slugged: &str, boards: &[Named<'_>]) -> Vec<String> {
    let mut ranked: Vec<_> = boards
        .iter()
        .map(|board| {
            let distance = |text: &str| strsim::damerau_levenshtein(slugged, &slug(text));
            (distance(board.name).min(distance(board.id)), describe(board))
        })
        .collect();
    ranked.sort();
    if ranked.iter().any(|(distance, _)| *distance <= NEAR) {
        ranked.retain(|(distance, _)| *distance <= NEAR);
    }
    ranked.into_iter().take(10).map(|(_, described)| described).collect()
}

fn describe(board: &Named<'_>) -> String {
    format!("{} ({})", board.name, board.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARDS: [Named<'_>; 4] = [
        Named { id: "lamp-9f3a", name: "Desk lamp" },
        Named { id: "lamp-77c0", name: "Ceiling" },
        Named { id: "strip-1", name: "Strip" },
        Named { id: "strip-2", name: "Strip" },
    ];

    #[test]
    fn a_board_is_found_by_name_slug_and_id_without_regard_to_case() {
        for typed in ["Desk lamp", "desk-lamp", "DESK-LAMP", "desk_lamp"] {
            assert_eq!(find(typed, &BOARDS), Ok(Match::Name(0)), "{typed}");
        }
        for typed in ["lamp-9f3a", "LAMP-9F3A"] {
            assert_eq!(find(typed, &BOARDS), Ok(Match::Id(0)), "{typed}");
        }
    }

    #[test]
    fn a_unique_start_is_enough() {
        assert_eq!(find("cei", &BOARDS), Ok(Match::Start(1)));
        assert_eq!(find("lamp-7", &BOARDS), Ok(Match::Start(1)));
    }

    #[test]
    fn a_name_that_two_boards_have_lists_both() {
        for typed in ["strip", "lamp"] {
            let found = find(typed, &BOARDS);
            assert!(matches!(&found, Err(NotFound::Several { candidates, .. }) if candidates.len() == 2), "{found:?}");
        }
    }

    #[test]
    fn a_typing_mistake_is_answered_with_the_nearest_names() {
        let error = find("desk-lmap", &BOARDS).expect_err("no such board");
        assert_eq!(error.to_string(), "no board \"desk-lmap\"; there are: Desk lamp (lamp-9f3a)");
        assert!(find("", &BOARDS).is_err());
    }
}
