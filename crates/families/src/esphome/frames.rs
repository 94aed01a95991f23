//! Frames over a TCP stream that is divided anywhere, in plain text and with
//! Noise: `docs/guide/esphome.md` has their layout.

use noise::{
    Psk,
    suite::{End, handshake},
};
use snow::{HandshakeState, TransportState};

use crate::{
    Family, Problem,
    announced::{board_id, mac},
};

use super::wire;

/// The longest frame, in bytes: what a Noise frame can be, and what
/// aioesphomeapi accepts in plain text.
pub(super) const LONGEST: usize = 65_535;

/// The longest varint of a header, in bytes: 32 bits.
const LONGEST_VARINT: usize = 5;

/// What a frame begins with in plain text.
const PLAIN: u8 = 0;

/// What a frame begins with under Noise.
const NOISE: u8 = 1;

/// What a board's hello begins with: the only encryption that is defined.
const NNPSK0: u8 = 1;

/// The handshake is bound to this: a name, and the length of the client's
/// hello, which is empty.
const PROLOGUE: &[u8] = b"NoiseAPIInit\0\0";

/// Type and length in front of an encrypted message, in bytes.
const INNER_HEADER: usize = 4;

/// What authenticates an encrypted message, in bytes.
const TAG: usize = 16;

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The board's hello under Noise, which is not authenticated.
    Hello(ServerHello),
    /// The Noise handshake is finished: messages can be sent.
    Secured,
    /// A message.
    Message {
        /// Its number: [`super::messages`].
        message: u32,
        /// Its fields.
        payload: Vec<u8>,
    },
}

/// What a board says of itself before the handshake; empty if its firmware is
/// older than 2022.2 (name) or 2025.4 (hardware address).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) name: String,
    /// 12 hexadecimal digits.
    pub(super) mac: String,
}

impl ServerHello {
    /// The id of the board, if it says its hardware address.
    pub(super) fn id(&self) -> Option<String> {
        mac(&self.mac).map(|mac| board_id(Family::Esphome, &mac))
    }
}

/// The frames of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    layer: Layer,
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    read: usize,
}

#[derive(Debug)]
enum Layer {
    Plain { any: bool },
    Hello(Box<HandshakeState>),
    Handshake(Box<HandshakeState>),
    Secured(Box<TransportState>),
    Failed,
}

fn not_a_board(what: impl Into<String>) -> Problem {
    Problem::NotABoard(what.into())
}

impl Frames {
    /// Frames in plain text.
    pub(super) fn plain() -> Self {
        Self::over(Layer::Plain { any: false })
    }

    /// Frames under Noise, and the bytes to begin with: an empty hello, and the
    /// first message of the handshake. `ephemeral` is 32 new bytes from a
    /// cryptographic source.
    ///
    /// # Errors
    /// [`Problem::NotABoard`] if snow rejects its parameters, which are fixed.
    pub(super) fn noise(psk: &Psk, ephemeral: [u8; 32]) -> Result<(Self, Vec<u8>), Problem> {
        let failed = || not_a_board("the handshake could not begin");
        let mut state =
            handshake(End::Controller, Some(psk), PROLOGUE, ephemeral).map_err(|_| failed())?;
        let mut message = [0; 64];
        let length = state
            .write_message(&[], &mut message)
            .map_err(|_| failed())?;
        let message = message.get(..length).ok_or_else(failed)?;
        let mut bytes = vec![NOISE, 0, 0];
        noise_frame(&mut bytes, &[&[0], message].concat());
        Ok((Self::over(Layer::Hello(Box::new(state))), bytes))
    }

    const fn over(layer: Layer) -> Self {
        Self {
            layer,
            buffer: Vec::new(),
            read: 0,
        }
    }

    /// Bytes arrived. Read the frames with [`Self::next`] until it returns
    /// `None`: what is kept then is less than one frame.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read.min(self.buffer.len()));
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame; `None` if it is incomplete.
    ///
    /// # Errors
    /// The connection must be closed then.
    pub(super) fn next(&mut self) -> Result<Option<Step>, Problem> {
        let unread = self.buffer.get(self.read..).unwrap_or_default();
        let Some(first) = unread.first() else {
            return Ok(None);
        };
        let taken = match &mut self.layer {
            Layer::Failed => return Ok(None),
            Layer::Plain { any } => match *first {
                PLAIN => plain_frame(unread).inspect(|taken| *any |= taken.is_some()),
                NOISE if !*any => Err(Problem::CredentialNeeded),
                other => Err(begins_with(other)),
            },
            Layer::Hello(_) if *first == PLAIN => Err(Problem::NotProtected),
            Layer::Hello(_) | Layer::Handshake(_) | Layer::Secured(_) => match *first {
                NOISE => Ok(encrypted_frame(unread)),
                other => Err(begins_with(other)),
            },
        };
        let step = taken.and_then(|taken| {
            let Some((frame, length)) = taken else {
                return Ok(None);
            };
            self.read += length;
            self.layer.take(frame).map(Some)
        });
        if step.is_err() {
            self.layer = Layer::Failed;
        }
        step
    }

    /// The bytes of a message; `None` before the handshake is finished, and for
    /// a message that is too long.
    pub(super) fn message(&mut self, message: u32, payload: &[u8]) -> Option<Vec<u8>> {
        match &mut self.layer {
            Layer::Plain { .. } if payload.len() <= LONGEST => {
                let mut bytes = vec![PLAIN];
                wire::write_varint(&mut bytes, payload.len() as u64);
                wire::write_varint(&mut bytes, message.into());
                bytes.extend_from_slice(payload);
                Some(bytes)
            }
            Layer::Secured(state) => seal(state, message, payload),
            Layer::Plain { .. } | Layer::Hello(_) | Layer::Handshake(_) | Layer::Failed => None,
        }
    }
}

/// A frame's content before it is decrypted.
enum Frame {
    Plain { message: u32, payload: Vec<u8> },
    Noise(Vec<u8>),
}

impl Layer {
    fn take(&mut self, frame: Frame) -> Result<Step, Problem> {
        let content = match frame {
            Frame::Plain { message, payload } => return Ok(Step::Message { message, payload }),
            Frame::Noise(content) => content,
        };
        match std::mem::replace(self, Self::Failed) {
            Self::Hello(state) => {
                let hello = server_hello(&content)?;
                *self = Self::Handshake(state);
                Ok(Step::Hello(hello))
            }
            Self::Handshake(state) => {
                *self = Self::Secured(Box::new(finish(*state, &content)?));
                Ok(Step::Secured)
            }
            Self::Secured(mut state) => {
                let step = open(&mut state, &content)?;
                *self = Self::Secured(state);
                Ok(step)
            }
            Self::Plain { .. } | Self::Failed => Err(not_a_board("an unexpected frame")),
        }
    }
}

fn begins_with(byte: u8) -> Problem {
    not_a_board(format!(
        "a frame begins with {byte:#04x}, which ESPHome's native API does not have"
    ))
}

/// A frame in plain text and its length, if it is complete.
fn plain_frame(bytes: &[u8]) -> Result<Option<(Frame, usize)>, Problem> {
    let mut rest = bytes.get(1..).unwrap_or_default();
    let Some(length) = header_varint(&mut rest)? else {
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(not_a_board(format!(
            "a frame of {length} bytes; at most {LONGEST} are accepted"
        )));
    }
    let Some(message) = header_varint(&mut rest)? else {
        return Ok(None);
    };
    let Some(payload) = rest.get(..length) else {
        return Ok(None);
    };
    let frame = Frame::Plain {
        message,
        payload: payload.to_vec(),
    };
    let header = bytes.len() - rest.len();
    Ok(Some((frame, header + length)))
}

/// A varint of a header.
fn header_varint(bytes: &mut &[u8]) -> Result<Option<u32>, Problem> {
    let endless = bytes.len() >= LONGEST_VARINT
        && bytes
            .iter()
            .take(LONGEST_VARINT)
            .all(|byte| byte & 0x80 != 0);
    let number = wire::varint(bytes).ok().filter(|_| !endless);
    match number.map(|number| number.map(u32::try_from)) {
        Some(None) => Ok(None),
        Some(Some(Ok(number))) => Ok(Some(number)),
        Some(Some(Err(_))) | None => Err(not_a_board(
            "the header of a frame has a number of more than 32 bits",
        )),
    }
}

/// A frame under Noise and its length, if it is complete.
fn encrypted_frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (header, rest) = bytes.split_first_chunk::<3>()?;
    let [_, high, low] = *header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let content = rest.get(..length)?;
    Some((Frame::Noise(content.to_vec()), header.len() + length))
}

fn noise_frame(bytes: &mut Vec<u8>, content: &[u8]) {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    bytes.push(NOISE);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content);
}

fn server_hello(content: &[u8]) -> Result<ServerHello, Problem> {
    let Some((&NNPSK0, texts)) = content.split_first() else {
        return Err(not_a_board(
            "it selects an encryption that is not the one of ESPHome",
        ));
    };
    let mut texts = texts
        .split_inclusive(|byte| *byte == 0)
        .filter_map(|text| text.strip_suffix(&[0]))
        .map(|text| String::from_utf8_lossy(text).into_owned());
    Ok(ServerHello {
        name: texts.next().unwrap_or_default(),
        mac: texts.next().unwrap_or_default(),
    })
}

fn finish(mut state: HandshakeState, content: &[u8]) -> Result<TransportState, Problem> {
    match content.split_first() {
        Some((0, message)) => {
            let mut payload = vec![0; message.len()];
            // The board's answer proves that it has the same key.
            state
                .read_message(message, &mut payload)
                .and_then(|_| state.into_transport_mode())
                .map_err(|_| Problem::WrongCredential)
        }
        Some((_, b"Handshake MAC failure")) => Err(Problem::WrongCredential),
        Some((_, reason)) => {
            let reason = sanitize::bounds::name(&String::from_utf8_lossy(reason));
            Err(not_a_board(format!("it refuses the encryption: {reason}")))
        }
        None => Err(not_a_board("its answer to the handshake is empty")),
    }
}

fn open(state: &mut TransportState, content: &[u8]) -> Result<Step, Problem> {
    let mut clear = vec![0; content.len()];
    let length = state
        .read_message(content, &mut clear)
        .map_err(|_| not_a_board("a message was altered in transit"))?;
    clear.truncate(length);
    let header = clear.split_first_chunk::<INNER_HEADER>();
    let Some((&[a, b, c, d], payload)) = header else {
        return Err(not_a_board("an encrypted message is too short"));
    };
    let length = usize::from(u16::from_be_bytes([c, d]));
    let payload = payload
        .get(..length)
        .ok_or_else(|| not_a_board("an encrypted message is shorter than it says"))?;
    Ok(Step::Message {
        message: u16::from_be_bytes([a, b]).into(),
        payload: payload.to_vec(),
    })
}

fn seal(state: &mut TransportState, message: u32, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len()).ok()?.to_be_bytes();
    let message = u16::try_from(message).ok()?.to_be_bytes();
    let clear = [&message, &length, payload].concat();
    if clear.len() + TAG > LONGEST {
        return None;
    }
    let mut content = vec![0; clear.len() + TAG];
    let written = state.write_message(&clear, &mut content).ok()?;
    content.truncate(written);
    let mut bytes = Vec::with_capacity(content.len() + 3);
    noise_frame(&mut bytes, &content);
    Some(bytes)
}
