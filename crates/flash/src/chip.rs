//! The chips that can be detected.

use std::{fmt, str::FromStr};

use espflash::target::Chip as Target;

/// A chip: its kind, not a single one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chip(pub(crate) Target);

impl Chip {
    /// The classic ESP32.
    pub const ESP32: Self = Self(Target::Esp32);
    /// ESP32-C3.
    pub const ESP32C3: Self = Self(Target::Esp32c3);
    /// ESP32-C6.
    pub const ESP32C6: Self = Self(Target::Esp32c6);
    /// ESP32-S3.
    pub const ESP32S3: Self = Self(Target::Esp32s3);

    /// The name for programs, as manifests and Espressif's tools use it, for
    /// example `esp32c3`.
    #[must_use]
    pub fn name(self) -> String {
        self.0.to_string()
    }

    /// The name for people, for example `ESP32-C3`.
    #[must_use]
    pub fn title(self) -> String {
        let name = self.0.to_string().to_uppercase();
        match name.split_at_checked(5) {
            Some((family, suffix)) if !suffix.is_empty() => format!("{family}-{suffix}"),
            _ => name,
        }
    }

    /// The chip whose images have this id in their header (ESP-IDF's
    /// `esp_chip_id_t`).
    #[must_use]
    pub fn of_id(id: u16) -> Option<Self> {
        Target::try_from(id).ok().map(Self)
    }
}

impl FromStr for Chip {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        name.parse()
            .map(Self)
            .map_err(|_| format!("{name:?} is not a chip that can be flashed"))
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())
    }
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::Chip;

    #[test]
    fn chips_have_a_name_for_programs_and_one_for_people() {
        assert_eq!(Chip::ESP32C3.name(), "esp32c3");
        assert_eq!(Chip::ESP32C3.title(), "ESP32-C3");
        assert_eq!(Chip::ESP32.title(), "ESP32");
        assert_eq!("esp32s3".parse(), Ok(Chip::ESP32S3));
        assert_eq!(Chip::of_id(13), Some(Chip::ESP32C6));
        assert!("esp8266".parse::<Chip>().is_err());
    }
}
