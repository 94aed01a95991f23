//! Finds this program's settings folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The settings folder of this program: in `%APPDATA%`, `~/Library/Application
/// Support` or `$XDG_CONFIG_HOME`. `None` for a user without a home folder: one
/// that does not exist, is not a folder (such as `HOME=/dev/null` of service
/// accounts), or is not accessible.
pub fn folder() -> Option<PathBuf> {
    dirs::config_dir()
        .map(|folder| folder.join("switchboard"))
        .filter(|folder| can_be(folder))
}

/// Whether the folder exists or could be created.
fn can_be(folder: &Path) -> bool {
    for above in folder.ancestors() {
        match fs::metadata(above) {
            Ok(found) => {
                return found.is_dir()
                    && !fs::read_dir(above)
                        .is_err_and(|error| is_denied(&error) && above == folder);
            }
            Err(error) if is_denied(&error) => return false,
            Err(_) => {}
        }
    }
    false
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_that_is_not_a_folder_does_not_count() {
        assert!(can_be(&std::env::temp_dir().join("not").join("yet")));
        #[cfg(unix)]
        assert!(!can_be(Path::new("/dev/null/.config/switchboard")));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(!can_be(&file.join("switchboard")));
        fs::remove_file(&file).expect("removed");
    }
}
