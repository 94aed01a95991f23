//! Writes a project into its folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the project, with slashes.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl File {
    /// Whether it is a program.
    pub fn is_executable(&self) -> bool {
        self.text.starts_with("#!")
    }
}

/// Why a project cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder has files already.
    #[error("{} exists and is not empty; name a new folder or an empty one", .0.display())]
    NotEmpty(PathBuf),
    /// Something other than a folder has this name.
    #[error("{} exists and is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The system refuses.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Checks that a project can be written into a folder: it is empty, or does not
/// exist.
///
/// # Errors
/// [`WriteError`], which says why not.
pub fn check_folder(folder: &Path) -> Result<(), WriteError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(WriteError::NotEmpty(folder.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) if folder.is_file() => Err(WriteError::NotAFolder(folder.to_owned())),
        Err(source) => Err(WriteError::Io {
            path: folder.to_owned(),
            source,
        }),
    }
}

/// Writes a project into a folder, which is created with its parents.
///
/// # Errors
/// As [`check_folder`], and if the system refuses; files that were written
/// until then remain.
pub fn write(folder: &Path, files: &[File]) -> Result<(), WriteError> {
    check_folder(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        let written = fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| fs::write(&path, &file.text))
            .and_then(|()| match file.is_executable() {
                true => make_executable(&path),
                false => Ok(()),
            });
        written.map_err(|source| WriteError::Io { path, source })?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = fs::metadata(path)?.permissions();
    // For those that may read it.
    let mode = permissions.mode();
    permissions.set_mode(mode | (mode & 0o444) >> 2);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_written_only_into_a_new_or_empty_folder() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().join("a/b");
        let files = [
            File {
                path: "check".to_owned(),
                text: "#!/bin/sh\n".to_owned(),
            },
            File {
                path: "src/main.c".to_owned(),
                text: "int x;\n".to_owned(),
            },
        ];
        write(&folder, &files).expect("written");
        let read = fs::read_to_string(folder.join("src/main.c"));
        assert_eq!(read.expect("a file"), "int x;\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |name: &str| {
                fs::metadata(folder.join(name))
                    .expect(name)
                    .permissions()
                    .mode()
            };
            assert_eq!(mode("check") & 0o100, 0o100);
            assert_eq!(mode("src/main.c") & 0o111, 0);
        }
        assert!(matches!(
            write(&folder, &files),
            Err(WriteError::NotEmpty(_))
        ));
        let file = folder.join("check");
        assert!(matches!(
            write(&file, &files),
            Err(WriteError::NotAFolder(_))
        ));
        let below = file.join("c");
        assert!(matches!(write(&below, &files), Err(WriteError::Io { .. })));
        let empty = temporary.path().join("empty");
        fs::create_dir(&empty).expect("a folder");
        write(&empty, &files).expect("written into an empty folder");
    }
}
