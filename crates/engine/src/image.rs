//! Reads a firmware image before it is sent: its length, its hash and the
//! version that it contains. Runs on a thread of its own.

use std::sync::Arc;

use ::image::{Trailer, version_in};
use fleet::ImageSource;
use link::update::{Image, ImageSignature};
use protocol::ota::{Digest, base64};
use sha2::{Digest as _, Sha256};

/// Reads an image.
///
/// # Errors
/// See [`ImageSource::read`].
pub(crate) fn read(source: ImageSource) -> Result<Image, String> {
    let bytes = source.read()?;
    let sha256 = Digest(Sha256::digest(&bytes).into());
    Ok(Image {
        version: version_in(&bytes).map(str::to_owned),
        signature: signature(&bytes),
        bytes: Arc::from(bytes),
        sha256,
    })
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
}
