//! Protocol Buffers' wire format, as far as ESPHome uses it: fields of varints,
//! fixed 32 bits and bytes
//! (<https://protobuf.dev/programming-guides/encoding/>). Unknown fields are
//! skipped.

/// Bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// It ends within a field.
    #[error("it ends within a field")]
    Cut,
    /// A varint of more than 64 bits.
    #[error("it has a number of more than 64 bits")]
    LongNumber,
    /// A wire type that does not exist, or one of the groups, which proto3
    /// lacks.
    #[error("it has a field of wire type {0}")]
    WireType(u8),
}

/// The longest varint, in bytes: 64 bits at 7 bits each.
const LONGEST_VARINT: usize = 10;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// Takes a varint from the front; `None` if more bytes are needed.
///
/// # Errors
/// [`Malformed::LongNumber`].
pub(super) fn varint(bytes: &mut &[u8]) -> Result<Option<u64>, Malformed> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(LONGEST_VARINT).enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * at;
        if part.leading_zeros() < u32::try_from(shift).unwrap_or(u32::MAX) {
            return Err(Malformed::LongNumber);
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            *bytes = bytes.get(at + 1..).unwrap_or_default();
            return Ok(Some(number));
        }
    }
    if bytes.len() >= LONGEST_VARINT {
        return Err(Malformed::LongNumber);
    }
    Ok(None)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed::Cut)?;
    *bytes = rest;
    Ok(taken)
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let taken = take(bytes, N)?;
    taken.try_into().map_err(|_| Malformed::Cut)
}

/// Takes a field from the front; `None` at the end.
fn field<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u64, Value<'a>)>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let tag = varint(bytes)?.ok_or(Malformed::Cut)?;
    let value = match tag & 7 {
        0 => Value::Varint(varint(bytes)?.ok_or(Malformed::Cut)?),
        1 => Value::Fixed64(u64::from_le_bytes(take_array(bytes)?)),
        2 => {
            let length = varint(bytes)?.ok_or(Malformed::Cut)?;
            let length = usize::try_from(length).map_err(|_| Malformed::Cut)?;
            Value::Bytes(take(bytes, length)?)
        }
        5 => Value::Fixed32(u32::from_le_bytes(take_array(bytes)?)),
        other => return Err(Malformed::WireType(u8::try_from(other).unwrap_or(u8::MAX))),
    };
    Ok(Some((tag >> 3, value)))
}

/// The fields of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Reads a message once, so that later reads cannot fail.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        while field(&mut rest)?.is_some() {}
        Ok(Self(bytes))
    }

    /// All fields, in their order.
    pub(super) fn iter(self) -> impl Iterator<Item = (u64, Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || field(&mut rest).ok().flatten())
    }

    /// The values of a field.
    fn all(self, number: u32) -> impl Iterator<Item = Value<'a>> {
        self.iter()
            .filter(move |(found, _)| *found == u64::from(number))
            .map(|(_, value)| value)
    }

    /// A varint; 0 if the field is absent, as proto3 has it. The last value
    /// counts.
    pub(super) fn number(self, number: u32) -> u64 {
        let of = |value| match value {
            Value::Varint(number) => Some(number),
            _ => None,
        };
        self.all(number).filter_map(of).last().unwrap_or(0)
    }

    /// An `int32` of a field: negative numbers are written as 64 bits.
    pub(super) fn signed(self, number: u32) -> i64 {
        self.number(number).cast_signed()
    }

    /// A `bool`.
    pub(super) fn flag(self, number: u32) -> bool {
        self.number(number) != 0
    }

    /// A `fixed32`.
    pub(super) fn fixed(self, number: u32) -> u32 {
        let of = |value| match value {
            Value::Fixed32(number) => Some(number),
            _ => None,
        };
        self.all(number).filter_map(of).last().unwrap_or(0)
    }

    /// A `float`.
    pub(super) fn float(self, number: u32) -> f32 {
        f32::from_bits(self.fixed(number))
    }

    /// Every value of bytes: repeated texts or messages.
    pub(super) fn bytes(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.all(number).filter_map(|value| match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// A `string`, with replacements for what is not UTF-8; empty if absent.
    pub(super) fn text(self, number: u32) -> String {
        let bytes = self.bytes(number).last().unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// A repeated `string`, at most `most` of them.
    pub(super) fn texts(self, number: u32, most: usize) -> Vec<String> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        self.bytes(number).take(most).map(text).collect()
    }

    /// Repeated varints, packed or not, at most `most` of them.
    pub(super) fn numbers(self, number: u32, most: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        for value in self.all(number) {
            match value {
                Value::Varint(number) => numbers.push(number),
                Value::Bytes(mut packed) => {
                    while numbers.len() < most
                        && let Ok(Some(number)) = varint(&mut packed)
                    {
                        numbers.push(number);
                    }
                }
                Value::Fixed32(_) | Value::Fixed64(_) => {}
            }
            if numbers.len() >= most {
                break;
            }
        }
        numbers
    }
}

/// A message that is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Without fields.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, number: u32, wire_type: u64) {
        write_varint(&mut self.0, u64::from(number) << 3 | wire_type);
    }

    /// Adds a varint.
    #[must_use]
    pub(super) fn number(mut self, number: u32, value: u64) -> Self {
        self.tag(number, 0);
        write_varint(&mut self.0, value);
        self
    }

    /// Adds a `bool`.
    #[must_use]
    pub(super) fn flag(self, number: u32, value: bool) -> Self {
        self.number(number, u64::from(value))
    }

    /// Adds a `fixed32`.
    #[must_use]
    pub(super) fn fixed(mut self, number: u32, value: u32) -> Self {
        self.tag(number, 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Adds a `float`.
    #[must_use]
    pub(super) fn float(self, number: u32, value: f32) -> Self {
        self.fixed(number, value.to_bits())
    }

    /// Adds bytes or a nested message.
    #[must_use]
    pub(super) fn bytes(mut self, number: u32, value: &[u8]) -> Self {
        self.tag(number, 2);
        write_varint(&mut self.0, value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Adds a `string`.
    #[must_use]
    pub(super) fn text(self, number: u32, value: &str) -> Self {
        self.bytes(number, value.as_bytes())
    }
}

/// Appends a varint.
pub(super) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let part = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(part);
            return;
        }
        bytes.push(part | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let bytes = Message::new()
            .number(1, 300)
            .flag(2, true)
            .fixed(3, 0xdead_beef)
            .float(4, 21.5)
            .text(5, "Büro")
            .text(5, "Flur")
            .number(16, u64::MAX)
            .into_bytes();
        let fields = Fields::parse(&bytes).expect("a message");
        assert_eq!(fields.number(1), 300);
        assert!(fields.flag(2));
        assert_eq!(fields.fixed(3), 0xdead_beef);
        assert_eq!(fields.float(4).to_bits(), 21.5_f32.to_bits());
        assert_eq!(fields.text(5), "Flur", "the last one counts");
        assert_eq!(fields.texts(5, 9), ["Büro", "Flur"]);
        assert_eq!(fields.texts(5, 1), ["Büro"]);
        assert_eq!(fields.signed(16), -1);
        assert_eq!((fields.number(99), fields.text(99).as_str()), (0, ""));
        assert_eq!(fields.number(5), 0, "of another wire type");
    }

    #[test]
    fn repeated_numbers_are_packed_or_not() {
        let bytes = Message::new()
            .number(12, 3)
            .bytes(12, &[35, 0xac, 0x02])
            .into_bytes();
        let fields = Fields::parse(&bytes).expect("a message");
        assert_eq!(fields.numbers(12, 9), [3, 35, 300]);
        assert_eq!(fields.numbers(12, 2), [3, 35]);
    }

    #[test]
    fn malformed_messages_are_refused_with_the_reason() {
        for (bytes, reason) in [
            (&[0x08][..], Malformed::Cut),
            (&[0x0a, 5, b'a'], Malformed::Cut),
            (&[0x0d, 1, 2, 3], Malformed::Cut),
            (&[0x09, 1, 2, 3], Malformed::Cut),
            (&[0x80], Malformed::Cut),
            (&[0x0b], Malformed::WireType(3)),
            (&[0x0f], Malformed::WireType(7)),
            (&[0xff; 11], Malformed::LongNumber),
            (
                &[
                    0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
                ],
                Malformed::LongNumber,
            ),
        ] {
            assert_eq!(Fields::parse(bytes).map(|_| ()), Err(reason), "{bytes:?}");
        }
    }
}
