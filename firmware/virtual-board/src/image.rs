//! The format of virtual boards' firmware images. `flash` decides what a board
//! does with one.
//!
//! ```text
//! switchboard virtual image\n
//! version 0.2.0\n
//! never comes up\n            (only if it does not)   
//! \n
//! any bytes
//! the trailer of a signed image (only if it is signed)
//! ```

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use image::{SignError, SigningKey, Target, Trailer};
use protocol::limits;

/// What signed images for virtual boards are made for.
pub const TARGET: Target<'static> = Target {
    chip: "virtual",
    board: "virtual",
};

const MAGIC: &str = "switchboard virtual image\n";
const VERSION: &str = "version ";
const NEVER: &str = "never comes up\n";

/// The longest header, in bytes.
const HEADER: usize = MAGIC.len() + VERSION.len() + limits::VERSION + 1 + NEVER.len() + 1;

/// The contents of an image's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// 1 to 32 bytes of UTF-8 without control characters.
    pub version: String,
    /// Whether it starts. One that does not simulates firmware that crashes
    /// before it has a network.
    pub comes_up: bool,
}

/// Why bytes are no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// They start with something else.
    #[error("an image of a virtual board starts with {:?}; `virtual-board image` writes \
         one", MAGIC.trim_end())]
    Magic,
    /// The second line names no version.
    #[error(
        "the image's second line is `version` and 1 to {} bytes",
        limits::VERSION
    )]
    Version,
    /// The header does not end with an empty line.
    #[error("expected `never comes up` or an empty line after the image's version")]
    Head,
}

impl Image {
    /// An image of this version that comes up.
    ///
    /// # Errors
    /// [`ImageError::Version`] if the version is too short, too long, or
    /// contains control characters.
    pub fn new(version: &str) -> Result<Self, ImageError> {
        let fits = (1..=limits::VERSION).contains(&version.len())
            && !version.chars().any(char::is_control);
        if fits {
            Ok(Self {
                version: version.to_owned(),
                comes_up: true,
            })
        } else {
            Err(ImageError::Version)
        }
    }

    /// Parses an image's header.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let rest = bytes
            .strip_prefix(MAGIC.as_bytes())
            .ok_or(ImageError::Magic)?;
        let rest = rest
            .strip_prefix(VERSION.as_bytes())
            .ok_or(ImageError::Version)?;
        let end = rest
            .iter()
            .take(limits::VERSION + 1)
            .position(|byte| *byte == b'\n')
            .ok_or(ImageError::Version)?;
        let (version, rest) = rest.split_at(end);
        let version = std::str::from_utf8(version).map_err(|_| ImageError::Version)?;
        let rest = rest.get(1..).unwrap_or_default();
        let never = rest.strip_prefix(NEVER.as_bytes());
        if never.unwrap_or(rest).first() != Some(&b'\n') {
            return Err(ImageError::Head);
        }
        Ok(Self {
            comes_up: never.is_none(),
            ..Self::new(version)?
        })
    }

    /// Checks the start of an image that is still being received: `Err` as soon
    /// as it cannot become an image.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn check_beginning(bytes: &[u8]) -> Result<(), ImageError> {
        let magic = bytes.len().min(MAGIC.len());
        if bytes.get(..magic) != MAGIC.as_bytes().get(..magic) {
            return Err(ImageError::Magic);
        }
        if bytes.len() < HEADER {
            Ok(())
        } else {
            Self::read(bytes).map(|_| ())
        }
    }

    /// An image of `size` bytes, signed with the test key; longer if its header
    /// and its trailer are longer together.
    pub fn to_bytes(&self, size: usize) -> Vec<u8> {
        let image = self.unsigned(size.saturating_sub(Trailer::LEN));
        // The test key is a key, and a version of an image fits a trailer.
        let signed = SigningKey::parse(image::TEST_SIGNING_KEY)
            .ok()
            .and_then(|key| image::sign(&image, TARGET, &self.version, &key).ok());
        signed.unwrap_or(image)
    }

    /// An image of `size` bytes without a signature, or its header alone if
    /// that is longer.
    pub fn unsigned(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.to_string().into_bytes();
        // Position-dependent, so that chunks in the wrong order make a
        // different image; the factor is 2^32 divided by the golden ratio.
        let filler = (bytes.len()..size)
            .map(|at| ((at as u64).wrapping_mul(0x9e37_79b1) >> 16).to_le_bytes()[0]);
        bytes.extend(filler);
        bytes
    }

    /// As [`Self::to_bytes`], signed with this key for this target.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn signed(
        &self,
        size: usize,
        target: Target<'_>,
        key: &SigningKey,
    ) -> Result<Vec<u8>, SignError> {
        let image = self.unsigned(size.saturating_sub(Trailer::LEN));
        image::sign(&image, target, &self.version, key)
    }

    /// The image that boards of this version are flashed with. A thousand of
    /// them start at once, so it is signed only once.
    pub(crate) fn first(version: &str) -> Vec<u8> {
        static LAST: Mutex<Option<(String, Vec<u8>)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, image)) = last.as_ref().filter(|(of, _)| of == version) {
            return image.clone();
        }
        let image = Self {
            version: version.to_owned(),
            comes_up: true,
        };
        let image = image.to_bytes(0);
        *last = Some((version.to_owned(), image.clone()));
        image
    }
}

impl fmt::Display for Image {
    /// The header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let never = if self.comes_up { "" } else { NEVER };
        write!(f, "{MAGIC}{VERSION}{}\n{never}\n", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_image_is_read_back() {
        for (version, comes_up) in [("0.2.0", true), ("2026-11 größer", false), ("1", true)] {
            let image = Image {
                version: version.to_owned(),
                comes_up,
            };
            let bytes = image.to_bytes(10_000);
            assert_eq!(bytes.len(), 10_000);
            assert_eq!(Image::read(&bytes), Ok(image.clone()));
            assert_eq!(image.unsigned(10_000).len(), 10_000);
            assert_eq!(Image::read(&image.unsigned(0)), Ok(image.clone()));
            assert_eq!(Image::read(&image.to_bytes(0)), Ok(image.clone()));
            let trailer = Trailer::read(&bytes).expect("a trailer");
            assert_eq!(trailer.version(), image.version);
            assert_eq!(trailer.length(), 10_000 - 164);
            assert!((0..bytes.len()).all(|end| Image::check_beginning(&bytes[..end]).is_ok()));
        }
    }

    #[test]
    fn other_bytes_are_refused_as_early_as_possible() {
        let read = |text: &str| Image::read(text.as_bytes());
        assert_eq!(read(""), Err(ImageError::Magic));
        assert_eq!(read("\u{7f}ELF"), Err(ImageError::Magic));
        assert_eq!(
            read("switchboard virtual image\nv0.2\n\n"),
            Err(ImageError::Version)
        );
        assert_eq!(
            read("switchboard virtual image\nversion \n\n"),
            Err(ImageError::Version)
        );
        assert_eq!(
            read("switchboard virtual image\nversion 1\t2\n\n"),
            Err(ImageError::Version)
        );
        assert_eq!(
            read(&format!(
                "switchboard virtual image\nversion {}\n\n",
                "1".repeat(33)
            )),
            Err(ImageError::Version)
        );
        assert_eq!(
            read("switchboard virtual image\nversion 1\nnever\n\n"),
            Err(ImageError::Head)
        );
        assert_eq!(Image::check_beginning(b"s"), Ok(()));
        assert_eq!(Image::check_beginning(b"\xe9"), Err(ImageError::Magic));
        assert_eq!(
            Image::check_beginning(&[&b"switchboard virtual image\n"[..], &[b'x'; 100]].concat()),
            Err(ImageError::Version)
        );
        assert_eq!(Image::new(""), Err(ImageError::Version));
    }
}
