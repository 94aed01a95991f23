//! The folder for what this program keeps of its own on this computer.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The desktop's folder for settings, with the program's name: `%APPDATA%`,
/// `~/Library/Application Support`, `$XDG_CONFIG_HOME`. `None` for a user
/// without a home: one that is missing, that is no folder (`HOME=/dev/null`, as
/// service accounts have it), or that this user may not enter.
pub fn folder() -> Option<PathBuf> {
    dirs::config_dir()
        .map(|folder| folder.join("switchboard"))
        .filter(|folder| can_be(folder))
}

/// Whether there is such a folder, or it can be asked whether there is.
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
    fn a_home_that_is_no_folder_is_none() {
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
