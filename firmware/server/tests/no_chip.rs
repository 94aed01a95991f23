//! The board core, its server and the other portable crates are the same on
//! every chip and on a computer: they depend on no chip.

use std::process::Command;

#[test]
fn portable_crates_depend_on_no_chip() -> Result<(), Box<dyn std::error::Error>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "switchboard-board",
            "--package",
            "switchboard-server",
            "--package",
            "switchboard-embedded",
            "--package",
            "switchboard-storage",
            "--package",
            "switchboard-provisioning",
        ])
        .args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--offline",
            "--locked",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout)?;
    assert!(tree.contains("switchboard-protocol "), "{tree}");
    let of_a_chip = |name: &&str| {
        ["esp-", "esp32", "esp_", "riscv", "xtensa", "cortex-m"]
            .iter()
            .any(|chip| name.starts_with(chip))
    };
    let found: Vec<_> = tree.lines().filter(of_a_chip).collect();
    assert!(found.is_empty(), "{found:?}");
    Ok(())
}
