//! Compiles in the public key of the environment variable
//! `SWITCHBOARD_SIGNING_KEY`: 64 hexadecimal digits, or the path of a public
//! key file. Without it, a locked board accepts no updates.

fn main() -> Result<(), String> {
    image::compile_in_signing_key(None)
}
