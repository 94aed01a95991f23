//! Gives the programs for Windows their icon, version and manifest. Does
//! nothing for other systems.

use std::{env, io};

use winresource::WindowsResource;

const ICON: &str = "assets/icon.ico";
const MANIFEST: &str = "packaging/windows/switchboard.manifest";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ICON}");
    println!("cargo:rerun-if-changed={MANIFEST}");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "windows") {
        for program in ["switchboard", "switchboard-window"] {
            // Its description is what the firewall's prompt and the task
            // manager show.
            WindowsResource::new()
                .set_icon(ICON)
                .set_manifest_file(MANIFEST)
                .set("ProductName", "Switchboard")
                .set("FileDescription", "Switchboard")
                .set("OriginalFilename", &format!("{program}.exe"))
                .set("LegalCopyright", "MIT OR Apache-2.0")
                .compile_for(program)?;
        }
    }
    Ok(())
}
