//! What a client of many boards has seen, as one process reports it to another.

use std::{fmt, str::FromStr};

/// Values that were pushed, and what was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Components that changed.
    pub(crate) values: u64,
    /// Times that the whole state was read again because a push was missed.
    pub(crate) resyncs: u64,
    /// Events that were dropped because they were not drained in time.
    pub(crate) lost: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.values, self.resyncs, self.lost)
    }
}

impl FromStr for Counts {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            Ok([values, resyncs, lost]) => Ok(Self {
                values: *values,
                resyncs: *resyncs,
                lost: *lost,
            }),
            _ => Err(format!("{line:?} is not three numbers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_were_written() {
        let counts = Counts {
            values: 3,
            resyncs: 1,
            lost: 0,
        };
        assert_eq!(counts.to_string().parse(), Ok(counts));
        assert!("3 1".parse::<Counts>().is_err());
    }
}
