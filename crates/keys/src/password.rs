//! Passwords of boards, which other families have in place of keys.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{BoardIdError, board_id};
use zeroize::Zeroizing;

/// The prefix of a password's text form: a word that can be searched for after
/// a leak, and the version of the form.
pub(crate) const PREFIX: &str = "switchboard-password:1";

/// The longest password, in bytes of UTF-8.
const LONGEST: usize = 256;

/// The password of a board. Omitted from `Debug`, zeroed when dropped. Its text
/// form is one line: `switchboard-password:1:BOARD:SECRET`, the last in
/// base64url without padding (RFC 4648, section 5).
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// The board's id.
    pub board: String,
    /// The password, 1 to 256 bytes.
    pub secret: Zeroizing<String>,
}

/// A text is not a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordTextError {
    /// It has another prefix or number of parts.
    #[error("a password is one line: {PREFIX}:BOARD:SECRET")]
    Form,
    /// The board id is invalid.
    #[error("invalid board in the password: {0}")]
    Board(#[from] BoardIdError),
    /// The secret is invalid.
    #[error("expected a secret in base64url, of 1 to {LONGEST} bytes of UTF-8")]
    Secret,
}

impl Password {
    /// A password of this board.
    ///
    /// # Errors
    /// If the id is invalid, or the password is empty or longer than 256 bytes.
    pub fn new(board: &str, secret: &str) -> Result<Self, PasswordTextError> {
        if secret.is_empty() || secret.len() > LONGEST {
            return Err(PasswordTextError::Secret);
        }
        Ok(Self {
            board: board_id(board)?.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
        })
    }

    /// The text form. It contains the secret: not for logs.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_bytes()));
        Zeroizing::new(format!("{PREFIX}:{}:{}", self.board, secret.as_str()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Password({}, ..)", self.board)
    }
}

impl FromStr for Password {
    type Err = PasswordTextError;

    fn from_str(text: &str) -> Result<Self, PasswordTextError> {
        let (board, secret) = text
            .trim()
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_prefix(':'))
            .and_then(|rest| rest.split_once(':'))
            .ok_or(PasswordTextError::Form)?;
        let secret = URL_SAFE_NO_PAD
            .decode(secret)
            .ok()
            .map(Zeroizing::new)
            .and_then(|bytes| Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned())))
            .ok_or(PasswordTextError::Secret)?;
        Self::new(board, &secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_round_trips_as_text_and_is_not_shown() {
        let password = Password::new("shellyplus1-a8032abcdef0", "geh\u{e4}im:1").expect("valid");
        assert_eq!(password.to_text().parse(), Ok(password.clone()));
        assert!(!format!("{password:?}").contains("im:1"));
        assert_eq!(
            Password::new("lamp-1", ""),
            Err(PasswordTextError::Secret),
            "it is empty"
        );
    }
}
