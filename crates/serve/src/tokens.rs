//! Tokens: where they come from, and which role one gives. A token is a
//! password that people put into a URL.

use std::{
    io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use remote::server::Role;

/// The fewest bytes of a token: everyone on the network may try one.
const LEAST: usize = 16;

/// How many characters a new token has: 5 bits each.
const NEW: usize = 24;

/// What a new token consists of: 32 characters that are not mistaken for each
/// other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The largest file that is read for a token, in bytes.
const LARGEST: u64 = 4_096;

/// The token of a server.
pub type Token = net::token::Token<LEAST>;

/// Why a text is not the token of a server.
pub type TokenError = net::token::TokenError<LEAST>;

/// A new token, from the system's random numbers.
///
/// # Errors
/// If the system has none.
fn random() -> io::Result<Token> {
    let mut random = Zeroizing::new([0_u8; NEW]);
    getrandom::fill(random.as_mut()).map_err(io::Error::other)?;
    let mut text = Zeroizing::new(String::with_capacity(NEW));
    for byte in random.iter() {
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text.parse().map_err(io::Error::other)
}

/// A token that cannot be taken from a file.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The system refuses.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's message.
        source: io::Error,
    },
    /// Other users can read it.
    #[error("other users can access {path}; run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It contains something else.
    #[error("{path}: {source}", path = path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is expected.
        source: TokenError,
    },
}

/// The token in a file, and whether the file was created with a new one, which
/// is readable only by its owner.
///
/// # Errors
/// If the file cannot be read or created, other users can read it, or it
/// contains no token.
pub fn token_file(path: &Path) -> Result<(Token, bool), TokenFileError> {
    let failed = |source| TokenFileError::File {
        path: path.to_owned(),
        source,
    };
    let token = random().map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    files::create_private_folder(folder).map_err(failed)?;
    let line = Zeroizing::new(format!("{}\n", token.text()));
    match files::create_private(path, line.as_bytes()) {
        Ok(()) => return Ok((token, true)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // A secret of systemd or of a container is in a folder that cannot be
        // written.
        Err(_) if path.exists() => {}
        Err(error) => return Err(failed(error)),
    }
    let bytes = files::read_private(path, LARGEST).map_err(failed)?;
    let bytes = Zeroizing::new(bytes.ok_or_else(|| TokenFileError::Exposed {
        path: path.to_owned(),
    })?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let token = text
        .trim()
        .parse()
        .map_err(|source| TokenFileError::Token {
            path: path.to_owned(),
            source,
        })?;
    Ok((token, false))
}

/// Which tokens there are.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Gives the role `control`.
    pub control: Option<Token>,
    /// Gives the role `view`.
    pub view: Option<Token>,
}

impl Access {
    /// Whether no token is needed.
    pub fn is_open(&self) -> bool {
        self.control.is_none() && self.view.is_none()
    }

    /// The role that a token gives; `None` if it is not one of them. Takes as
    /// long for a wrong token as for a right one.
    pub(crate) fn role(&self, given: &str) -> Option<Role> {
        let is = |token: &Option<Token>| token.as_ref().is_some_and(|token| token.is(given));
        let (control, view) = (is(&self.control), is(&self.view));
        match (control, view) {
            (true, _) => Some(Role::Control),
            (false, true) => Some(Role::View),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_token_is_long_and_needs_no_escape_in_a_url() {
        for text in [
            "",
            "fifteen-letters",
            "with space in the token",
            &"x".repeat(129),
            "ümlaute-im-token",
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
        assert!("sixteen-letters.".parse::<Token>().is_ok());
        let debug = format!("{:?}", "sixteen-letters.".parse::<Token>());
        assert_eq!(debug, "Ok(Token(..))");
    }

    #[test]
    fn new_tokens_are_tokens_and_differ() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert!(one.text().parse::<Token>().is_ok());
        assert_eq!(one.text().len(), NEW);
        assert_ne!(one.text(), other.text());
    }

    #[test]
    fn a_token_gives_its_role_and_no_other_text_does() {
        let access = Access {
            control: Some("control-control-control".parse().unwrap()),
            view: Some("view-view-view-view".parse().unwrap()),
        };
        assert_eq!(access.role("control-control-control"), Some(Role::Control));
        assert_eq!(access.role("view-view-view-view"), Some(Role::View));
        for wrong in [
            "",
            "control-control-contro",
            "control-control-controL",
            "view",
        ] {
            assert_eq!(access.role(wrong), None, "{wrong}");
        }
        assert_eq!(Access::default().role(""), None);
    }

    #[test]
    fn a_token_file_is_created_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("token");
        let (token, made) = token_file(&path).unwrap();
        assert!(made);
        let (again, made) = token_file(&path).unwrap();
        assert!(!made);
        assert_eq!(token.text(), again.text());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode));
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
            for exposed in [0o640, 0o604, 0o620] {
                mode(exposed).unwrap();
                assert!(
                    matches!(token_file(&path), Err(TokenFileError::Exposed { .. })),
                    "{exposed:o}"
                );
            }
            mode(0o400).unwrap();
            assert!(token_file(&path).is_ok());
            mode(0o600).unwrap();
        }
        std::fs::write(&path, "short\n").unwrap();
        let error = token_file(&path).unwrap_err().to_string();
        assert!(error.contains("16 to 128"), "{error}");
    }
}
