//! Reads a firmware image before it is sent: its length, its hash and the
//! version that it contains. Runs on a thread of its own.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use link::update::Image;
use protocol::{limits, ota::Digest};
use sha2::{Digest as _, Sha256};

/// The largest file that is accepted: the whole flash of the largest ESP32
/// module. A wrong path must not fill the memory.
const LARGEST: u64 = 32 << 20;

/// The source of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// A file.
    File(PathBuf),
    /// The image itself.
    Bytes(Vec<u8>),
}

impl ImageSource {
    /// Reads the image.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or is longer than any chip's flash;
    /// as a message.
    pub(super) fn read(self) -> Result<Image, String> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::File(path) => {
                read(&path).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        if bytes.is_empty() {
            return Err("the file is empty".to_owned());
        }
        if bytes.len() as u64 > LARGEST {
            return Err(format!(
                "the file is larger than {} MiB, the largest image",
                LARGEST >> 20
            ));
        }
        let sha256 = Digest(Sha256::digest(&bytes).into());
        let version = version(&bytes).filter(|version| {
            (1..=limits::VERSION).contains(&version.len()) && !version.chars().any(char::is_control)
        });
        Ok(Image {
            version: version.map(str::to_owned),
            bytes: Arc::from(bytes),
            sha256,
        })
    }
}

fn read(path: &PathBuf) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Not by its length, because a pipe or a device has none.
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The version that an image contains: for a chip in the description of ESP-IDF
/// and esp-bootloader-esp-idf ("App Image Format", `esp_app_desc_t`), for a
/// virtual board in its second line.
fn version(bytes: &[u8]) -> Option<&str> {
    /// After the image's header of 24 bytes and the first segment's of 8.
    const DESCRIPTION: usize = 32;
    const MAGIC: [u8; 4] = 0xabcd_5432_u32.to_le_bytes();
    if let Some(rest) = bytes.strip_prefix(b"switchboard virtual image\nversion ") {
        let line = rest
            .iter()
            .take(limits::VERSION + 1)
            .position(|byte| *byte == b'\n')?;
        return std::str::from_utf8(rest.get(..line)?).ok();
    }
    let description = bytes
        .get(DESCRIPTION..)
        .filter(|_| bytes.first() == Some(&0xe9))?;
    description.strip_prefix(&MAGIC)?;
    let version = description.get(16..16 + limits::VERSION)?;
    let end = version
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(version.len());
    std::str::from_utf8(version.get(..end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_a_chip(version: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 300];
        bytes[0] = 0xe9;
        bytes[32..36].copy_from_slice(&[0x32, 0x54, 0xcd, 0xab]);
        bytes[48..48 + version.len()].copy_from_slice(version);
        bytes
    }

    #[test]
    fn the_version_is_read_from_a_chip_s_image_and_from_a_virtual_board_s() {
        let version = |bytes: Vec<u8>| ImageSource::Bytes(bytes).read().expect("an image").version;
        assert_eq!(version(of_a_chip(b"0.2.0")).as_deref(), Some("0.2.0"));
        assert_eq!(
            version(of_a_chip(&[b'1'; 32])).as_deref(),
            Some("11111111111111111111111111111111")
        );
        assert_eq!(
            version(b"switchboard virtual image\nversion 0.3.1\n\nrest".to_vec()).as_deref(),
            Some("0.3.1")
        );
    }

    #[test]
    fn an_image_without_a_version_has_none() {
        for bytes in [
            vec![0xe9],
            vec![0; 300],
            of_a_chip(b""),
            of_a_chip(b"\xff\xfe"),
            of_a_chip(b"1\n2"),
            b"PK".to_vec(),
        ] {
            assert_eq!(
                ImageSource::Bytes(bytes).read().expect("an image").version,
                None
            );
        }
    }

    #[test]
    fn a_missing_empty_or_endless_file_is_refused_with_a_message() {
        let refusal = |path: &str| ImageSource::File(path.into()).read().expect_err(path);
        assert!(refusal("/nowhere/at/all.bin").starts_with("/nowhere/at/all.bin: "));
        assert!(ImageSource::Bytes(Vec::new()).read().is_err());
        if cfg!(target_os = "linux") {
            assert!(refusal("/dev/zero").contains("32 MiB"));
        }
    }
}
