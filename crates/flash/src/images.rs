//! Finds the firmware images that came with the program or were put into the
//! user's data folder, with a manifest that describes them.

use std::{
    collections::HashSet,
    env,
    path::{Path, PathBuf},
};

use protocol::ota::Digest;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Chip, Image, Problem, image};

/// The manifest's file name.
const MANIFEST: &str = "manifest.json";

/// A file `manifest.json` next to images. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// The images. The first one for a chip is the one to suggest.
    pub images: Vec<Described>,
}

/// An image in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Described {
    /// Its file in the manifest's folder, for example `esp32c3-devkitm-1.bin`.
    pub file: String,
    /// The chip's name, for example `esp32c3`.
    pub chip: String,
    /// The board, for example `esp32c3-devkitm-1`.
    pub board: String,
    /// The name to show, for example `ESP32-C3-DevKitM-1`.
    pub name: String,
    /// The firmware's version, for example `0.2.0`.
    pub version: String,
    /// SHA-256 of the whole file, in hexadecimal digits.
    pub sha256: String,
    /// Size of the whole file in bytes.
    pub size: u64,
}

/// An image that was found. [`Entry::read`] reads and checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its file.
    pub path: PathBuf,
    /// The chip that it is for.
    pub chip: Chip,
    /// What the manifest says of it.
    pub described: Described,
}

impl Entry {
    /// Reads the image and compares it with the manifest.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or differs from the manifest.
    pub fn read(&self) -> Result<Image, Problem> {
        let file = self.path.display().to_string();
        let bytes = image::read(&self.path).map_err(|source| Problem::File {
            file: file.clone(),
            source,
        })?;
        let Described {
            board,
            name,
            version,
            sha256,
            size,
            ..
        } = &self.described;
        let damaged = |why| Problem::Damaged {
            file: file.clone(),
            why,
        };
        if bytes.len() as u64 != *size {
            return Err(damaged("its size is not the manifest's"));
        }
        if sha256.parse() != Ok(Digest(Sha256::digest(&bytes).into())) {
            return Err(damaged("its SHA-256 is not the manifest's"));
        }
        let mut image = Image::of(&file, bytes)?;
        if image.chip != self.chip {
            return Err(damaged("its chip is not the manifest's"));
        }
        image.board = Some(board.clone());
        image.name = Some(name.clone());
        image.version = Some(version.clone());
        Ok(image)
    }
}

/// The images that were found.
#[derive(Debug, Default)]
pub struct Images {
    /// In the order of the folders and their manifests, one per chip and board.
    pub entries: Vec<Entry>,
    /// What is wrong with manifests or their entries. The others can be used.
    pub problems: Vec<Problem>,
    /// The folders that were searched, for a message that there are no images.
    pub searched: Vec<PathBuf>,
}

impl Images {
    /// Where images are looked for: in `firmware` next to the program, and in
    /// the user's data folder, on Linux `$XDG_DATA_HOME/switchboard/firmware`.
    #[must_use]
    pub fn folders() -> Vec<PathBuf> {
        let program = env::current_exe().ok();
        let next_to_it = program
            .as_deref()
            .and_then(Path::parent)
            .map(|folder| folder.join("firmware"));
        let users = dirs::data_dir().map(|folder| folder.join("switchboard").join("firmware"));
        next_to_it.into_iter().chain(users).collect()
    }

    /// Reads the manifests of these folders. A folder without one is ignored,
    /// and so is an image for a chip and board that an earlier folder has.
    #[must_use]
    pub fn find(folders: &[PathBuf]) -> Self {
        let mut found = Self {
            searched: folders.to_vec(),
            ..Self::default()
        };
        let mut seen = HashSet::new();
        for folder in folders {
            let path = folder.join(MANIFEST);
            if !path.is_file() {
                continue;
            }
            let invalid = |why: String| Problem::Manifest {
                file: path.display().to_string(),
                why,
            };
            let manifest = image::read(&path)
                .map_err(|error| invalid(error.to_string()))
                .and_then(|bytes| {
                    serde_json::from_slice::<Manifest>(&bytes)
                        .map_err(|error| invalid(error.to_string()))
                });
            match manifest {
                Err(problem) => found.problems.push(problem),
                Ok(manifest) => {
                    for described in manifest.images {
                        match entry(folder, described) {
                            Err(why) => found.problems.push(invalid(why)),
                            Ok(entry) => {
                                if seen.insert((entry.chip, entry.described.board.clone())) {
                                    found.entries.push(entry);
                                }
                            }
                        }
                    }
                }
            }
        }
        found
    }

    /// The images for a chip; the first is the one to suggest.
    pub fn of(&self, chip: Chip) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.chip == chip)
    }

    /// That there is no image for a chip.
    #[must_use]
    pub fn none_for(&self, chip: Chip) -> Problem {
        Problem::NoImage {
            chip,
            searched: self.searched.clone(),
        }
    }
}

fn entry(folder: &Path, described: Described) -> Result<Entry, String> {
    // A manifest names files of its own folder only.
    let mut parts = Path::new(&described.file).components();
    let plain = matches!(
        (parts.next(), parts.next()),
        (Some(std::path::Component::Normal(_)), None)
    );
    if !plain {
        return Err(format!("{:?} is not the name of a file", described.file));
    }
    Ok(Entry {
        path: folder.join(&described.file),
        chip: described.chip.parse()?,
        described,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, io, path::Path};

    use protocol::ota::Digest;
    use sha2::{Digest as _, Sha256};

    use super::Images;
    use crate::{Chip, image::tests::application};

    fn described(file: &str, chip: &str, board: &str, bytes: &[u8]) -> serde_json::Value {
        serde_json::json!({
            "file": file, "chip": chip, "board": board, "name": "A board", "version": "0.2.0",
            "sha256": Digest(Sha256::digest(bytes).into()), "size": bytes.len(),
        })
    }

    fn manifest(folder: &Path, images: &[serde_json::Value]) -> io::Result<()> {
        let text = serde_json::json!({ "images": images }).to_string();
        fs::write(folder.join("manifest.json"), text)
    }

    #[test]
    fn the_images_of_all_folders_are_found_once_each() -> io::Result<()> {
        let (one, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let bytes = application(5, 900);
        fs::write(one.path().join("c3.bin"), &bytes)?;
        manifest(one.path(), &[described("c3.bin", "esp32c3", "m-1", &bytes)])?;
        manifest(
            other.path(),
            &[
                described("old.bin", "esp32c3", "m-1", &bytes),
                described("c6.bin", "esp32c6", "c-1", &bytes),
            ],
        )?;
        let nowhere = one.path().join("nowhere");
        let images = Images::find(&[one.path().into(), nowhere, other.path().into()]);
        assert!(images.problems.is_empty(), "{:?}", images.problems);
        assert_eq!(images.entries.len(), 2);
        let c3 = images.of(Chip::ESP32C3).next().expect("an image");
        let image = c3.read().expect("a whole image");
        assert_eq!(image.board.as_deref(), Some("m-1"));
        assert_eq!(image.version.as_deref(), Some("0.2.0"));
        assert!(images.of(Chip::ESP32S3).next().is_none());
        let none = images.none_for(Chip::ESP32S3).to_string();
        assert!(none.contains("ESP32-S3"), "{none}");
        Ok(())
    }

    #[test]
    fn an_image_that_differs_from_its_manifest_is_damaged() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let bytes = application(5, 900);
        manifest(
            folder.path(),
            &[described("a.bin", "esp32c3", "m-1", &bytes)],
        )?;
        let entry = |folder: &Path| Images::find(&[folder.into()]).entries.remove(0);
        let missing = entry(folder.path()).read().expect_err("no file");
        assert_eq!(missing.reason(), "file");
        // One that is whole in itself.
        fs::write(folder.path().join("a.bin"), application(5, 901))?;
        let other = entry(folder.path()).read().expect_err("another file");
        assert_eq!(other.reason(), "image_damaged");
        manifest(
            folder.path(),
            &[described("a.bin", "esp32c6", "m-1", &bytes)],
        )?;
        fs::write(folder.path().join("a.bin"), &bytes)?;
        let chip = entry(folder.path()).read().expect_err("another chip");
        assert_eq!(chip.reason(), "image_damaged");
        Ok(())
    }

    #[test]
    fn bad_entries_cost_only_themselves() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        manifest(
            folder.path(),
            &[
                described("../../etc/passwd", "esp32c3", "a", b""),
                described("/etc/passwd", "esp32c3", "b", b""),
                described("a.bin", "z80", "c", b""),
                described("a.bin", "esp32c3", "d", b""),
            ],
        )?;
        let images = Images::find(&[folder.path().into()]);
        assert_eq!((images.entries.len(), images.problems.len()), (1, 3));
        fs::write(folder.path().join("manifest.json"), "{")?;
        let images = Images::find(&[folder.path().into()]);
        assert_eq!((images.entries.len(), images.problems.len()), (0, 1));
        Ok(())
    }
}
