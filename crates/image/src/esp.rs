//! Images that the boot loader of an ESP chip starts (ESP-IDF Programming
//! Guide, "App Image Format"; esptool's documentation, "Firmware Image
//! Format").

/// The first byte of an image.
pub const MAGIC: u8 = 0xe9;

/// The length of an image's header, in bytes.
const HEADER: u32 = 24;

/// The length of a segment's header, in bytes.
const SEGMENT: u32 = 8;

/// The most segments of an image (`ESP_IMAGE_MAX_SEGMENTS`).
const SEGMENTS: u8 = 16;

/// The chips that this project knows, with their number in an image's header
/// (`esp_chip_id_t`).
const CHIPS: [(u16, &str); 4] = [
    (0x0000, "esp32"),
    (0x0005, "esp32c3"),
    (0x0009, "esp32s3"),
    (0x000d, "esp32c6"),
];

/// The number of the chip that an image is for; `None` if these bytes do not
/// start an image. The first 14 bytes decide.
pub fn chip_number(image: &[u8]) -> Option<u16> {
    match image {
        [MAGIC, _, _, _, _, _, _, _, _, _, _, _, low, high, ..] => {
            Some(u16::from_le_bytes([*low, *high]))
        }
        _ => None,
    }
}

/// The name of the chip with this number, if it is known.
pub fn chip_name(number: u16) -> Option<&'static str> {
    CHIPS
        .iter()
        .find(|chip| chip.0 == number)
        .map(|chip| chip.1)
}

/// The length of the image in some memory, in bytes, as its headers say.
/// `read` fills a buffer from an offset. `None` if there is no image, if it
/// would be longer than `limit`, or if `read` fails.
pub fn length(limit: u32, mut read: impl FnMut(u32, &mut [u8]) -> Option<()>) -> Option<u32> {
    let mut header = [0; HEADER as usize];
    read(0, &mut header)?;
    let [MAGIC, segments @ 1..=SEGMENTS, .., hash_appended] = header else {
        return None;
    };
    let mut end = HEADER;
    for _ in 0..segments {
        let mut segment = [0; SEGMENT as usize];
        read(end, &mut segment)?;
        let [_, _, _, _, a, b, c, d] = segment;
        end = end
            .checked_add(SEGMENT)?
            .checked_add(u32::from_le_bytes([a, b, c, d]))
            .filter(|end| *end <= limit)?;
    }
    // A checksum is the last byte of a block of 16.
    let checked = end.checked_add(1)?.checked_next_multiple_of(16)?;
    let whole = checked.checked_add(if hash_appended == 1 { 32 } else { 0 })?;
    (whole <= limit).then_some(whole)
}

/// As [`length`], of an image in a slice.
pub fn length_of(image: &[u8]) -> Option<u32> {
    length(u32::try_from(image.len()).ok()?, |offset, buffer| {
        let from = usize::try_from(offset).ok()?;
        buffer.copy_from_slice(image.get(from..from.checked_add(buffer.len())?)?);
        Some(())
    })
}
