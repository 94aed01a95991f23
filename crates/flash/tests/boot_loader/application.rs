//! Applications for chips.

/// An application for a chip: one segment of this size, which begins with a
/// descriptor, and does not compress.
pub(crate) fn application(chip: u8, size: usize) -> Vec<u8> {
    let mut random = 1_u32;
    let mut data: Vec<u8> = (0..size)
        .map(|_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random.to_be_bytes()[0]
        })
        .collect();
    data[..256].fill(0);
    data[..4].copy_from_slice(&[0x32, 0x54, 0xcd, 0xab]);
    let mut bytes = vec![0xe9, 1, 2, 0x20, 0, 0, 0, 0, 0xee, 0, 0, 0, chip, 0];
    bytes.extend([0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0]);
    bytes.extend(0x3c00_0020_u32.to_le_bytes());
    bytes.extend(u32::try_from(size).expect("small").to_le_bytes());
    bytes.extend(&data);
    let sum = data.iter().fold(0xef, |sum, byte| sum ^ byte);
    bytes.resize(bytes.len() | 15, 0);
    bytes.push(sum);
    bytes
}
