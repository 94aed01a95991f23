//! What a client of many boards has seen, as one process reports it to another.

use std::{fmt, str::FromStr};

/// Values that were pushed, and what was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Components that changed.
    pub(crate) values: u64,
    /// Pushes that they were in.
    pub(crate) pushes: u64,
    /// Times that the whole state was read again because a push was missed.
    pub(crate) resyncs: u64,
    /// Events that were dropped because they were not drained in time.
    pub(crate) lost: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            values,
            pushes,
            resyncs,
            lost,
        } = self;
        write!(f, "{values} {pushes} {resyncs} {lost}")
    }
}

impl FromStr for Counts {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let [values, pushes, resyncs, lost] = numbers(line)?;
        Ok(Self {
            values,
            pushes,
            resyncs,
            lost,
        })
    }
}

/// The round trips of commands, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Commands {
    pub(crate) median: f64,
    pub(crate) p99: f64,
    /// Those that were not confirmed.
    pub(crate) failed: u64,
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            p99,
            failed,
        } = self;
        write!(f, "{median} {p99} {failed}")
    }
}

impl FromStr for Commands {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let [median, p99, failed] = numbers::<f64, 3>(line)?;
        Ok(Self {
            median,
            p99,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was written as a small whole number"
            )]
            failed: failed as u64,
        })
    }
}

/// This many numbers.
fn numbers<T: FromStr, const N: usize>(line: &str) -> Result<[T; N], String> {
    let numbers: Result<Vec<T>, _> = line.split_whitespace().map(str::parse).collect();
    numbers
        .ok()
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(|| format!("{line:?} is not {N} numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_were_written() {
        let counts = Counts {
            values: 3,
            pushes: 2,
            resyncs: 1,
            lost: 0,
        };
        assert_eq!(counts.to_string().parse(), Ok(counts));
        assert!("3 1".parse::<Counts>().is_err());
        let commands = Commands {
            median: 210.5,
            p99: 800.0,
            failed: 1,
        };
        assert_eq!(commands.to_string().parse(), Ok(commands));
    }
}
