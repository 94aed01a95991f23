//! Signing, and the text of key files. Reads and writes no file: the caller
//! knows where keys may be stored.

use alloc::{format, string::String, vec::Vec};
use core::{fmt, ops::Range};

use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

use crate::{
    PublicKey, Target, Trailer, hex,
    requirement::TRAILER,
    trailer::{self, is_name, is_version},
};

/// The word before the secret in a key file.
const WORD: &str = "switchboard-signing-key-1";

/// A private key for signing images.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

/// A text is not the content of a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is a public key, which verifies signatures but makes none.
    #[error(
        "this is a public key; signing needs the private key, which `switchboard sign --new-key` \
         wrote"
    )]
    Public,
    /// It is anything else.
    #[error("this is no signing key; `switchboard sign --new-key FILE` makes one")]
    NoKey,
}

/// Why an image cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The chip or the board.
    #[error("a chip has 1 to 16 and a board 1 to 32 lowercase letters, digits and hyphens")]
    Name,
    /// The version.
    #[error("a version has 1 to 32 bytes and no control characters")]
    Version,
    /// The image has no bytes, or 4 GiB.
    #[error("the image is empty or too large")]
    Size,
    /// The image has a trailer already.
    #[error("the image is signed already: sign the image as it was built")]
    Signed,
}

impl SigningKey {
    /// A key from 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The key in the text of a key file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(KeyFileError::NoKey);
        };
        let seed = line
            .strip_prefix(WORD)
            .and_then(|digits| hex::bytes(digits.trim().as_bytes()));
        match seed {
            Some(seed) => Ok(Self::from_seed(&seed)),
            None if PublicKey::parse(text).is_some() => Err(KeyFileError::Public),
            None => Err(KeyFileError::NoKey),
        }
    }

    /// The text of its key file. It contains the secret.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# The private key {} of Switchboard firmware. Anyone who has this file can\n\
             # sign firmware for your boards: keep it secret, and keep a copy.\n{WORD} ",
            self.public().id()
        );
        for byte in self.0.as_bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        text
    }

    /// The text of the file of its public half.
    pub fn public_text(&self) -> String {
        let key = self.public();
        format!(
            "# The public key {} of Switchboard firmware. Boards whose firmware was built\n\
             # with it accept images that are signed with the private key.\n{key}\n",
            key.id()
        )
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
}

/// An image with its trailer.
///
/// # Errors
/// [`SignError`].
pub fn sign(
    image: &[u8],
    target: Target<'_>,
    version: &str,
    key: &SigningKey,
) -> Result<Vec<u8>, SignError> {
    let names = [target.chip, target.board];
    if !names.iter().all(|name| is_name(name.as_bytes())) {
        return Err(SignError::Name);
    }
    if !is_version(version.as_bytes()) {
        return Err(SignError::Version);
    }
    if Trailer::is_marked(image) {
        return Err(SignError::Signed);
    }
    let length = u32::try_from(image.len())
        .ok()
        .filter(|length| *length > 0 && length.checked_add(TRAILER).is_some())
        .ok_or(SignError::Size)?;
    let mut bytes = [0; Trailer::LEN];
    let id = key.public().id().0;
    put(&mut bytes, 0..8, trailer::MAGIC);
    put(&mut bytes, trailer::LENGTH, &length.to_le_bytes());
    put(&mut bytes, trailer::KEY_ID, &id);
    put(&mut bytes, trailer::CHIP, target.chip.as_bytes()).ok_or(SignError::Name)?;
    put(&mut bytes, trailer::BOARD, target.board.as_bytes()).ok_or(SignError::Name)?;
    put(&mut bytes, trailer::VERSION, version.as_bytes()).ok_or(SignError::Version)?;
    let message = trailer::signed(&Sha256::digest(image).into(), &bytes);
    let signature = key.0.sign(&message).to_bytes();
    put(&mut bytes, trailer::HEAD..Trailer::LEN, &signature);
    let mut file = Vec::with_capacity(image.len() + Trailer::LEN);
    file.extend_from_slice(image);
    file.extend_from_slice(Trailer::of(bytes).as_bytes());
    Ok(file)
}

/// Writes a value into its field; `None` if it is too long for it.
fn put(bytes: &mut [u8], range: Range<usize>, value: &[u8]) -> Option<()> {
    bytes
        .get_mut(range)?
        .get_mut(..value.len())?
        .copy_from_slice(value);
    Some(())
}
