//! Signs an image as `switchboard sign` does, without building that program:
//! for scripts of this repository.
//!
//! ```text
//! cargo run -p switchboard-image --features sign,test-key --example sign -- \
//!   IMAGE CHIP BOARD VERSION OUT [KEYFILE]
//! ```
//!
//! Without a key file, the test key signs.

use std::{env, error::Error, fs};

use image::{SigningKey, TEST_SIGNING_KEY, Target, esp, sign};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [file, chip, board, version, out, key @ ..] = &words[..] else {
        return Err("usage: sign IMAGE CHIP BOARD VERSION OUT [KEYFILE]".into());
    };
    let key = match key {
        [] => SigningKey::parse(TEST_SIGNING_KEY)?,
        [path] => SigningKey::parse(&fs::read_to_string(path)?)?,
        _ => return Err("at most one key file".into()),
    };
    let image = fs::read(file)?;
    if esp::length_of(&image).is_some_and(|length| length as usize != image.len()) {
        return Err("the file is longer than its image: boards would not find the trailer".into());
    }
    fs::write(out, sign(&image, Target { chip, board }, version, &key)?)?;
    Ok(())
}
