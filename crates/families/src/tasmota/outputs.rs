//! Outputs as components: which of them are switches, lights and covers.

use super::config::{Config, LightType, Output};

/// The most shutters of a board.
const SHUTTERS: u16 = 16;

/// A light of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Light {
    /// The number of its output, from 0; also that of the component.
    pub(super) output: u16,
    pub(super) kind: LightType,
    pub(super) dimmer: Dimmer,
    /// The suffix of a color that leaves the white channel alone.
    pub(super) color_suffix: &'static str,
    /// `[coldest, warmest]` in mireds.
    pub(super) mireds: [u16; 2],
}

/// How the brightness of a light is set and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimmer {
    /// `Dimmer` for the whole light.
    Whole,
    /// `Dimmer1` is that of the color, `Dimmer2` that of the white.
    Part(u8),
    /// `Channel<n>`: each channel is a light of its own.
    Channel(u16),
    /// `Dimmer3` commands, and `Dimmer` reports.
    Tuya,
}

impl Dimmer {
    pub(super) fn command(self) -> String {
        match self {
            Self::Whole => "Dimmer".to_owned(),
            Self::Part(part) => format!("Dimmer{part}"),
            Self::Channel(output) => format!("Channel{}", output + 1),
            Self::Tuya => "Dimmer3".to_owned(),
        }
    }

    /// The field of a report.
    pub(super) fn field(self) -> String {
        match self {
            Self::Tuya => "Dimmer".to_owned(),
            other => other.command(),
        }
    }
}

impl Config {
    /// The outputs that are switches.
    pub(super) fn relays(&self) -> impl Iterator<Item = u16> {
        self.of_type(Output::Relay)
            .filter(|output| !self.is_plain_light(*output))
    }

    /// The outputs that are lights.
    pub(super) fn lights(&self) -> impl Iterator<Item = Light> {
        let relays = self.of_type(Output::Relay);
        let plain = relays.filter(|output| self.is_plain_light(*output));
        let plain = plain.map(|output| self.light(output, LightType::None, Dimmer::Whole));
        let lights = self.of_type(Output::Light).enumerate();
        let lights = lights.map(|(at, output)| self.light_at(at, output));
        plain.chain(lights)
    }

    /// How many shutters there are: each has two consecutive outputs.
    pub(super) fn shutters(&self) -> u16 {
        let outputs = self.outputs.iter();
        let count = outputs.filter(|output| **output == Output::Shutter).count();
        u16::try_from(count / 2).unwrap_or(SHUTTERS).min(SHUTTERS)
    }

    fn of_type(&self, wanted: Output) -> impl Iterator<Item = u16> {
        let outputs = (0_u16..).zip(&self.outputs);
        outputs
            .filter(move |(_, output)| **output == wanted)
            .map(|(number, _)| number)
    }

    /// A relay that is shown as a light: by SetOption30, or as the light of a
    /// fan.
    fn is_plain_light(&self, output: u16) -> bool {
        let is_relay = self.outputs.get(usize::from(output)) == Some(&Output::Relay);
        (self.options.relays_are_lights && is_relay) || (self.fan && output == 0)
    }

    fn light_at(&self, at: usize, output: u16) -> Light {
        let kind = self.light_type;
        if self.is_plain_light(output) {
            return self.light(output, LightType::None, Dimmer::Whole);
        }
        if self.options.channels {
            return self.light(output, LightType::Dimmer, Dimmer::Channel(output));
        }
        if kind >= LightType::Rgbw && !self.linked {
            // Color and white are separate lights.
            return match (at, kind) {
                (0, _) => Light {
                    color_suffix: "=",
                    ..self.light(output, LightType::Rgb, Dimmer::Part(1))
                },
                (1, LightType::Rgbw) => self.light(output, LightType::Dimmer, Dimmer::Part(2)),
                (1, _) => self.light(output, LightType::ColdWarm, Dimmer::Part(2)),
                _ => self.light(output, LightType::None, Dimmer::Whole),
            };
        }
        let dimmer = match self.tuya {
            true => Dimmer::Tuya,
            false => Dimmer::Whole,
        };
        self.light(output, kind, dimmer)
    }

    fn light(&self, output: u16, kind: LightType, dimmer: Dimmer) -> Light {
        Light {
            output,
            kind,
            dimmer,
            color_suffix: "",
            mireds: match self.options.reduced_temperatures {
                true => [200, 380],
                false => [153, 500],
            },
        }
    }

    /// Whether a shutter counts from its open end.
    pub(super) fn is_inverted(&self, shutter: u16) -> bool {
        let inverted = self.inverted_shutters.get(usize::from(shutter));
        inverted.copied().unwrap_or(false)
    }

    /// The field of a report that has the state of an output. A board with one
    /// output calls it `POWER`, one with several `POWER1` and so on, and both
    /// accept both.
    pub(super) fn power_fields(output: u16) -> [String; 2] {
        let numbered = format!("POWER{}", output + 1);
        match output {
            0 => [numbered, "POWER".to_owned()],
            _ => [numbered.clone(), numbered],
        }
    }
}
