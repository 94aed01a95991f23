//! Tells the linker where `memory.x` is, and compiles in the public key of
//! `SWITCHBOARD_SIGNING_KEY`, or the test key.

fn main() -> Result<(), String> {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=memory.x");
    image::compile_in_signing_key(Some(image::TEST_KEY))
}
