//! The chip's internal temperature sensor. It measures the silicon, which is
//! several degrees warmer than the room, more so with the radio on; useful to
//! notice an overheated chip.

#[cfg(feature = "thermometer")]
use esp_hal::tsens::{Config, TemperatureSensor};

use crate::pins::ThermometerPart;

/// The temperature sensor, if the chip has one.
pub(crate) struct Thermometer {
    #[cfg(feature = "thermometer")]
    sensor: Option<TemperatureSensor<'static>>,
}

impl Thermometer {
    #[cfg(feature = "thermometer")]
    pub(crate) fn new(part: ThermometerPart) -> Self {
        Self {
            sensor: TemperatureSensor::new(part, Config::default()).ok(),
        }
    }

    #[cfg(not(feature = "thermometer"))]
    pub(crate) fn new(_: ThermometerPart) -> Self {
        Self {}
    }

    /// The temperature in degrees Celsius.
    pub(crate) fn read(&self) -> Option<f32> {
        #[cfg(feature = "thermometer")]
        return Some(self.sensor.as_ref()?.get_temperature().to_celsius());
        #[cfg(not(feature = "thermometer"))]
        return None;
    }
}
