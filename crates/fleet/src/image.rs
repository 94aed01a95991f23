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
