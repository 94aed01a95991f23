//! Versions: which of two is older, and which one an image contains.

use core::cmp::Ordering;

use semver::Version;

/// How an image of a virtual or emulated board starts, up to its version.
pub const VIRTUAL: &[u8] = b"switchboard virtual image\nversion ";

/// The longest version, in bytes.
const LONGEST: usize = 32;

/// Whether version `new` is older than version `running`, in the order of
/// Semantic Versioning 2.0.0, section 11. A version in another form is older
/// than any in this form. Two different ones in other forms cannot be ordered:
/// each counts as older than the other.
pub fn is_older(new: &str, running: &str) -> bool {
    match (Version::parse(new), Version::parse(running)) {
        (Ok(new), Ok(running)) => new.cmp_precedence(&running) == Ordering::Less,
        (Ok(_), Err(_)) => false,
        (Err(_), Ok(_)) => true,
        (Err(_), Err(_)) => new != running,
    }
}

/// The version that an image contains: for a chip in the description of ESP-IDF
/// and esp-bootloader-esp-idf ("App Image Format", `esp_app_desc_t`), for a
/// virtual board in its second line. `None` if it is empty, too long or
/// contains control characters.
pub fn version_in(image: &[u8]) -> Option<&str> {
    /// After the image's header of 24 bytes and the first segment's of 8.
    const DESCRIPTION: usize = 32;
    const MAGIC: [u8; 4] = 0xabcd_5432_u32.to_le_bytes();
    let version = if let Some(rest) = image.strip_prefix(VIRTUAL) {
        let end = rest
            .iter()
            .take(LONGEST + 1)
            .position(|byte| *byte == b'\n')?;
        rest.get(..end)?
    } else {
        let description = image
            .get(DESCRIPTION..)
            .filter(|_| image.first() == Some(&crate::esp::MAGIC))?;
        let version = description.strip_prefix(&MAGIC)?.get(12..12 + LONGEST)?;
        let end = version.iter().position(|byte| *byte == 0);
        version.get(..end.unwrap_or(LONGEST))?
    };
    core::str::from_utf8(version)
        .ok()
        .filter(|text| (1..=LONGEST).contains(&text.len()))
        .filter(|text| !text.chars().any(char::is_control))
}
