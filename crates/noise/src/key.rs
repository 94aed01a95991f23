//! Keys: 32 random bytes with an identifier and a role, and their text form.

use alloc::{borrow::ToOwned, format, string::String};
use core::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{BoardIdError, board_id};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The prefix of a key's text form: a word that can be searched for after a
/// leak, and the version of the form.
const PREFIX: &str = "switchboard-key:1";

/// 32 random bytes that both sides know. Omitted from `Debug`, zeroed when
/// dropped.
#[derive(Clone)]
pub struct Psk(Zeroizing<[u8; 32]>);

impl Psk {
    /// A key of these bytes, which must be from a cryptographic source.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be stored where only their owner can read them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Psk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Psk(..)")
    }
}

impl PartialEq for Psk {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Psk {}

/// Identifies a key on its board: four random bytes, written as eight
/// hexadecimal digits. Not secret: it is sent in plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// That of an ESPHome board's encryption key and of a password, which have
    /// none.
    pub const NONE: Self = Self([0; 4]);
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl FromStr for KeyId {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let digits = text.len() == 8
            && text
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let number = digits.then(|| u32::from_str_radix(text, 16).ok()).flatten();
        number
            .map(|number| Self(number.to_be_bytes()))
            .ok_or(KeyTextError::KeyId)
    }
}

/// The permissions of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, including key management.
    Control,
    /// Read-only: no commands and no changes.
    View,
}

impl Role {
    /// The name on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::View => "view",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        match text {
            "control" => Ok(Self::Control),
            "view" => Ok(Self::View),
            _ => Err(KeyTextError::Role),
        }
    }
}

/// A key with its board, as a controller stores it. Its text form is one line:
/// `switchboard-key:1:BOARD:KID:ROLE:SECRET`, the last in base64url without
/// padding (RFC 4648, section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The board's id.
    pub board: String,
    /// The key's identifier on the board.
    pub kid: KeyId,
    /// Its permissions.
    pub role: Role,
    /// The secret.
    pub psk: Psk,
}

impl Key {
    /// The text form. It contains the secret: not for logs.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.psk.bytes()));
        Zeroizing::new(format!(
            "{PREFIX}:{}:{}:{}:{}",
            self.board,
            self.kid,
            self.role,
            secret.as_str()
        ))
    }
}

/// A text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// It has another prefix or number of parts.
    #[error("a key is one line: {PREFIX}:BOARD:KID:ROLE:SECRET")]
    Form,
    /// The board id is invalid.
    #[error("invalid board in the key: {0}")]
    Board(#[from] BoardIdError),
    /// The identifier is invalid.
    #[error("expected a key identifier of 8 hexadecimal digits in lowercase")]
    KeyId,
    /// The role is invalid.
    #[error("expected control or view as the role")]
    Role,
    /// The secret is invalid.
    #[error("expected a secret of 43 digits of base64url; some are missing, surplus or wrong")]
    Secret,
}

impl FromStr for Key {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let rest = text
            .trim()
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_prefix(':'))
            .ok_or(KeyTextError::Form)?;
        let mut parts = rest.split(':');
        let mut next = || parts.next().ok_or(KeyTextError::Form);
        let (board, kid, role, secret) = (next()?, next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(KeyTextError::Form);
        }
        let board = board_id(board)?;
        let mut bytes = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()) {
            Ok(32) => {}
            Ok(_) | Err(_) => return Err(KeyTextError::Secret),
        }
        Ok(Self {
            board: board.to_owned(),
            kid: kid.parse()?,
            role: role.parse()?,
            psk: Psk::new(*bytes),
        })
    }
}
