//! Signed firmware on flash as a chip has it: the board core over the slot that
//! chips use.

use std::{cell::RefCell, convert::Infallible, rc::Rc, time::Duration};

use board::{
    Board, Component, Effects, Hardware, Identity, ImagePlace, ImageState, Plan, Retained,
    RetainedKey, UpdateSlot,
};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, ReadNorFlash};
use image::Target;
use protocol::{ComponentKey, Epoch, RpcError, State, limits, ota};
use serde_json::{Value, json};
use switchboard_embedded::image_slot::{BootRecord, ImageKind, ImageSlot, Partitions};

use crate::refused::{all_are_refused, begin, key, signed};

const SECTOR: u32 = 4_096;
const PARTITION: u32 = 8 * SECTOR;
const CHIP: u16 = 5;
const TARGET: Target<'static> = Target {
    chip: "esp32c3",
    board: "esp32c3-devkitm-1",
};

/// NOR flash that both partitions and the tests share.
#[derive(Clone)]
struct Nor(Rc<RefCell<Vec<u8>>>);

#[derive(Debug)]
struct Never(Infallible);

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}

impl NorFlashError for Never {
    fn kind(&self) -> embedded_storage::nor_flash::NorFlashErrorKind {
        match self.0 {}
    }
}

impl ErrorType for Nor {
    type Error = Never;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Never> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        bytes.copy_from_slice(&self.0.borrow()[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().len()
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Never> {
        assert!(from.is_multiple_of(SECTOR) && to.is_multiple_of(SECTOR));
        self.0.borrow_mut()[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Never> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        for (cell, byte) in self.0.borrow_mut()[offset as usize..].iter_mut().zip(bytes) {
            *cell &= byte;
        }
        Ok(())
    }
}

/// What was recorded last.
#[derive(Clone, Default)]
struct Record(Rc<RefCell<Vec<&'static str>>>);

impl Record {
    fn put(&self, what: &'static str) -> Result<(), String> {
        self.0.borrow_mut().push(what);
        Ok(())
    }
}

impl BootRecord for Record {
    fn activate(&mut self) -> Result<(), String> {
        self.put("activated")
    }

    fn confirm(&mut self) -> Result<(), String> {
        self.put("confirmed")
    }

    fn roll_back(&mut self) -> Result<(), String> {
        self.put("rolled back")
    }

    fn return_to_other(&mut self) -> Result<(), String> {
        self.put("returned")
    }
}

struct Chip(ImageSlot<Nor, Record>);

impl Hardware for Chip {
    fn set_output(&mut self, _: &ComponentKey, _: &State) -> Result<(), RpcError> {
        Ok(())
    }

    fn read_input(&mut self, _: Duration, _: &ComponentKey) -> Option<State> {
        None
    }

    fn identify(&mut self) {}

    fn reboot(&mut self) {}

    fn free_memory(&self) -> Option<u32> {
        None
    }

    fn rssi(&self) -> Option<i8> {
        None
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        Some(&mut self.0)
    }
}

/// An image as the boot loader expects it, of some kilobytes.
fn esp_image() -> Vec<u8> {
    let mut image = vec![0; 24];
    (image[0], image[1], image[23]) = (0xe9, 2, 1);
    image[12..14].copy_from_slice(&CHIP.to_le_bytes());
    for length in [3_000_u32, 5_004] {
        image.extend([0, 0, 0, 0x40]);
        image.extend(length.to_le_bytes());
        image.extend((0..length).map(|at| u8::try_from(at % 251).unwrap_or_default()));
    }
    image.resize((image.len() + 1).next_multiple_of(16), 0);
    image.extend([9; 32]);
    image
}

struct Bench {
    board: Board<Chip>,
    flash: Nor,
    record: Record,
}

impl Bench {
    /// A board that requires signatures, with these images.
    fn with(running: &[u8], other: &[u8]) -> Self {
        let mut cells = vec![0x12; 2 * PARTITION as usize];
        cells[..running.len()].copy_from_slice(running);
        cells[PARTITION as usize..][..other.len()].copy_from_slice(other);
        let (flash, record) = (Nor(Rc::new(RefCell::new(cells))), Record::default());
        let kind = ImageKind {
            chip: "ESP32-C3",
            chip_number: CHIP,
            target: TARGET,
            signing_key: Some(key().public()),
        };
        let partitions = Partitions {
            running: 0..PARTITION,
            other: PARTITION..2 * PARTITION,
        };
        let state = ImageState::Confirmed;
        let slot = ImageSlot::new(kind, flash.clone(), partitions, record.clone(), state);
        let text = |text: &str| text.to_owned();
        let plan = Plan {
            identity: Identity {
                id: text("sb-1"),
                name: text("Chip"),
                mac: text("02:00:00:00:00:01"),
                version: text("0.1.0"),
                platform: text(TARGET.chip),
                board: text("ESP32-C3-DevKitM-1"),
            },
            components: Vec::<Component>::new(),
            bindings: Vec::new(),
            controllers: 4,
        };
        let required = Retained {
            key: RetainedKey::Signatures,
            value: b"1".to_vec(),
        };
        let board = Board::new(plan, &[required], Epoch(1), Chip(slot)).expect("a board");
        Self {
            board,
            flash,
            record,
        }
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (answer, _): (_, Effects) = self
            .board
            .handle(|board| board.call(Duration::ZERO, &request.to_string()));
        serde_json::from_str(&answer.expect("an answer")).expect("JSON")
    }

    /// Sends a file and commits it; returns the reason of a refusal.
    fn attempt(&mut self, params: &Value, file: &[u8]) -> Option<String> {
        let mut steps = vec![("Ota.Begin", params.clone())];
        let mut offset = 0;
        for part in file.chunks(limits::UPDATE_CHUNK) {
            steps.push(("Ota.Write", json!(ota::Write::new(offset, part))));
            offset += u32::try_from(part.len()).expect("a part");
        }
        steps.push(("Ota.Commit", json!({})));
        steps.into_iter().find_map(|(method, params)| {
            let answer = self.call(method, &params);
            let reason = answer["error"]["data"]["reason"].as_str()?;
            Some(reason.to_owned())
        })
    }

    /// Whether it says that its image is signed, after it has had time to find
    /// out.
    fn signed(&mut self) -> Value {
        for at in 0..200 {
            let now = Duration::from_millis(1_000 + 20 * at);
            let ((), _) = self.board.handle(|board| board.run_until(now));
        }
        self.call("Device.GetStatus", &json!({}))["result"]["update:0"]["signed"].clone()
    }
}

#[test]
fn a_chip_that_requires_signatures_refuses_every_bad_file_and_takes_the_good_one() {
    let mut bench = Bench::with(&esp_image(), &[]);
    let image = esp_image();
    all_are_refused(&image, TARGET, ["0.1.0", "0.0.9"], |params, file| {
        bench.attempt(params, file)
    });
    assert!(bench.record.0.borrow().is_empty());
    let good = signed(&image, TARGET, "0.1.0");
    assert_eq!(bench.attempt(&begin(&good), &good), None);
    assert_eq!(*bench.record.0.borrow(), ["activated"]);
    let written = bench.flash.0.borrow()[PARTITION as usize..][..good.len()].to_vec();
    assert_eq!(written, good);
}

#[test]
fn a_cell_of_flash_that_fails_after_the_write_is_noticed() {
    let good = signed(&esp_image(), TARGET, "0.1.0");
    let mut bench = Bench::with(&esp_image(), &[]);
    assert!(bench.call("Ota.Begin", &begin(&good))["result"].is_object());
    let mut offset = 0;
    for part in good.chunks(limits::UPDATE_CHUNK) {
        bench.call("Ota.Write", &json!(ota::Write::new(offset, part)));
        offset += u32::try_from(part.len()).expect("a part");
    }
    bench.flash.0.borrow_mut()[PARTITION as usize + 4_000] ^= 1;
    let refused = bench.call("Ota.Commit", &json!({}));
    assert_eq!(refused["error"]["data"]["reason"], "hash_mismatch");
}

#[test]
fn a_chip_finds_its_trailer_behind_the_image_in_flash() {
    let good = signed(&esp_image(), TARGET, "0.1.0");
    assert_eq!(Bench::with(&good, &[]).signed(), true);
    assert_eq!(Bench::with(&esp_image(), &[]).signed(), false);
    let mut changed = good.clone();
    changed[5_000] ^= 4;
    assert_eq!(Bench::with(&changed, &[]).signed(), false);
    // Flash that was never written.
    assert_eq!(Bench::with(&[0xff; 64], &[]).signed(), false);
}

#[test]
fn a_factory_reset_returns_to_the_signed_image_in_the_other_partition() {
    let good = signed(&esp_image(), TARGET, "0.0.1");
    let plain = esp_image();
    let erased = vec![0xff; 64];
    for (running, other, recorded) in [
        (&plain, &good, &["returned"][..]),
        (&good, &plain, &[]),
        (&plain, &plain, &[]),
        (&plain, &erased, &[]),
    ] {
        let mut bench = Bench::with(running, other);
        let ((), _) = bench
            .board
            .handle(|board| board.factory_reset(Duration::ZERO));
        assert_eq!(*bench.record.0.borrow(), recorded);
    }
}

#[test]
fn a_person_at_the_chip_returns_only_to_a_whole_image() {
    let good = signed(&esp_image(), TARGET, "0.0.1");
    let back = |other: &[u8]| {
        let mut bench = Bench::with(&esp_image(), other);
        let (done, _) = bench
            .board
            .handle(|board| board.return_to_other_image(Duration::ZERO));
        done.map_err(|error| error.data.reason)
    };
    assert_eq!(back(&good), Ok(()));
    assert_eq!(back(&esp_image()), Err("unsigned".to_owned()));
    assert_eq!(back(&[0xff; 64]), Err("no_other_image".to_owned()));
    let mut endless = good.clone();
    endless[28..32].fill(0xff);
    assert_eq!(back(&endless), Err("no_other_image".to_owned()));
}

#[test]
fn a_read_beyond_a_partition_is_refused() {
    let mut bench = Bench::with(&esp_image(), &[]);
    let slot = &mut bench.board.hardware_mut().0;
    for place in [ImagePlace::Running, ImagePlace::Other] {
        let mut bytes = [0; 8];
        assert!(slot.read_image(place, PARTITION - 8, &mut bytes).is_ok());
        assert!(slot.read_image(place, PARTITION - 7, &mut bytes).is_err());
        assert!(slot.read_image(place, u32::MAX, &mut bytes).is_err());
    }
}
