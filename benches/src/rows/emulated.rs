//! Instructions of the board core on RISC-V, counted by the emulated board.
//! Skipped without QEMU or without an image.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Outcome, process::Program};

/// A machine that counts one nanosecond per instruction; its network leads
/// nowhere.
const MACHINE: [&str; 17] = [
    "-M",
    "virt",
    "-cpu",
    "rv32",
    "-m",
    "16",
    "-bios",
    "none",
    "-nographic",
    "-icount",
    "shift=0",
    "-global",
    "virtio-mmio.force-legacy=false",
    "-netdev",
    "user,id=n,restrict=on",
    "-device",
    "virtio-net-device,netdev=n",
];

/// For a command and for a push to one of ten subscribers; `None`, with a
/// message, if it cannot be counted.
pub(super) fn instructions(commands: u32) -> Outcome<Option<[f64; 2]>> {
    const QEMU: &str = "qemu-system-riscv32";
    let there = Command::new(QEMU)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!("skipped: {QEMU} is not installed");
        return Ok(None);
    }
    let image = env::var("SWITCHBOARD_EMULATED").unwrap_or_default();
    if !Path::new(&image).is_file() {
        eprintln!("skipped: there is no image of the emulated board (SWITCHBOARD_EMULATED)");
        return Ok(None);
    }
    let mut machine = Program::start(QEMU, &[&MACHINE[..], &["-kernel", &image]].concat())?;
    while !machine.line()?.contains("\"address\"") {}
    machine.send(&format!("cost {commands}"))?;
    let line: Value = serde_json::from_str(&machine.line()?)?;
    if let Some(error) = line["error"].as_str() {
        eprintln!(
            "skipped: the image of the emulated board was built before it could count ({error})"
        );
        return Ok(None);
    }
    let figure = |name: &str| {
        line["instructions"][name]
            .as_f64()
            .ok_or_else(|| format!("no figures: {line}"))
    };
    Ok(Some([figure("command")?, figure("push")?]))
}
