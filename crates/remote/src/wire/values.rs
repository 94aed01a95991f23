//! Values that several messages have.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _,
    ser::Error as _,
};
use web_time::{Instant, SystemTime};
use zeroize::Zeroizing;

/// A time on the server's steady scale: microseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Time(pub i64);

impl From<SystemTime> for Time {
    fn from(at: SystemTime) -> Self {
        let micros = |length: Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self(match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => micros(before.duration()).saturating_neg(),
        })
    }
}

impl From<Time> for SystemTime {
    /// The beginning of 1970 for a time that this system cannot represent.
    fn from(Time(micros): Time) -> Self {
        let length = Duration::from_micros(micros.unsigned_abs());
        let at = match micros < 0 {
            true => Self::UNIX_EPOCH.checked_sub(length),
            false => Self::UNIX_EPOCH.checked_add(length),
        };
        at.unwrap_or(Self::UNIX_EPOCH)
    }
}

/// A moment, as its age when the message was written: microseconds, negative in
/// the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ago(pub i64);

impl Ago {
    /// The age of a moment.
    pub fn of(at: Instant, now: Instant) -> Self {
        let micros = |length: Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self(match now.checked_duration_since(at) {
            Some(age) => micros(age),
            None => micros(at.saturating_duration_since(now)).saturating_neg(),
        })
    }

    /// The moment on this computer; the earliest that it can represent for an
    /// earlier one.
    pub fn before(self, now: Instant) -> Instant {
        let mut length = Duration::from_micros(self.0.unsigned_abs());
        if self.0 < 0 {
            return now.checked_add(length).unwrap_or(now);
        }
        // A browser cannot represent what was before its page.
        loop {
            match now.checked_sub(length) {
                Some(at) => return at,
                None => length /= 2,
            }
        }
    }
}

/// What a server knows a window by. It is wiped from memory, and not printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// A value that is defined as JSON, as a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Json<T>(pub T);

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(D::Error::custom)
    }
}
