//! Embeds the files that go into projects: lists every file below `templates`
//! and of the libraries as `(path, text)`.

use std::{
    env,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

/// Where the libraries may be. The first is a link in this folder, which `cargo
/// package` replaces by the files; a checkout on a system without links has a
/// file in its place.
const LIBRARIES: [&str; 2] = ["libraries", "../../libraries"];

/// What of the libraries is embedded: folders and files.
const PARTS: [&str; 10] = [
    "micropython/switchboard.py",
    "c/include",
    "c/src",
    "c/sockets",
    "c/third_party",
    "c/linux",
    "c/esp-idf",
    "c/arduino",
    "c/../../LICENSE-MIT",
    "c/../../LICENSE-APACHE",
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut list = String::from("&[\n");
    embed(&here, &here.join("templates"), &mut list)?;
    let mut places = LIBRARIES.iter().map(|place| here.join(place));
    if let Some(libraries) = places.find(|place| place.is_dir()) {
        for part in PARTS {
            embed(&libraries, &libraries.join(part), &mut list)?;
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("files.rs"), list)
}

/// Lists a file, or all files below a folder. Paths of libraries begin with
/// `libraries`.
fn embed(root: &Path, path: &Path, list: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        return entries
            .iter()
            .try_for_each(|entry| embed(root, entry, list));
    }
    if path.is_file() {
        let name = path.strip_prefix(root).unwrap_or(path);
        let libraries = if name.starts_with("templates") {
            ""
        } else {
            "libraries/"
        };
        let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        let name = format!("{libraries}{}", parts.join("/"));
        let _ = writeln!(list, "({name:?}, include_str!({path:?})),");
    }
    Ok(())
}
