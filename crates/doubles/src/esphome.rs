//! Messages of ESPHome's native API in plain text, as a board writes them. The
//! fields and the numbers of messages are those of `api.proto` of ESPHome,
//! encoded as protobuf.

/// The number of each message.
pub mod id {
    #![expect(missing_docs, reason = "named as in api.proto")]

    pub const HELLO_REQUEST: u64 = 1;
    pub const HELLO_RESPONSE: u64 = 2;
    pub const PING_REQUEST: u64 = 7;
    pub const PING_RESPONSE: u64 = 8;
    pub const DEVICE_INFO_REQUEST: u64 = 9;
    pub const DEVICE_INFO_RESPONSE: u64 = 10;
    pub const LIST_ENTITIES_REQUEST: u64 = 11;
    pub const LIST_SENSOR: u64 = 16;
    pub const LIST_DONE: u64 = 19;
    pub const SUBSCRIBE_STATES_REQUEST: u64 = 20;
    pub const SENSOR_STATE: u64 = 25;
    pub const LOG: u64 = 29;
    pub const LIST_SELECT: u64 = 52;
    pub const SELECT_STATE: u64 = 53;
    pub const LIST_EVENT: u64 = 107;
    pub const EVENT: u64 = 108;
}

/// The fields of a message.
#[derive(Debug, Default, Clone)]
pub struct Message(Vec<u8>);

impl Message {
    /// With a whole number.
    #[must_use]
    pub fn number(mut self, field: u32, value: u64) -> Self {
        write_number(&mut self.0, u64::from(field << 3));
        write_number(&mut self.0, value);
        self
    }

    /// With a text.
    #[must_use]
    pub fn text(mut self, field: u32, text: &str) -> Self {
        write_number(&mut self.0, u64::from((field << 3) | 2));
        write_number(&mut self.0, text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }

    /// With a number of four bytes, which may be the bits of an `f32`.
    #[must_use]
    pub fn fixed(mut self, field: u32, value: u32) -> Self {
        write_number(&mut self.0, u64::from((field << 3) | 5));
        self.0.extend(value.to_le_bytes());
        self
    }

    /// The frame of the message with this number.
    pub fn frame(&self, id: u64) -> Vec<u8> {
        let mut bytes = header(id, self.0.len() as u64);
        bytes.extend(&self.0);
        bytes
    }
}

/// The header of a frame whose message has this length, in bytes.
pub fn header(id: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0];
    write_number(&mut bytes, length);
    write_number(&mut bytes, id);
    bytes
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes the first frame off what was received, and returns the number of its
/// message; `None` while it is not complete.
pub fn take_frame(received: &mut Vec<u8>) -> Option<u64> {
    let mut rest = received.get(1..)?;
    let length = read_number(&mut rest)?;
    let id = read_number(&mut rest)?;
    let rest = rest.get(usize::try_from(length).ok()?..)?;
    let taken = received.len() - rest.len();
    received.drain(..taken);
    Some(id)
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
