//! Reads and checks a firmware image.
//!
//! The formats are Espressif's: an [application
//! image](https://docs.espressif.com/projects/esp-idf/en/stable/esp32c3/api-reference/system/app_image_format.html)
//! is what `esptool elf2image` and `espflash save-image` write; a merged image
//! (also called factory image) is the content of the flash from address 0, with
//! boot loader and partition table.

use std::{io, path::Path};

use sha2::{Digest, Sha256};

use super::{Chip, Problem};

/// The largest file that is read. The largest flash that these chips address
/// is 32 MB.
const MOST_BYTES: u64 = 32 << 20;

/// First byte of an image: `ESP_IMAGE_HEADER_MAGIC`.
const MAGIC: u8 = 0xe9;
/// Header and extended header.
const HEADER: usize = 24;
/// Header of a segment: its address and its length.
const SEGMENT: usize = 8;
/// `ESP_IMAGE_MAX_SEGMENTS`.
const MOST_SEGMENTS: u8 = 16;
/// What the checksum begins with: `ESP_ROM_CHECKSUM_INITIAL`.
const CHECKSUM: u8 = 0xef;
/// First word of the application descriptor: `ESP_APP_DESC_MAGIC_WORD`.
const DESCRIPTOR: [u8; 4] = 0xabcd_5432_u32.to_le_bytes();
/// Where the partition table is, and how its entries begin.
const TABLE: (usize, [u8; 2]) = (0x8000, [0xaa, 0x50]);

/// What a file contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An application. Boot loader and partition table are added when it is
    /// written.
    Application,
    /// The content of the flash from address 0, with a boot loader and a
    /// partition table. It is written as it is.
    Merged,
}

/// A firmware image that has been read and checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// What it is.
    pub kind: Kind,
    /// The chip that it is for.
    pub chip: Chip,
    /// The board that it is for, for example `esp32c3-devkitm-1`, if a manifest
    /// says so.
    pub board: Option<String>,
    /// Its name: the manifest's, otherwise that of the application descriptor.
    pub name: Option<String>,
    /// Its version: the manifest's, otherwise that of the application
    /// descriptor.
    pub version: Option<String>,
    /// The oldest revision of the chip that it runs on, as major version times
    /// 100 plus minor version.
    pub oldest_revision: u16,
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("kind", &self.kind)
            .field("chip", &self.chip)
            .field("version", &self.version)
            .field("size", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Image {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not an image, or is damaged.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let file = path.display().to_string();
        let bytes = read(path).map_err(|source| Problem::File {
            file: file.clone(),
            source,
        })?;
        Self::of(&file, bytes)
    }

    /// Reads and checks the content of a file. `file` is its name, for errors.
    ///
    /// # Errors
    /// If it is not an image, or is damaged.
    pub fn of(file: &str, bytes: Vec<u8>) -> Result<Self, Problem> {
        if let Some((chip, oldest_revision)) = merged(&bytes) {
            return Ok(Self {
                kind: Kind::Merged,
                chip,
                board: None,
                name: None,
                version: None,
                oldest_revision,
                bytes,
            });
        }
        let foreign = |why| Problem::NotAnImage {
            file: file.to_owned(),
            why,
        };
        if bytes.first() != Some(&MAGIC) {
            return Err(foreign("it does not begin like an image for an ESP32"));
        }
        let (chip, oldest_revision) =
            header(&bytes).ok_or_else(|| foreign("it is for an unknown chip"))?;
        whole(&bytes).map_err(|why| Problem::Damaged {
            file: file.to_owned(),
            why,
        })?;
        let descriptor = bytes
            .get(HEADER + SEGMENT..)
            .filter(|rest| rest.starts_with(&DESCRIPTOR))
            .ok_or_else(|| foreign("it is not an application: it lacks a descriptor"))?;
        Ok(Self {
            kind: Kind::Application,
            chip,
            board: None,
            // esp_app_desc_t: two words and two reserved ones, then version and
            // name, 32 bytes each.
            name: text(descriptor.get(48..80)),
            version: text(descriptor.get(16..48)),
            oldest_revision,
            bytes,
        })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// The content of a file of at most [`MOST_BYTES`].
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    files::read_at_most(path, MOST_BYTES)?
        .ok_or_else(|| io::Error::other("larger than 32 MB, the largest flash"))
}

/// Chip and oldest revision of a merged image; `None` if it is another file.
fn merged(bytes: &[u8]) -> Option<(Chip, u16)> {
    let (at, begin) = TABLE;
    if !bytes.get(at..)?.starts_with(&begin)
        // An application that happens to have these two bytes there.
        || bytes.get(HEADER + SEGMENT..)?.starts_with(&DESCRIPTOR)
    {
        return None;
    }
    // The boot loader is at 0, 0x1000 or 0x2000, depending on the chip.
    [0, 0x1000, 0x2000].into_iter().find_map(|at| {
        let (chip, revision) = bytes.get(at..).and_then(header)?;
        (chip.0.boot_address() as usize == at).then_some((chip, revision))
    })
}

/// Chip and oldest revision from the header of an image.
fn header(bytes: &[u8]) -> Option<(Chip, u16)> {
    let header = bytes.get(..HEADER).filter(|header| header[0] == MAGIC)?;
    let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    Some((Chip::of_id(number(12))?, number(15)))
}

/// Checks that all segments, the checksum and the hash of an application image
/// are there and agree. More may follow, such as a signature.
fn whole(bytes: &[u8]) -> Result<(), &'static str> {
    const TRUNCATED: &str = "it ends too early";
    let segments = *bytes.get(1).ok_or(TRUNCATED)?;
    if segments == 0 || segments > MOST_SEGMENTS {
        return Err("its number of segments is impossible");
    }
    let (mut at, mut sum) = (HEADER, CHECKSUM);
    for _ in 0..segments {
        let length = bytes
            .get(at + 4..at + SEGMENT)
            .and_then(|field| field.try_into().ok())
            .map(u32::from_le_bytes)
            .ok_or(TRUNCATED)?;
        let begin = at + SEGMENT;
        let end = begin
            .checked_add(usize::try_from(length).map_err(|_| TRUNCATED)?)
            .ok_or(TRUNCATED)?;
        let data = bytes.get(begin..end).ok_or(TRUNCATED)?;
        sum = data.iter().fold(sum, |sum, byte| sum ^ byte);
        at = end;
    }
    // The checksum is the last of a multiple of 16 bytes.
    let end = (at | 15) + 1;
    if *bytes.get(end - 1).ok_or(TRUNCATED)? != sum {
        return Err("its checksum is wrong");
    }
    let hashed = match bytes[HEADER - 1] {
        flag @ 0..=1 => flag == 1,
        _ => return Err("its header is invalid"),
    };
    if hashed && bytes.get(end..end + 32).ok_or(TRUNCATED)? != &Sha256::digest(&bytes[..end])[..] {
        return Err("its hash is wrong");
    }
    Ok(())
}

/// A field of text that ends with zeros; `None` if it is empty or not text.
fn text(field: Option<&[u8]>) -> Option<String> {
    let field = field?.split(|byte| *byte == 0).next()?;
    let text = std::str::from_utf8(field).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use sha2::{Digest, Sha256};

    use super::{CHECKSUM, Image, Kind};
    use crate::{Chip, Problem};

    /// An application of one segment for this chip.
    pub(crate) fn application(chip: u16, size: usize) -> Vec<u8> {
        let mut data = vec![0; size.max(256)];
        data[..4].copy_from_slice(&super::DESCRIPTOR);
        data[16..21].copy_from_slice(b"1.2.3");
        data[48..59].copy_from_slice(b"switchboard");
        for (at, byte) in data.iter_mut().enumerate().skip(256) {
            *byte = u8::try_from(at * at % 251).unwrap_or_default();
        }
        let mut bytes = vec![0xe9, 1, 2, 0x20, 0, 0, 0, 0, 0xee, 0, 0, 0];
        bytes.extend(chip.to_le_bytes());
        bytes.extend([0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 1]);
        bytes.extend(0x3c00_0020_u32.to_le_bytes());
        bytes.extend(u32::try_from(data.len()).unwrap_or_default().to_le_bytes());
        bytes.extend(&data);
        let sum = data.iter().fold(CHECKSUM, |sum, byte| sum ^ byte);
        bytes.resize(bytes.len() | 15, 0);
        bytes.push(sum);
        let hash = Sha256::digest(&bytes);
        bytes.extend(hash);
        bytes
    }

    /// Boot loader and partition table only, for this chip.
    pub(crate) fn factory(chip: u16, at: usize) -> Vec<u8> {
        let mut bytes = vec![0xff; 0x9000];
        let loader = application(chip, 256);
        bytes[at..at + loader.len()].copy_from_slice(&loader);
        // Not an application's descriptor.
        bytes[at + 32..at + 36].copy_from_slice(&[0x50, 0, 0, 0]);
        bytes[0x8000..0x8002].copy_from_slice(&[0xaa, 0x50]);
        bytes
    }

    #[test]
    fn an_application_says_its_chip_name_and_version() -> Result<(), Problem> {
        let image = Image::of("a.bin", application(5, 5_000))?;
        assert_eq!((image.kind, image.chip), (Kind::Application, Chip::ESP32C3));
        assert_eq!(image.version.as_deref(), Some("1.2.3"));
        assert_eq!(image.name.as_deref(), Some("switchboard"));
        // With a signature behind it.
        let mut signed = application(5, 5_000);
        signed.extend([0; 164]);
        assert_eq!(Image::of("a.bin", signed)?.chip, Chip::ESP32C3);
        Ok(())
    }

    #[test]
    fn each_changed_or_missing_byte_of_an_application_is_noticed() {
        let whole = application(13, 700);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 4;
            assert!(Image::of("a.bin", changed).is_err(), "byte {at}");
            let short = whole[..at].to_vec();
            assert!(Image::of("a.bin", short).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_merged_image_is_told_from_an_application() -> Result<(), Problem> {
        let image = Image::of("a.bin", factory(5, 0))?;
        assert_eq!((image.kind, image.chip), (Kind::Merged, Chip::ESP32C3));
        let image = Image::of("a.bin", factory(0, 0x1000))?;
        assert_eq!((image.kind, image.chip), (Kind::Merged, Chip::ESP32));
        // The classic chip's boot loader is not at 0.
        assert!(Image::of("a.bin", factory(0, 0)).is_err());
        Ok(())
    }

    #[test]
    fn other_files_are_not_images() {
        for bytes in [
            Vec::new(),
            vec![0xe9],
            b"\x7fELF".to_vec(),
            vec![0xff; 70_000],
        ] {
            assert!(Image::of("a", bytes).is_err());
        }
        let problem = Image::of("a", b"hello".to_vec()).expect_err("no image");
        assert_eq!(problem.reason(), "not_an_image");
    }
}
