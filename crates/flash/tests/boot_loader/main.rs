//! Flashing over a pseudoterminal, with a double of the boot loader at the
//! other end that fails at each step, and what the user is told each time.
#![cfg(unix)]

mod application;
mod board;

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use application::application;
use board::Board;
use doubles::boot_loader::{Chip, Fault};
use flash::{Detected, Image, Plan, Problem, Progress, Session, Step, detect, flash};

const SLOT: usize = 0x1_0000;

fn failing(fault: Fault) -> Board {
    Board::new(Chip {
        fault,
        ..Chip::default()
    })
}

fn write(board: &Board, plan: &Plan) -> Result<Detected, Problem> {
    flash(&board.path, plan, &mut |_| {}, &AtomicBool::new(false))
}

fn plan(bytes: Vec<u8>) -> Plan {
    Plan {
        image: Image::of("firmware.bin", bytes).expect("an image"),
        erase: false,
    }
}

fn small() -> Plan {
    plan(application(5, 150_000))
}

/// What the user is told.
fn told<T: std::fmt::Debug>(result: Result<T, Problem>, reason: &str, words: &[&str]) {
    let problem = result.expect_err("a problem");
    let text = problem.to_string();
    assert_eq!(problem.reason(), reason, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn a_chip_says_what_it_is_and_starts_again() {
    let board = Board::new(Chip {
        id: 13,
        flash: 23,
        ..Chip::default()
    });
    let detected = detect(&board.path, &AtomicBool::new(false)).expect("a chip");
    assert_eq!(detected.chip, flash::Chip::ESP32C6);
    assert_eq!(detected.flash_size, 8 << 20);
    assert!(board.started().has_started());
}

#[test]
fn an_application_is_written_with_all_that_starts_it() {
    let board = Board::new(Chip::default());
    let bytes = application(5, 150_001);
    let mut steps: Vec<Progress> = Vec::new();
    let detected = flash(
        &board.path,
        &plan(bytes.clone()),
        &mut |progress| steps.push(progress),
        &AtomicBool::new(false),
    );
    assert!(detected.is_ok(), "{detected:?}");
    let order: Vec<Step> = steps.iter().fold(Vec::new(), |mut order, progress| {
        if order.last() != Some(&progress.step) {
            order.push(progress.step);
        }
        order
    });
    assert_eq!(
        order,
        [
            Step::Connecting,
            Step::Writing,
            Step::Verifying,
            Step::Restarting
        ]
    );
    for step in [Step::Writing, Step::Verifying] {
        let of_step: Vec<_> = steps.iter().filter(|it| it.step == step).collect();
        assert!(of_step.is_sorted_by_key(|it| it.done), "{of_step:?}");
        let last = of_step.last().expect("progress");
        assert_eq!(last.done, last.total);
        assert_eq!(last.fraction(), Some(1.0));
    }
    let loader = board.started();
    assert!(loader.has_started());
    let flash = loader.flash();
    assert_eq!(flash[0], 0xe9);
    assert_eq!(flash[0x8000..0x8002], [0xaa, 0x50]);
    assert!(flash[0xd000..0xf000].iter().all(|byte| *byte == 0xff));
    assert!(flash[SLOT..].starts_with(&bytes), "the application differs");
    // What the board stores is kept.
    assert!(flash[0x3d_0000..].iter().all(|byte| *byte == 0));
    assert!(flash[0x9000..0xd000].iter().all(|byte| *byte == 0));
}

#[test]
fn erasing_removes_what_the_board_stored() {
    let board = Board::new(Chip::default());
    let plan = Plan {
        erase: true,
        ..small()
    };
    write(&board, &plan).expect("flashed");
    let loader = board.end();
    assert!(loader.flash()[0x3d_0000..].iter().all(|byte| *byte == 0xff));
    assert!(loader.flash()[SLOT..].starts_with(&[0xe9, 1]));
}

#[test]
fn a_merged_image_is_written_as_it_is() {
    let mut bytes = vec![0xff; 0x9000];
    let loader = application(5, 400);
    bytes[..loader.len()].copy_from_slice(&loader);
    bytes[32] = 0x50;
    bytes[0x8000..0x8002].copy_from_slice(&[0xaa, 0x50]);
    let board = Board::new(Chip {
        flash: 21,
        ..Chip::default()
    });
    write(&board, &plan(bytes.clone())).expect("flashed");
    let flash = board.end().flash().to_vec();
    assert!(flash.starts_with(&bytes));
    assert!(flash[bytes.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_port_that_is_missing_or_in_use_is_reported() {
    told(
        detect("/dev/ttyNONE", &AtomicBool::new(false)),
        "no_port",
        &["/dev/ttyNONE", "data cable"],
    );
    let board = Board::new(Chip::default());
    // Another user of the port has locked it.
    let session = Session::open(&board.path, &AtomicBool::new(false)).expect("a chip");
    told(
        detect(&board.path, &AtomicBool::new(false)),
        "port_busy",
        &[&board.path, "close"],
    );
    session.restart().expect("an open port");
}

#[test]
fn a_board_that_is_not_in_download_mode_needs_its_button() {
    for (fault, words) in [
        (Fault::Silent, "no response"),
        (Fault::RunsItsProgram, "runs its program"),
    ] {
        let board = failing(fault);
        told(
            write(&board, &small()),
            "not_in_download_mode",
            &[words, "hold BOOT, press RESET, release BOOT"],
        );
    }
}

#[test]
fn a_program_that_reads_the_port_is_named() {
    let board = failing(Fault::Silent);
    let port = fs::File::open(&board.path).expect("the port");
    let mut program = std::process::Command::new("sleep")
        .arg("60")
        .stdin(port)
        .spawn()
        .expect("sleep");
    let result = detect(&board.path, &AtomicBool::new(false));
    program.kill().expect("running");
    program.wait().expect("ended");
    if cfg!(target_os = "linux") {
        let id = format!("sleep (process {})", program.id());
        told(result, "port_busy", &[&id]);
    }
}

#[test]
fn a_plan_for_another_chip_is_refused_and_the_board_started_again() {
    let cases = [
        (
            Chip {
                id: 13,
                ..Chip::default()
            },
            "wrong_chip",
            ["ESP32-C3", "ESP32-C6"],
        ),
        (
            Chip {
                flash: 21,
                ..Chip::default()
            },
            "flash_too_small",
            ["2 MB", "4 MB"],
        ),
    ];
    for (chip, reason, words) in cases {
        let board = Board::new(chip);
        told(write(&board, &small()), reason, &words);
        let loader = board.started();
        assert!(loader.flash().iter().all(|byte| *byte == 0));
        assert!(loader.has_started());
    }
    // An image for a later revision.
    let mut bytes = application(5, 1_000);
    bytes[15..17].copy_from_slice(&104_u16.to_le_bytes());
    let board = Board::new(Chip::default());
    told(
        write(&board, &plan(bytes)),
        "old_chip",
        &["revision 1.4", "0.0"],
    );
    let large = plan(application(5, 0x1e_0000));
    told(write(&board, &large), "image_too_large", &["1966"]);
}

#[test]
fn chips_that_cannot_be_flashed_are_named() {
    let unknown = Board::new(Chip {
        id: 99,
        ..Chip::default()
    });
    told(write(&unknown, &small()), "unknown_chip", &["99"]);
    let protected = Board::new(Chip {
        security: 1,
        ..Chip::default()
    });
    told(
        write(&protected, &small()),
        "protected",
        &["ESP32-C3", "secure boot"],
    );
    let no_flash = failing(Fault::NoFlash);
    told(write(&no_flash, &small()), "no_flash", &["flash does not"]);
}

#[test]
fn a_stub_that_does_not_start_is_no_response() {
    let board = failing(Fault::NoStub);
    told(
        write(&board, &small()),
        "no_response",
        &["stopped responding while connecting"],
    );
}

#[test]
fn a_refusal_says_during_which_step() {
    let erasing = failing(Fault::RefusesToErase);
    let plan = Plan {
        erase: true,
        ..small()
    };
    told(write(&erasing, &plan), "refused", &["the flash was erased"]);
    for block in [0, 5] {
        let writing = failing(Fault::RefusesBlock(block));
        told(
            write(&writing, &small()),
            "refused",
            &["the firmware was written", "RESET"],
        );
    }
}

#[test]
fn a_pulled_cable_is_told_from_a_board_that_hangs() {
    for block in [0, 7] {
        let board = failing(Fault::UnpluggedAtBlock(block));
        told(
            write(&board, &small()),
            "port_lost",
            &["was disconnected while the firmware was written", "again"],
        );
    }
    let verifying = failing(Fault::UnpluggedAtVerification);
    told(
        write(&verifying, &small()),
        "port_lost",
        &["while the firmware was verified"],
    );
    let hanging = failing(Fault::HangsAtBlock(3));
    told(
        write(&hanging, &small()),
        "no_response",
        &["stopped responding while the firmware was written"],
    );
}

#[test]
fn each_part_is_verified() {
    for (at, part) in [
        (0x20, "the boot loader"),
        (0x8010, "the partition table"),
        (0xd123, "the record of the image"),
        (SLOT + 140_000, "the firmware"),
    ] {
        let board = failing(Fault::FlipsBitAt(at));
        told(write(&board, &small()), "verification_failed", &[part]);
    }
}

#[test]
fn writing_can_be_canceled() {
    let board = Board::new(Chip::default());
    let canceled = AtomicBool::new(false);
    let result = flash(
        &board.path,
        &plan(application(5, 1_000_000)),
        &mut |progress| {
            if progress.step == Step::Writing && progress.done > 200_000 {
                canceled.store(true, Ordering::Relaxed);
            }
        },
        &canceled,
    );
    told(result, "canceled", &["canceled"]);
    let loader = board.end();
    // It was noticed soon.
    assert!(
        loader.flash()[SLOT + 400_000..]
            .iter()
            .all(|byte| *byte == 0)
    );
    let silent = failing(Fault::Silent);
    let begun = Instant::now();
    told(
        detect(&silent.path, &AtomicBool::new(true)),
        "canceled",
        &[],
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
}
