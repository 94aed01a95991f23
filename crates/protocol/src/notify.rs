//! Notifications of a board: `NotifyStatus` and `NotifyEvent`.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{ComponentKey, Object, Quoted, State, fields::Fields};

/// Identifies one run from boot to reset. Random; eight hexadecimal digits on
/// the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
            u32::from_str_radix(text, 16)
                .ok()
                .filter(|_| digits)
                .map(Self)
                .ok_or_else(|| {
                    format!(
                        "expected an epoch of eight hexadecimal digits; got {}",
                        Quoted(text)
                    )
                })
        })
    }
}

/// Reads something from a text that need not be copied.
fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Text<F>(F);

    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(read))
}

/// Who caused a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// The controller with this number, which `Device.Subscribe` tells each
    /// controller. On the wire `client:N`.
    Client(u32),
    /// A person at the board, or its sensors.
    Physical,
    /// The board itself, after some time.
    Timer,
    /// The start of the board.
    Boot,
    /// A source of a newer board, by its name.
    Unknown(String),
}

impl FromStr for Source {
    type Err = core::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "physical" => Self::Physical,
            "timer" => Self::Timer,
            "boot" => Self::Boot,
            _ => text
                .strip_prefix("client:")
                .filter(|number| number.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|number| number.parse().ok())
                .map_or_else(|| Self::Unknown(text.to_owned()), Self::Client),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(number) => write!(f, "client:{number}"),
            Self::Physical => f.write_str("physical"),
            Self::Timer => f.write_str("timer"),
            Self::Boot => f.write_str("boot"),
            Self::Unknown(name) => f.write_str(name),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            let Ok(source) = text.parse();
            Ok(source)
        })
    }
}

/// State changed: the `params` of `NotifyStatus`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotifyStatus {
    /// Identifies the run. A different one than before means that the board was
    /// reset.
    pub epoch: Epoch,
    /// The last `seq` that was sent to this client. If the client has seen a
    /// different one, it missed something.
    pub prev: u64,
    /// Counts the board's changes; the one up to which this message brings the
    /// receiver.
    pub seq: u64,
    /// Time since boot, in milliseconds.
    pub uptime_ms: u64,
    /// Who caused the change; absent if changes of several causes were
    /// collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The fields that changed, by component.
    #[serde(flatten)]
    pub components: BTreeMap<ComponentKey, State>,
}

impl<'de> Deserialize<'de> for NotifyStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StatusFields)
    }
}

/// Reads a push field by field. `flatten` would read each field twice, and this
/// is the most frequent operation of a program with a thousand boards.
struct StatusFields;

impl<'de> Visitor<'de> for StatusFields {
    type Value = NotifyStatus;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the params of NotifyStatus")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NotifyStatus, A::Error> {
        let (mut epoch, mut prev, mut seq, mut uptime_ms, mut source) =
            (None, None, None, None, None);
        let mut components = BTreeMap::new();
        while let Some(name) = map.next_key()? {
            match name {
                StatusName::Epoch => epoch = Some(map.next_value()?),
                StatusName::Prev => prev = Some(map.next_value()?),
                StatusName::Seq => seq = Some(map.next_value()?),
                StatusName::UptimeMs => uptime_ms = Some(map.next_value()?),
                StatusName::Source => source = map.next_value()?,
                StatusName::Component(key) => {
                    if let Reported(Some(state)) = map.next_value()? {
                        components.insert(key, state);
                    }
                }
                StatusName::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = de::Error::missing_field;
        Ok(NotifyStatus {
            epoch: epoch.ok_or_else(|| missing("epoch"))?,
            prev: prev.ok_or_else(|| missing("prev"))?,
            seq: seq.ok_or_else(|| missing("seq"))?,
            uptime_ms: uptime_ms.ok_or_else(|| missing("uptime_ms"))?,
            source,
            components,
        })
    }
}

/// The name of a field of a push.
enum StatusName {
    Epoch,
    Prev,
    Seq,
    UptimeMs,
    Source,
    Component(ComponentKey),
    /// A field of a newer board.
    Unknown,
}

impl<'de> Deserialize<'de> for StatusName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |name| {
            Ok(match name {
                "epoch" => Self::Epoch,
                "prev" => Self::Prev,
                "seq" => Self::Seq,
                "uptime_ms" => Self::UptimeMs,
                "source" => Self::Source,
                other => other.parse().map_or(Self::Unknown, Self::Component),
            })
        })
    }
}

/// The value under a component's key: its state if it is an object; otherwise
/// it is ignored.
struct Reported(Option<State>);

impl<'de> Deserialize<'de> for Reported {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReportedValue).map(Self)
    }
}

struct ReportedValue;

impl<'de> Visitor<'de> for ReportedValue {
    type Value = Option<State>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Fields::read(map).map(|fields| Some(State(fields)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads the fields that are named like a component and contain an object.
/// Ignores unknown fields of newer boards.
pub(crate) fn components<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<ComponentKey, State>, D::Error> {
    let fields = Object::deserialize(deserializer)?;
    Ok(fields
        .into_iter()
        .filter_map(|(name, value)| match (name.parse(), value) {
            (Ok(key), Value::Object(state)) => Some((key, state.into())),
            _ => None,
        })
        .collect())
}

/// Events occurred: the `params` of `NotifyEvent`. Events have no `seq`; they
/// are never collected or repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotifyEvent {
    /// Identifies the run from boot to reset.
    pub epoch: Epoch,
    /// Time since boot, in milliseconds.
    pub uptime_ms: u64,
    /// Who caused them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// In the order in which they occurred.
    pub events: Vec<Event>,
}

/// One event of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The component that emitted it.
    pub component: ComponentKey,
    /// Its name: `press`, `double_press` or `long_press` of a button.
    pub event: String,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}
