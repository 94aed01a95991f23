//! What kinds of Shelly there are, and which components each has.

use super::components::{
    Component, battery, color, cover, everything, humidity, input, light, switch, temperature,
};

/// A kind of Shelly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Model {
    /// Two metered switches; input 0 is a switch, input 1 a button.
    #[default]
    Plus2Pm,
    /// The same device as one cover.
    Plus2PmCover,
    /// A dimmable light with a meter, and two buttons.
    DimmerG3,
    /// A color light with a white channel.
    PlusRgbwPm,
    /// Four inputs of type button.
    PlusI4,
    /// A battery-powered thermometer, asleep most of the time.
    HtG3,
    /// One component of every kind, with virtual ones: no such device is sold.
    Everything,
}

impl Model {
    /// Every kind, in the order in which a demo shows them.
    pub const ALL: [Self; 7] = [
        Self::Plus2Pm,
        Self::DimmerG3,
        Self::Plus2PmCover,
        Self::PlusRgbwPm,
        Self::PlusI4,
        Self::Everything,
        Self::HtG3,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plus2Pm => "plus2pm",
            Self::Plus2PmCover => "cover",
            Self::DimmerG3 => "dimmer",
            Self::PlusRgbwPm => "rgbw",
            Self::PlusI4 => "i4",
            Self::HtG3 => "ht",
            Self::Everything => "everything",
        }
    }

    /// `app`, as it is announced; in lowercase and after `shelly` the start of
    /// the id.
    pub(crate) const fn app(self) -> &'static str {
        match self {
            Self::Plus2Pm | Self::Plus2PmCover => "Plus2PM",
            Self::DimmerG3 => "DimmerG3",
            Self::PlusRgbwPm => "PlusRGBWPM",
            Self::PlusI4 => "PlusI4",
            Self::HtG3 => "HTG3",
            Self::Everything => "EverythingG3",
        }
    }

    pub(crate) const fn model(self) -> &'static str {
        match self {
            Self::Plus2Pm | Self::Plus2PmCover => "SNSW-002P16EU",
            Self::DimmerG3 => "S3DM-0A101WWL",
            Self::PlusRgbwPm => "SNDC-0D4P10WW",
            Self::PlusI4 => "SNSN-0024X",
            Self::HtG3 => "S3SN-0U12A",
            Self::Everything => "S3XX-0EVERY",
        }
    }

    pub(crate) const fn generation(self) -> u8 {
        match self {
            Self::DimmerG3 | Self::HtG3 | Self::Everything => 3,
            _ => 2,
        }
    }

    /// What `Shelly.GetDeviceInfo` calls the profile of a device that has
    /// several.
    pub(crate) const fn profile(self) -> Option<&'static str> {
        match self {
            Self::Plus2Pm => Some("switch"),
            Self::Plus2PmCover => Some("cover"),
            Self::PlusRgbwPm => Some("rgbw"),
            _ => None,
        }
    }

    /// Whether it sleeps, and connects to a server when it is awake.
    pub const fn is_battery_powered(self) -> bool {
        matches!(self, Self::HtG3)
    }

    pub(crate) fn components(self) -> Vec<Component> {
        match self {
            Self::Plus2Pm => vec![switch(0), switch(1), input(0, "switch"), input(1, "button")],
            Self::Plus2PmCover => vec![cover(), input(0, "button"), input(1, "button")],
            Self::DimmerG3 => vec![light(), input(0, "button"), input(1, "button")],
            Self::PlusRgbwPm => vec![color("rgbw", true), input(0, "button")],
            Self::PlusI4 => (0..4).map(|id| input(id, "button")).collect(),
            Self::HtG3 => vec![temperature(0, 21.4), humidity(0, 48.5), battery(87)],
            Self::Everything => everything(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_component_carries_its_id_and_every_key_is_used_once() {
        for model in Model::ALL {
            let mut keys = Vec::new();
            for component in model.components() {
                let (_, id) = component.key.split_once(':').unwrap();
                let id: u64 = id.parse().unwrap();
                assert_eq!(component.config["id"], id, "{}", component.key);
                assert_eq!(component.status["id"], id, "{}", component.key);
                keys.push(component.key);
            }
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{model:?}");
        }
    }
}
