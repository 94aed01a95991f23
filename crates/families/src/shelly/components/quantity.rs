//! What a sensor measures, in Home Assistant's terms.

use protocol::{Descriptor, EntityCategory};

/// A measured quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Power,
    ApparentPower,
    Voltage,
    Current,
    Frequency,
    PowerFactor,
    Energy,
    Temperature,
    /// Of the board itself.
    BoardTemperature,
    Humidity,
    Illuminance,
    Battery,
    BatteryVoltage,
    Percent,
    Count,
    Signal,
    Uptime,
    Memory,
}

impl Quantity {
    /// `device_class`, `unit_of_measurement`, `accuracy_decimals` and
    /// `state_class`.
    const fn terms(self) -> (&'static str, &'static str, u8, &'static str) {
        const NOW: &str = "measurement";
        const SUM: &str = "total_increasing";
        match self {
            Self::Power => ("power", "W", 1, NOW),
            Self::ApparentPower => ("apparent_power", "VA", 1, NOW),
            Self::Voltage => ("voltage", "V", 1, NOW),
            Self::Current => ("current", "A", 3, NOW),
            Self::Frequency => ("frequency", "Hz", 1, NOW),
            Self::PowerFactor => ("power_factor", "", 2, NOW),
            Self::Energy => ("energy", "Wh", 1, SUM),
            Self::Temperature | Self::BoardTemperature => ("temperature", "°C", 1, NOW),
            Self::Humidity => ("humidity", "%", 1, NOW),
            Self::Illuminance => ("illuminance", "lx", 0, NOW),
            Self::Battery => ("battery", "%", 0, NOW),
            Self::BatteryVoltage => ("voltage", "V", 2, NOW),
            Self::Percent => ("", "%", 1, NOW),
            Self::Count => ("", "", 0, SUM),
            Self::Signal => ("signal_strength", "dBm", 0, NOW),
            Self::Uptime => ("duration", "s", 0, SUM),
            Self::Memory => ("data_size", "B", 0, NOW),
        }
    }

    /// Whether it reports on the board itself.
    const fn is_diagnostic(self) -> bool {
        matches!(
            self,
            Self::BoardTemperature
                | Self::Battery
                | Self::BatteryVoltage
                | Self::Signal
                | Self::Uptime
                | Self::Memory
        )
    }

    /// Writes the terms into a description.
    pub(super) fn describe(self, descriptor: &mut Descriptor) {
        let (class, unit, decimals, state_class) = self.terms();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        descriptor.device_class = some(class);
        descriptor.unit_of_measurement = some(unit);
        descriptor.accuracy_decimals = Some(decimals);
        descriptor.state_class = some(state_class);
        if self.is_diagnostic() {
            descriptor.entity_category = Some(EntityCategory::Diagnostic);
        }
    }
}
