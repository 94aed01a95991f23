//! Which part of a site's boards one of several programs is responsible for.

use std::{fmt, str::FromStr};

use fleet::fnv_1a;

/// The most shards of a site.
const MOST: u16 = 256;

/// A part of a site's boards: those whose ids hash to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    number: u16,
    of: u16,
}

impl Default for Shard {
    /// All boards.
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

/// A text is not a [`Shard`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a shard. Accepted: NUMBER/COUNT, for example 2/5, with a count of at most \
     {MOST} and a number from 1 to it"
)]
pub struct ShardError(String);

impl Shard {
    /// Whether it contains the board with this id.
    pub fn contains(self, board: &str) -> bool {
        self.of == 1 || fnv_1a(board.as_bytes()) % u64::from(self.of) == u64::from(self.number - 1)
    }

    /// The number of shards.
    pub fn count(self) -> u16 {
        self.of
    }

    /// As one level of a topic: `2of5`.
    pub fn level(self) -> String {
        format!("{}of{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = || {
            let (number, of) = text.trim().split_once('/')?;
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            (1 <= number && number <= of && of <= MOST).then_some(Self { number, of })
        };
        parsed().ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // The test vectors of draft-eastlake-fnv.
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn each_board_is_in_exactly_one_shard_and_the_shards_are_alike() {
        let shards: Vec<Shard> = (1..=5)
            .map(|number| format!("{number}/5").parse().expect("a shard"))
            .collect();
        let mut counts = [0; 5];
        for board in 0..10_000 {
            let id = format!("sb-{board:06x}");
            let own: Vec<_> = (0..5).filter(|at| shards[*at].contains(&id)).collect();
            assert_eq!(own.len(), 1, "{id}");
            counts[own[0]] += 1;
        }
        assert!(
            counts.iter().all(|count| (1800..2200).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn what_is_not_a_shard_is_refused_with_what_is_accepted() {
        for text in [
            "", "1", "0/5", "6/5", "1/0", "-1/5", "1/300", "a/b", "1/2/3",
        ] {
            let error = text.parse::<Shard>().expect_err(text);
            assert!(error.to_string().contains("2/5"));
        }
        assert_eq!("2/5".parse::<Shard>().expect("a shard").to_string(), "2/5");
        assert!(Shard::default().contains("any"));
    }
}
