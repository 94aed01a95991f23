//! Decides which board an argument refers to. Knows neither the network nor how
//! a board is shown.

use std::fmt;

use text::matching::{Fit, Typed};

/// The largest edit distance of a suggestion: a typo or two.
const NEAR: usize = 3;

/// What can identify a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// `host:port`, if it has one.
    pub(super) address: &'a str,
}

/// The only board that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    /// Its index.
    pub(super) at: usize,
    /// How well it matches.
    pub(super) fit: Fit,
}

/// Why an argument does not identify a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// No board matches.
    NoMatch {
        /// The argument.
        typed: String,
        /// Similar boards, most similar first; all boards if none is similar.
        near: Vec<String>,
        /// Why discovery does not work at all.
        problem: Option<String>,
    },
    /// The argument is the id of a board for which there is a key, and that
    /// board is absent.
    Absent {
        /// The id.
        id: String,
    },
    /// Several boards match.
    Ambiguous {
        /// The argument.
        typed: String,
        /// The boards, each with its id.
        candidates: Vec<String>,
        /// What distinguishes them.
        by: &'static str,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch {
                typed,
                problem: Some(problem),
                ..
            } => {
                write!(
                    f,
                    "no board {typed:?}: mDNS discovery failed ({problem}); use host:port"
                )
            }
            Self::NoMatch { typed, near, .. } if near.is_empty() => {
                write!(
                    f,
                    "no board {typed:?}: no board announces itself; use host:port to reach one \
                     that does not"
                )
            }
            Self::NoMatch { typed, near, .. } => {
                write!(f, "no board {typed:?}; available: {}", near.join(", "))
            }
            Self::Absent { id } => write!(
                f,
                "{id} does not announce itself; this computer has a key for it, so no other board \
                 was used in its place"
            ),
            Self::Ambiguous {
                typed,
                candidates,
                by,
            } => {
                write!(
                    f,
                    "{typed:?} is ambiguous: {}; use {by}",
                    candidates.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for NotFound {}

/// The board that matches best, if there is only one.
pub(super) fn find(typed: &str, boards: &[Named<'_>]) -> Result<Match, NotFound> {
    let text = Typed::new(typed);
    let fits: Vec<(Fit, usize)> = boards
        .iter()
        .enumerate()
        .filter_map(|(at, board)| text.fit(board.id, board.name).map(|fit| (fit, at)))
        .collect();
    let Some(best) = fits.iter().map(|(fit, _)| *fit).min() else {
        return Err(NotFound::NoMatch {
            typed: typed.to_owned(),
            near: near(&text, boards),
            problem: None,
        });
    };
    let meant: Vec<usize> = fits
        .iter()
        .filter(|(fit, _)| *fit == best)
        .map(|(_, at)| *at)
        .collect();
    match *meant.as_slice() {
        [at] => Ok(Match { at, fit: best }),
        _ => Err(ambiguous(
            typed,
            meant.iter().filter_map(|at| boards.get(*at)),
        )),
    }
}

fn ambiguous<'a>(typed: &str, boards: impl Iterator<Item = &'a Named<'a>>) -> NotFound {
    let boards: Vec<_> = boards.collect();
    let mut ids: Vec<&str> = boards
        .iter()
        .map(|board| board.id)
        .filter(|id| !id.is_empty())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let by_id = ids.len() == boards.len();
    let described = |board: &&Named<'_>| match (by_id, board.id) {
        (true, _) => describe(board),
        (false, "") => format!("{} (at {})", board.name, board.address),
        (false, id) => format!("{} ({id}, at {})", board.name, board.address),
    };
    let by = if by_id { "the id" } else { "the address" };
    NotFound::Ambiguous {
        typed: typed.to_owned(),
        candidates: boards.iter().map(described).collect(),
        by,
    }
}

fn near(typed: &Typed, boards: &[Named<'_>]) -> Vec<String> {
    let mut ranked: Vec<_> = boards
        .iter()
        .map(|board| (typed.distance(board.id, board.name), describe(board)))
        .collect();
    ranked.sort();
    if ranked.iter().any(|(distance, _)| *distance <= NEAR) {
        ranked.retain(|(distance, _)| *distance <= NEAR);
    }
    ranked
        .into_iter()
        .take(10)
        .map(|(_, described)| described)
        .collect()
}

fn describe(board: &Named<'_>) -> String {
    let id = if board.id.is_empty() {
        board.address
    } else {
        board.id
    };
    format!("{} ({id})", board.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn named<'a>(id: &'a str, name: &'a str) -> Named<'a> {
        Named {
            id,
            name,
            address: "127.0.0.1:80",
        }
    }

    const BOARDS: [Named<'_>; 4] = [
        named("lamp-9f3a", "Desk lamp"),
        named("lamp-77c0", "Ceiling"),
        named("strip-1", "Strip"),
        named("strip-2", "Strip"),
    ];

    fn found(typed: &str, boards: &[Named<'_>]) -> Option<(usize, Fit)> {
        find(typed, boards).ok().map(|found| (found.at, found.fit))
    }

    #[test]
    fn a_board_is_found_by_name_slug_and_id_ignoring_case() {
        assert_eq!(found("Desk lamp", &BOARDS), Some((0, Fit::Name)));
        for typed in ["desk-lamp", "DESK-LAMP", "desk_lamp", "LAMP-9F3A"] {
            assert_eq!(found(typed, &BOARDS), Some((0, Fit::Alike)), "{typed}");
        }
        assert_eq!(found("lamp-9f3a", &BOARDS), Some((0, Fit::Id)));
    }

    #[test]
    fn a_unique_prefix_matches() {
        assert_eq!(found("cei", &BOARDS), Some((1, Fit::Start)));
        assert_eq!(found("lamp-7", &BOARDS), Some((1, Fit::Start)));
    }

    #[test]
    fn a_name_that_two_boards_have_lists_both() {
        for typed in ["strip", "Strip", "lamp"] {
            let found = find(typed, &BOARDS);
            assert!(
                matches!(&found, Err(NotFound::Ambiguous { candidates, .. })
                    if candidates.len() == 2),
                "{found:?}"
            );
        }
    }

    #[test]
    fn an_exact_name_takes_precedence_over_similar_names() {
        let boards = [
            named("a", "Desk lamp"),
            named("b", "desk-lamp"),
            named("c", "Desk lamp!"),
            named("d", "DESK LAMP"),
        ];
        for (at, board) in boards.iter().enumerate() {
            assert_eq!(
                found(board.name, &boards),
                Some((at, Fit::Name)),
                "{}",
                board.name
            );
        }
        let error = find("Desk_Lamp", &boards)
            .expect_err("any of them")
            .to_string();
        assert!(
            boards
                .iter()
                .all(|board| error.contains(&format!("{} ({})", board.name, board.id))),
            "{error}"
        );
    }

    #[test]
    fn a_board_named_like_the_id_of_another_does_not_get_its_commands() {
        let boards = [named("sb-1", "sb-2"), named("sb-2", "Lamp")];
        assert_eq!(found("sb-2", &boards), Some((1, Fit::Id)));
    }

    #[test]
    fn an_emoji_does_not_match_another_emoji() {
        let boards = [named("a", "💡"), named("b", "Lamp 🚀")];
        for typed in ["🚀", "", " ", "!", "Lamp 💡"] {
            assert!(
                matches!(find(typed, &boards), Err(NotFound::NoMatch { .. })),
                "{typed:?}"
            );
        }
        assert_eq!(found("💡", &boards), Some((0, Fit::Name)));
        let alike = [named("a", "Lamp 💡"), named("b", "Lamp 🚀")];
        let error = find("lamp", &alike)
            .expect_err("it is ambiguous")
            .to_string();
        assert_eq!(
            error,
            "\"lamp\" is ambiguous: Lamp 💡 (a), Lamp 🚀 (b); use the id"
        );
    }

    #[test]
    fn boards_with_the_same_id_are_distinguished_by_address() {
        let boards = [
            Named {
                address: "10.0.0.1:80",
                ..named("a", "Lamp")
            },
            Named {
                address: "10.0.0.2:80",
                ..named("a", "Lamp")
            },
        ];
        for typed in ["a", "Lamp"] {
            let error = find(typed, &boards).expect_err("two").to_string();
            assert!(
                error.ends_with(
                    "Lamp (a, at 10.0.0.1:80), Lamp (a, at 10.0.0.2:80); use the address"
                ),
                "{error}"
            );
        }
    }

    #[test]
    fn a_typo_is_answered_with_the_most_similar_names() {
        let error = find("desk-lmap", &BOARDS).expect_err("no such board");
        assert_eq!(
            error.to_string(),
            "no board \"desk-lmap\"; available: Desk lamp (lamp-9f3a)"
        );
    }
}
