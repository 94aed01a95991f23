//! Generates the table of the window's files from the folder `web`, which
//! `scripts/web` fills. Without files the table is empty.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// A larger file is embedded only compressed if it exists compressed: without
/// this, the program would contain the window's code three times.
const SMALL: u64 = 64 << 10;

fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or_else(missing);
    let folder = variable("CARGO_MANIFEST_DIR")?.join("web");
    let mut found = Vec::new();
    if folder.is_dir() {
        println!("cargo::rerun-if-changed=web");
        println!("cargo::rerun-if-changed=build.rs");
        list(&folder, &mut found)?;
    } else {
        // Cargo takes a path that does not exist for one that changed.
        println!("cargo::rerun-if-changed=.");
    }
    found.sort();
    let mut table = String::from("&[\n");
    for path in &found {
        let name = path.strip_prefix(&folder).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        let variant = |ending: &str| found.contains(&with_ending(path, ending));
        let (brotli, gzip) = (variant("br"), variant("gz"));
        let is_variant = [".br", ".gz"].iter().any(|ending| {
            let of = name.strip_suffix(ending).map(|name| folder.join(name));
            of.is_some_and(|of| found.contains(&of))
        });
        if is_variant {
            continue;
        }
        let plain = !(brotli && gzip) || fs::metadata(path)?.len() <= SMALL;
        let bytes = |path: PathBuf, embedded: bool| match embedded {
            true => format!("Some(include_bytes!({:?}))", path.display().to_string()),
            false => "None".to_owned(),
        };
        table += &format!(
            "    Embedded {{ name: {name:?}, plain: {}, brotli: {}, gzip: {} }},\n",
            bytes(path.clone(), plain),
            bytes(with_ending(path, "br"), brotli),
            bytes(with_ending(path, "gz"), gzip),
        );
    }
    table += "]\n";
    fs::write(variable("OUT_DIR")?.join("embedded.rs"), table)
}

fn missing() -> io::Error {
    io::Error::other("Cargo sets the folders")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// All files below a folder, except hidden ones.
fn list(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        match path.is_dir() {
            true => list(&path, found)?,
            false => found.push(path),
        }
    }
    Ok(())
}
