//! A board's log: its lines, their levels, and why the board started.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Epoch, Quoted};

/// The severity of a line, most severe first, as in syslog (RFC 5424, section
/// 6.2.1) and in Rust's `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is wrong, and the board continues.
    Warn,
    /// An occasional event: a controller connected, an address was assigned.
    Info,
    /// Every command. Unknown levels of newer boards map to it.
    Debug,
}

impl Level {
    /// All levels, most severe first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word is not a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown level {}; expected error, warn, info or debug", Quoted(.0))]
pub struct LevelError(pub String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| LevelError(text.to_owned()))
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Level {
    /// An unknown level counts as the least severe.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?
            .parse()
            .unwrap_or(Self::Debug))
    }
}

/// The requested lines: on the wire a level, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFilter {
    /// No lines.
    Off,
    /// Lines of this level and more severe ones.
    UpTo(Level),
}

impl Default for LogFilter {
    fn default() -> Self {
        Self::UpTo(Level::Info)
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.pad("off"),
            Self::UpTo(level) => level.fmt(f),
        }
    }
}

impl FromStr for LogFilter {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        if text == "off" {
            Ok(Self::Off)
        } else {
            text.parse().map(Self::UpTo)
        }
    }
}

impl Serialize for LogFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LogFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, in milliseconds since boot.
    pub uptime_ms: u64,
    /// Its severity.
    pub level: Level,
    /// For people: one line of at most [`crate::limits::LOG_LINE`] bytes.
    pub message: String,
}

impl fmt::Display for LogLine {
    /// As in `/log`: `86401.123 warn  controller 3 reads too slowly`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            uptime_ms,
            level,
            message,
        } = self;
        write!(
            f,
            "{}.{:03} {level:5} {message}",
            uptime_ms / 1_000,
            uptime_ms % 1_000
        )
    }
}

/// Lines of the log: the `params` of `NotifyLog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyLog {
    /// Identifies the run from boot to reset.
    pub epoch: Epoch,
    /// When the message was written, in milliseconds since boot.
    pub uptime_ms: u64,
    /// Number of lines, of any level, that the board discarded before these
    /// because the client read too slowly.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Oldest first.
    pub lines: Vec<LogLine>,
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Why a board started. The words follow ESP-IDF's `esp_reset_reason_t`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ResetReason {
    /// It was powered on.
    PowerOn,
    /// Its reset pin was pulled.
    External,
    /// It restarted itself: on request, or with a new image.
    Software,
    /// Its program panicked.
    Panic,
    /// Its program hung, and a watchdog reset it.
    Watchdog,
    /// The supply voltage fell too low.
    Brownout,
    /// It woke from deep sleep.
    DeepSleep,
    /// The host on its USB port reset it.
    Usb,
    /// Unknown, or another reason, in the board's own word.
    Unknown(String),
}

impl FromStr for ResetReason {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "power_on" => Self::PowerOn,
            "external" => Self::External,
            "software" => Self::Software,
            "panic" => Self::Panic,
            "watchdog" => Self::Watchdog,
            "brownout" => Self::Brownout,
            "deep_sleep" => Self::DeepSleep,
            "usb" => Self::Usb,
            other => Self::Unknown(other.to_owned()),
        })
    }
}

impl fmt::Display for ResetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PowerOn => "power_on",
            Self::External => "external",
            Self::Software => "software",
            Self::Panic => "panic",
            Self::Watchdog => "watchdog",
            Self::Brownout => "brownout",
            Self::DeepSleep => "deep_sleep",
            Self::Usb => "usb",
            Self::Unknown(word) => word,
        })
    }
}

impl Serialize for ResetReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for ResetReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(reason) = String::deserialize(deserializer)?.parse();
        Ok(reason)
    }
}

/// Formats `text` as one log line: without control characters, at most
/// [`crate::limits::LOG_LINE`] bytes.
pub fn log_message(text: &fmt::Arguments<'_>) -> String {
    let mut line: String = format!("{text}")
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if line.len() > crate::limits::LOG_LINE {
        const CUT: char = '…';
        let mut end = crate::limits::LOG_LINE - CUT.len_utf8();
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push(CUT);
    }
    line
}
