//! Reads a firmware image before it is sent: its length, its hash and the
//! version that it contains. Runs on a thread of its own.

use std::sync::Arc;

use ::image::{Trailer, version_in};
use fleet::ImageSource;
use link::update::{Image, ImageSignature};
use protocol::ota::{Digest, base64};
use sha2::{Digest as _, Sha256};

/// The largest file that is accepted: the whole flash of the largest ESP32
/// module. A wrong path must not fill the memory.
const LARGEST: u64 = 32 << 20;

/// Reads an image.
///
/// # Errors
/// The file cannot be read, is empty, or is longer than any chip's flash; as a
/// message.
pub(crate) fn read(source: ImageSource) -> Result<Image, String> {
    let bytes = match source {
        ImageSource::Bytes(bytes) => bytes,
        ImageSource::File(path) => files::read_at_most(&path, LARGEST)
            .map_err(|error| format!("{}: {error}", path.display()))?
            .ok_or_else(too_large)?,
    };
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    let sha256 = Digest(Sha256::digest(&bytes).into());
    Ok(Image {
        version: version_in(&bytes).map(str::to_owned),
        signature: signature(&bytes),
        bytes: Arc::from(bytes),
        sha256,
    })
}

fn too_large() -> String {
    format!(
        "the file is larger than {} MiB, the largest image",
        LARGEST >> 20
    )
}

/// The signature at the end of a file. Whether it is good is decided by the
/// board.
fn signature(bytes: &[u8]) -> Option<ImageSignature> {
    let image = bytes.len().checked_sub(Trailer::LEN)?;
    let (image, trailer) = bytes.split_at_checked(image)?;
    Trailer::is_marked(trailer).then(|| ImageSignature {
        trailer: base64(trailer),
        image_sha256: Digest(Sha256::digest(image).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_the_signature_are_read_from_the_image() {
        let read =
            |bytes: &[u8]| super::read(ImageSource::Bytes(bytes.to_vec())).expect("an image");
        let lines = b"switchboard virtual image\nversion 0.3.1\n\nrest";
        let unsigned = read(lines);
        assert_eq!(unsigned.version.as_deref(), Some("0.3.1"));
        assert_eq!(unsigned.signature, None);
        assert_eq!(read(b"PK").version, None);
        let trailer = [&b"SWBDSIG1"[..], &[7; 156]].concat();
        let signed = read(&[lines, &trailer[..]].concat());
        let expected = ImageSignature {
            trailer: base64(&trailer),
            image_sha256: unsigned.sha256,
        };
        assert_eq!(signed.signature, Some(expected));
        assert_ne!(signed.sha256, unsigned.sha256);
    }

    #[test]
    fn a_missing_empty_or_endless_file_is_refused_with_a_message() {
        let refusal = |path: &str| super::read(ImageSource::File(path.into())).expect_err(path);
        assert!(refusal("/nowhere/at/all.bin").starts_with("/nowhere/at/all.bin: "));
        assert!(super::read(ImageSource::Bytes(Vec::new())).is_err());
        if cfg!(target_os = "linux") {
            assert!(refusal("/dev/zero").contains("32 MiB"));
        }
    }
}
