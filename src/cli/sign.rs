//! `switchboard sign`: makes signing keys, prints their public halves, and
//! signs firmware images. `image` defines the format; this module reads and
//! writes the files.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use image::{KeyFileError, SigningKey, Target, Trailer, esp, version_in};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Failure, output};
use sanitize::plain;

/// The largest image: as in a firmware update.
const LARGEST: u64 = 32 << 20;

/// The largest key file.
const LARGEST_KEY: u64 = 4_096;

/// The arguments of `switchboard sign`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("work").required(true).args(["file", "new_key", "public_key"])))]
pub(super) struct SignArgs {
    /// The firmware image, as `espflash save-image` or `virtual-board image
    /// --unsigned` wrote it.
    #[arg(requires_all = ["key", "board", "out"])]
    file: Option<PathBuf>,
    /// The file with the private key.
    #[arg(long, value_name = "KEYFILE", requires = "file")]
    key: Option<PathBuf>,
    /// The chip that the image is for; by default the one in its header.
    #[arg(long, requires = "file")]
    chip: Option<String>,
    /// The board that the image is for, for example esp32c3-devkitm-1.
    #[arg(long, requires = "file")]
    board: Option<String>,
    /// The version of the image; by default the one that it contains.
    #[arg(long = "version", value_name = "VERSION", requires = "file")]
    image_version: Option<String>,
    /// The signed file to write.
    #[arg(long, short, value_name = "OUT", requires = "file")]
    out: Option<PathBuf>,
    /// Make a private key, write it to this file, which must not exist, and
    /// print its public half.
    #[arg(long, value_name = "KEYFILE")]
    new_key: Option<PathBuf>,
    /// Print the public half of the private key in this file.
    #[arg(long, value_name = "KEYFILE")]
    public_key: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn sign(arguments: &SignArgs) -> Result<(), Failure> {
    if let Some(path) = &arguments.new_key {
        let key = new_key(path)?;
        output::say(format_args!(
            "{} holds the private key: anyone who has it can sign firmware for your boards",
            path.display()
        ));
        return print_public(&key, arguments.json);
    }
    if let Some(path) = &arguments.public_key {
        return print_public(&read_key(path)?, arguments.json);
    }
    let (Some(file), Some(key), Some(board), Some(out)) = (
        &arguments.file,
        &arguments.key,
        &arguments.board,
        &arguments.out,
    ) else {
        return Err(Failure::Usage(
            "name the image, --key, --board and -o".to_owned(),
        ));
    };
    let key = read_key(key)?;
    let image = read(file, LARGEST)?;
    let chip = chip(file, &image, arguments.chip.as_deref())?;
    let version = version(file, &image, arguments.image_version.as_deref())?;
    let target = Target { chip: &chip, board };
    let signed =
        image::sign(&image, target, &version, &key).map_err(|error| wrong(file, &error))?;
    files::write(out, &signed, files::Access::AsBefore).map_err(|error| wrong(out, &error))?;
    let id = key.public().id();
    if arguments.json {
        let line = json!({
            "file": out, "key": id.to_string(), "chip": chip, "board": board,
            "version": version, "size": signed.len(),
        });
        writeln!(output::out(), "{}", plain::json(&line))?;
    } else {
        writeln!(
            output::out(),
            "{}  version {version} for {board} ({chip}), signed with {id}",
            out.display()
        )?;
    }
    Ok(())
}

/// The chip to sign for. The header of an image for an ESP chip names it.
fn chip(file: &Path, image: &[u8], named: Option<&str>) -> Result<String, Failure> {
    let usage = |why: String| Failure::Usage(format!("{}: {why}", file.display()));
    let Some(number) = esp::chip_number(image) else {
        return named
            .map(str::to_owned)
            .ok_or_else(|| usage("this image does not name its chip: add --chip CHIP".to_owned()));
    };
    let is_whole = esp::length_of(image).is_some_and(|length| length as usize == image.len());
    if !is_whole && !Trailer::is_marked(image) {
        let why = "this is not a complete image as `espflash save-image` writes it (without \
             --merge): boards would not find the signature behind it";
        return Err(usage(why.to_owned()));
    }
    match (esp::chip_name(number), named) {
        (Some(chip), Some(named)) if chip != named => {
            Err(usage(format!("this image is for {chip}, not for {named}")))
        }
        (Some(chip), _) => Ok(chip.to_owned()),
        (None, Some(named)) => Ok(named.to_owned()),
        (None, None) => Err(usage(format!(
            "this image is for a chip with number {number}, whose name is unknown here: add \
             --chip CHIP"
        ))),
    }
}

/// The version to sign. The description in an image names it.
fn version(file: &Path, image: &[u8], named: Option<&str>) -> Result<String, Failure> {
    let usage = |why: String| Failure::Usage(format!("{}: {why}", file.display()));
    match (version_in(image), named) {
        (Some(inside), Some(named)) if inside != named => Err(usage(format!(
            "this image has version {inside}, not {named}"
        ))),
        (Some(inside), _) => Ok(inside.to_owned()),
        (None, Some(named)) => Ok(named.to_owned()),
        (None, None) => Err(usage(
            "this image has no version: add --version VERSION".to_owned(),
        )),
    }
}

/// Makes a key and writes it to a new file that only its owner can read.
fn new_key(path: &Path) -> Result<SigningKey, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| {
        Failure::Usage(format!(
            "the system has no random numbers for a key: {error}"
        ))
    })?;
    let key = SigningKey::from_seed(&seed);
    let text = Zeroizing::new(key.to_text());
    files::create_private(path, text.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{} exists, and a key that is overwritten is lost: name another file",
            path.display()
        )),
        _ => wrong(path, &error),
    })?;
    Ok(key)
}

fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    let bytes = Zeroizing::new(read(path, LARGEST_KEY)?);
    files::text(&bytes)
        .map_err(|_| KeyFileError::NoKey)
        .and_then(|text| SigningKey::parse(&text))
        .map_err(|error| wrong(path, &error))
}

fn print_public(key: &SigningKey, json: bool) -> Result<(), Failure> {
    if json {
        let public = key.public();
        let line = json!({ "key": public.id().to_string(), "public_key": public.to_string() });
        writeln!(output::out(), "{}", plain::json(&line))?;
    } else {
        write!(output::out(), "{}", key.public_text())?;
    }
    Ok(())
}

/// Reads a file, but not one that never ends.
fn read(path: &Path, largest: u64) -> Result<Vec<u8>, Failure> {
    files::read_at_most(path, largest)
        .map_err(|error| wrong(path, &error))?
        .ok_or_else(|| wrong(path, &format!("the file is larger than {largest} bytes")))
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
