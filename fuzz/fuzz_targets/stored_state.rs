//! What a board finds when it starts. Flash may hold anything: what another
//! program wrote, what a power cut left, what cells lost. The first byte
//! selects: `f` the bytes are the flash; `c` they change one that this program
//! wrote, three bytes each: position and value; otherwise they are entries, one
//! per line: key, a space, value.
#![no_main]

use std::{sync::LazyLock, time::Duration};

use board::{Retained, Unsaved};
use embassy_futures::block_on;
use libfuzzer_sys::fuzz_target;
use protocol::{FromBoard, limits};
use storage::{
    Blocking, Found, Storage, Wifi,
    nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash},
};
use switchboard_fuzz::board;

/// Smaller than a chip's, so that an input of some kilobytes fills it.
const SECTOR: usize = 1_024;
const SIZE: usize = 4 * SECTOR;

struct Flash(Vec<u8>);

#[derive(Debug)]
struct Outside;

impl NorFlashError for Outside {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::OutOfBounds
    }
}

impl ErrorType for Flash {
    type Error = Outside;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Outside> {
        let start = offset as usize;
        bytes.copy_from_slice(self.0.get(start..start + bytes.len()).ok_or(Outside)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Outside> {
        self.0
            .get_mut(from as usize..to as usize)
            .ok_or(Outside)?
            .fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Outside> {
        let start = offset as usize;
        let place = self.0.get_mut(start..start + bytes.len()).ok_or(Outside)?;
        // Bits only go from 1 to 0.
        place
            .iter_mut()
            .zip(bytes)
            .for_each(|(old, new)| *old &= new);
        Ok(())
    }
}

fn retained(entries: &[u8]) -> Vec<Retained> {
    let entries = entries.split(|byte| *byte == b'\n').filter_map(|line| {
        let (key, value) = line.split_at_checked(line.iter().position(|byte| *byte == b' ')?)?;
        let key = std::str::from_utf8(key).ok()?.parse().ok()?;
        Some(Retained {
            key,
            value: value[1..].to_vec(),
        })
    });
    entries.collect()
}

/// A board starts with these entries and answers.
fn boots(retained: &[Retained]) {
    let mut board = board(retained);
    for method in ["Device.GetInfo", "Device.GetComponents", "Device.GetStatus"] {
        let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
        let (answer, _) = board.handle(|board| board.call(Duration::ZERO, &request));
        let answer = answer.expect("it is answered");
        assert!(answer.len() <= limits::MESSAGE_OUT_OF_BOARD);
        let Ok(FromBoard::Response(response)) = FromBoard::parse(&answer) else {
            panic!("no answer: {answer}")
        };
        assert!(response.outcome.is_ok(), "{answer}");
    }
}

/// Flash that a board has used for a while.
fn used() -> Vec<u8> {
    block_on(async {
        let blank = Blocking(Flash(vec![0xff; SIZE]));
        let (mut storage, _) = Storage::open(blank, 0..SIZE as u32)
            .await
            .expect("it is erased");
        storage
            .set_wifi(
                Wifi::new("Switchboard Lab", "blinking lights")
                    .ok()
                    .as_ref(),
            )
            .await
            .expect("there is room");
        for brightness in 0..60 {
            let light = format!("name Lamp {brightness}\nlight:0 {{\"brightness\":{brightness}}}");
            storage
                .save(&Unsaved::Write(retained(light.as_bytes())))
                .await
                .expect("old entries make room");
        }
        storage.into_flash().0.0
    })
}

fn opened(flash: Vec<u8>) {
    block_on(async {
        let opened = Storage::open(Blocking(Flash(flash)), 0..SIZE as u32).await;
        let (mut storage, found) = opened.expect("whatever lies there is no error");
        if let Ok(retained) = storage.retained().await {
            boots(&retained);
        }
        let _ = storage.wifi().await;
        // What is written now must be there the next time, if it is written
        // into what was found or erased. Behind valid entries a cell may be
        // stuck, and what was written over it is not read back.
        let sound = found != Found::Entries;
        let key = "light:0".parse().expect("a key");
        let kept = vec![Retained {
            key,
            value: br#"{"on":true}"#.to_vec(),
        }];
        let wifi = Wifi::new("Switchboard Lab", "blinking lights").expect("a network");
        // What cannot be understood shows at the first write at the latest, and
        // is erased.
        let mut saved = storage.save(&Unsaved::Write(kept.clone())).await;
        if saved.is_err() {
            saved = storage.save(&Unsaved::Write(kept.clone())).await;
        }
        if saved.is_err() || storage.set_wifi(Some(&wifi)).await.is_err() || !sound {
            return;
        }
        let flash = storage.into_flash();
        let (mut storage, _) = Storage::open(flash, 0..SIZE as u32)
            .await
            .expect("it was open before");
        let found = storage
            .retained()
            .await
            .expect("it was written by this program");
        assert!(found.contains(&kept[0]), "{found:?}");
        assert_eq!(
            storage
                .wifi()
                .await
                .expect("it was written by this program"),
            Some(wifi)
        );
    });
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'f', flash)) if flash.len() <= SIZE => {
            let mut flash = flash.to_vec();
            flash.resize(SIZE, 0xff);
            opened(flash);
        }
        Some((b'c', changes)) => {
            static USED: LazyLock<Vec<u8>> = LazyLock::new(used);
            let mut flash = USED.clone();
            for change in changes.chunks_exact(3) {
                flash[usize::from(u16::from_be_bytes([change[0], change[1]])) % SIZE] = change[2];
            }
            opened(flash);
        }
        _ => boots(&retained(bytes)),
    }
});
