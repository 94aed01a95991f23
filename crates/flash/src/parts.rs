//! What is written around an application: the boot loader that espflash
//! bundles, our partition table, and a cleared record of the image to start.

use std::borrow::Cow;

use esp_idf_part::PartitionTable;
use espflash::{
    flasher::{FlashData, FlashMode, FlashSettings, FlashSize},
    image_format::idf::IdfBootloaderFormat,
    target::XtalFrequency,
};

use super::{Chip, Image, Kind, Part, Problem};

/// The table of the boards' own build.
const PARTITIONS: &str = include_str!("../partitions.csv");

/// Where every boot loader looks for the table: ESP-IDF's
/// `CONFIG_PARTITION_TABLE_OFFSET`.
const TABLE_AT: u32 = 0x8000;

/// An ELF file without sections: espflash gives its boot loaders only together
/// with an application.
const EMPTY_ELF: [u8; 52] = {
    let mut elf = [0; 52];
    // The magic number, 32 bits, little endian, version 1.
    let begin = [0x7f, b'E', b'L', b'F', 1, 1, 1];
    let mut at = 0;
    while at < begin.len() {
        elf[at] = begin[at];
        at += 1;
    }
    elf[16] = 2; // e_type: an executable
    elf[18] = 243; // e_machine: RISC-V
    elf[20] = 1; // e_version
    elf[40] = 52; // e_ehsize
    elf[42] = 32; // e_phentsize
    elf[46] = 40; // e_shentsize
    elf
};

/// Bytes for an address in flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) part: Part,
    pub(super) address: u32,
    /// A multiple of four bytes.
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Piece<'a> {
    fn new(part: Part, address: u32, bytes: Cow<'a, [u8]>) -> Self {
        Self {
            part,
            address,
            bytes: padded(bytes),
        }
    }
}

/// What determines the boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hardware {
    pub(super) chip: Chip,
    pub(super) flash: FlashSize,
    pub(super) crystal: XtalFrequency,
}

/// All that is written for an image, in the order of writing.
pub(super) fn pieces(image: &Image, hardware: Hardware) -> Result<Vec<Piece<'_>>, Problem> {
    let all = Cow::Borrowed(&image.bytes[..]);
    if image.kind == Kind::Merged {
        return Ok(vec![Piece::new(Part::Firmware, 0, all)]);
    }
    let missing = |why: String| Problem::NoBootLoader { why };
    let table = PartitionTable::try_from_str(PARTITIONS).map_err(|e| missing(e.to_string()))?;
    let of = |name: &str| {
        table
            .find(name)
            .ok_or_else(|| missing(format!("the partition table lacks {name}")))
    };
    let (record, slot) = (of("otadata")?, of("ota_0")?);
    // A cleared record makes the boot loader start the first slot.
    let cleared = vec![0xff; usize::try_from(record.size()).unwrap_or_default()];
    let table_bytes = table.to_bin().map_err(|e| missing(e.to_string()))?;
    let loader = boot_loader(hardware)?.into();
    let boot = hardware.chip.0.boot_address();
    Ok(vec![
        Piece::new(Part::BootLoader, boot, loader),
        Piece::new(Part::PartitionTable, TABLE_AT, table_bytes.into()),
        Piece::new(Part::StartRecord, record.offset(), cleared.into()),
        Piece::new(Part::Firmware, slot.offset(), all),
    ])
}

/// The boot loader for a chip, with the size of its flash in the header.
fn boot_loader(hardware: Hardware) -> Result<Vec<u8>, Problem> {
    let missing = |error: espflash::Error| Problem::NoBootLoader {
        why: super::wire::words(&error),
    };
    let settings = FlashSettings::new(Some(FlashMode::Dio), Some(hardware.flash), None);
    let data = FlashData::new(settings, 0, None, hardware.chip.0, hardware.crystal);
    let format =
        IdfBootloaderFormat::new(&EMPTY_ELF, &data, None, None, None, None).map_err(missing)?;
    let at = hardware.chip.0.boot_address();
    format
        .flash_segments()
        .find(|segment| segment.addr == at)
        .map(|segment| segment.data.into_owned())
        .ok_or_else(|| Problem::NoBootLoader {
            why: "espflash has none".to_owned(),
        })
}

/// The flash is written in words.
fn padded(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if bytes.len().is_multiple_of(4) {
        return bytes;
    }
    let mut bytes = bytes.into_owned();
    bytes.resize(bytes.len().next_multiple_of(4), 0xff);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use espflash::{flasher::FlashSize, target::XtalFrequency};

    use super::{Hardware, pieces};
    use crate::{Chip, Image, Part, Problem, image::tests::application, plan::SLOT};

    fn hardware(chip: Chip) -> Hardware {
        Hardware {
            chip,
            flash: FlashSize::_8Mb,
            crystal: XtalFrequency::_40Mhz,
        }
    }

    #[test]
    fn an_application_gets_what_its_chip_needs_to_start() -> Result<(), Problem> {
        for (chip, id, at) in [
            (Chip::ESP32, 0, 0x1000),
            (Chip::ESP32S3, 9, 0),
            (Chip::ESP32C3, 5, 0),
            (Chip::ESP32C6, 13, 0),
        ] {
            let image = Image::of("a", application(id, 1_001))?;
            let pieces = pieces(&image, hardware(chip))?;
            let at_of: Vec<_> = pieces.iter().map(|p| (p.part, p.address)).collect();
            assert_eq!(
                at_of,
                [
                    (Part::BootLoader, at),
                    (Part::PartitionTable, 0x8000),
                    (Part::StartRecord, 0xd000),
                    (Part::Firmware, 0x1_0000),
                ]
            );
            assert!(pieces.iter().all(|piece| piece.bytes.len() % 4 == 0));
            let loader = &pieces[0].bytes;
            // Magic number; 8 MB in the upper half of the fourth byte; the
            // chip.
            assert_eq!(
                (loader[0], loader[3] >> 4, loader[12]),
                (0xe9, 3, image.bytes[12])
            );
            assert!(loader.len() < 0x8000 - at as usize);
            assert!(pieces[1].bytes.starts_with(&[0xaa, 0x50]));
            assert_eq!(pieces[2].bytes[..], [0xff; 0x2000]);
            assert!(pieces[3].bytes.starts_with(&image.bytes));
        }
        Ok(())
    }

    #[test]
    fn the_limits_of_a_plan_are_those_of_the_partition_table() {
        let table = esp_idf_part::PartitionTable::try_from_str(super::PARTITIONS).expect("valid");
        let slot = table.find("ota_0").expect("a slot");
        assert_eq!(slot.size() as usize, SLOT);
        let end = table
            .partitions()
            .iter()
            .map(|p| p.offset() + p.size())
            .max();
        assert_eq!(end, Some(crate::FLASH_NEEDED));
    }
}
