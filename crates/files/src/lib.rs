//! How files are written and read on a host. Every file that Switchboard's
//! programs save goes through here: it is replaced whole or not at all, links
//! are followed, modes are kept, and what holds secrets is for its owner alone.
//!
//! Decides nothing about what is in a file.

mod draft;
mod lock;
mod place;
mod text;

use std::{fs, io, path::Path};

pub use draft::{Access, Draft, stream, write};
pub use lock::{Lock, lock};
pub use place::is_standard_output;
pub use text::{NotText, text};

/// Creates a folder and those above it. New ones are for their owner alone;
/// those that exist stay as they are.
///
/// # Errors
/// If the system refuses.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
