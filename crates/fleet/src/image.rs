//! Where a firmware image is.

use std::path::PathBuf;

/// The source of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// A file.
    File(PathBuf),
    /// The image itself.
    Bytes(Vec<u8>),
}

impl ImageSource {
    /// The largest image, in bytes: the whole flash of the largest ESP32
    /// module. A wrong path must not fill the memory.
    pub const LARGEST: u64 = 32 << 20;

    /// Reads it, which may take as long as a disk needs to wake up.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or is larger than
    /// [`ImageSource::LARGEST`]; as a message.
    pub fn read(self) -> Result<Vec<u8>, String> {
        let bytes = match self {
            Self::Bytes(bytes) => Some(bytes).filter(|bytes| bytes.len() as u64 <= Self::LARGEST),
            Self::File(path) => files::read_at_most(&path, Self::LARGEST)
                .map_err(|error| format!("{}: {error}", path.display()))?,
        };
        match bytes {
            None => Err(format!(
                "the file is larger than {} MiB, the largest image",
                Self::LARGEST >> 20
            )),
            Some(bytes) if bytes.is_empty() => Err("the file is empty".to_owned()),
            Some(bytes) => Ok(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_missing_empty_or_endless_file_is_refused_with_a_message() {
        let refusal = |path: &str| ImageSource::File(path.into()).read().expect_err(path);
        assert!(refusal("/nowhere/at/all.bin").starts_with("/nowhere/at/all.bin: "));
        assert!(ImageSource::Bytes(Vec::new()).read().is_err());
        let longest = usize::try_from(ImageSource::LARGEST).expect("it fits");
        assert!(ImageSource::Bytes(vec![0; longest]).read().is_ok());
        assert!(ImageSource::Bytes(vec![0; longest + 1]).read().is_err());
        if cfg!(target_os = "linux") {
            assert!(refusal("/dev/zero").contains("32 MiB"));
        }
    }
}
