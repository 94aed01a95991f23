//! The names of the files of a recording: `lab.jsonl.gz` is the first, then
//! come `lab.2.jsonl.gz`, `lab.3.jsonl.gz` and so on.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The endings that are kept together, the longest first.
const ENDINGS: [&str; 4] = [".jsonl.gz", ".json.gz", ".jsonl", ".json"];

/// The files of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    folder: PathBuf,
    stem: String,
    ending: String,
}

impl Parts {
    /// The recording whose first file is this one.
    pub fn of(first: &Path) -> Self {
        let name = first
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let known = ENDINGS.iter().find(|ending| name.ends_with(**ending));
        let at = match known {
            Some(ending) => name.len() - ending.len(),
            None => name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len()),
        };
        let (stem, ending) = name.split_at_checked(at).unwrap_or((&name, ""));
        Self {
            folder: first.parent().map(Path::to_owned).unwrap_or_default(),
            stem: stem.to_owned(),
            ending: ending.to_owned(),
        }
    }

    /// Whether its files are compressed.
    pub fn is_compressed(&self) -> bool {
        self.ending.ends_with(".gz")
    }

    /// The file with this number, from 1.
    pub fn path(&self, number: u32) -> PathBuf {
        let Self { stem, ending, .. } = self;
        self.folder.join(match number {
            1 => format!("{stem}{ending}"),
            number => format!("{stem}.{number}{ending}"),
        })
    }

    /// The number of a file; `None` if it belongs to something else.
    fn number(&self, name: &str) -> Option<u32> {
        let rest = name.strip_prefix(&self.stem)?.strip_suffix(&self.ending)?;
        if rest.is_empty() {
            return Some(1);
        }
        let digits = rest.strip_prefix('.')?;
        let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| canonical)?;
        (number > 1).then_some(number)
    }

    /// The numbers of the files that exist, in order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn existing(&self) -> io::Result<Vec<u32>> {
        let folder = match self.folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.folder,
        };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(folder)? {
            numbers.extend(self.number(&entry?.file_name().to_string_lossy()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_before_their_ending() {
        for (first, second) in [
            ("lab.jsonl.gz", "lab.2.jsonl.gz"),
            ("/var/lab.jsonl", "/var/lab.2.jsonl"),
            ("a.b/lab.data", "a.b/lab.2.data"),
            ("lab", "lab.2"),
            (".lab", ".lab.2"),
        ] {
            let parts = Parts::of(Path::new(first));
            assert_eq!(parts.path(1), Path::new(first));
            assert_eq!(parts.path(2), Path::new(second));
        }
    }

    #[test]
    fn only_files_of_the_recording_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let others = [
            "lab.x.jsonl.gz",
            "lab.02.jsonl.gz",
            "lab.1.jsonl.gz",
            "lab2.jsonl.gz",
        ];
        for name in ["lab.jsonl.gz", "lab.10.jsonl.gz", "lab.9.jsonl.gz"]
            .iter()
            .chain(&others)
        {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        let parts = Parts::of(&folder.path().join("lab.jsonl.gz"));
        assert_eq!(parts.existing().expect("the folder"), [1, 9, 10]);
    }
}
