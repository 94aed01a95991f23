//! For build scripts of firmware: the public key to compile in.

use std::{env, format, fs, println, string::String};

use crate::PublicKey;

/// The variable that holds the key: 64 hexadecimal digits, or the path of a
/// public key file, absolute or relative to the package.
const VARIABLE: &str = "SWITCHBOARD_SIGNING_KEY";

/// Sets `SWITCHBOARD_SIGNING_KEY_HEX` for the crate that is being built to the
/// key of the environment variable `SWITCHBOARD_SIGNING_KEY`, to `default`
/// without it, or to nothing. [`PublicKey::from_hex`] reads it.
///
/// # Errors
/// The variable holds no key, or the file cannot be read.
pub fn compile_in_signing_key(default: Option<&str>) -> Result<(), String> {
    println!("cargo:rerun-if-env-changed={VARIABLE}");
    let text = match env::var(VARIABLE) {
        Ok(value) if value.len() == 64 && PublicKey::from_hex(&value).is_some() => value,
        Ok(path) if !path.is_empty() => {
            println!("cargo:rerun-if-changed={path}");
            fs::read_to_string(&path).map_err(|error| format!("{VARIABLE}: {path}: {error}"))?
        }
        _ => match default {
            Some(default) => default.into(),
            None => return Ok(()),
        },
    };
    let key = PublicKey::parse(&text)
        .ok_or_else(|| format!("{VARIABLE} holds no public signing key or file of one"))?;
    println!("cargo:rustc-env=SWITCHBOARD_SIGNING_KEY_HEX={key}");
    Ok(())
}
