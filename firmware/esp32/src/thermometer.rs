//! The chip's internal temperature sensor. It measures the silicon, which is
//! several degrees warmer than the room, more so with the radio on; useful to
//! notice an overheated chip.

#[cfg(not(feature = "esp32"))]
use esp_hal::tsens::{Config, TemperatureSensor};

use crate::pins::ThermometerPart;

/// The temperature sensor, if the chip has one.
pub(crate) struct Thermometer {
    #[cfg(not(feature = "esp32"))]
    sensor: Option<TemperatureSensor<'static>>,
}

impl Thermometer {
    #[cfg(not(feature = "esp32"))]
    pub(crate) fn new(part: ThermometerPart) -> Self {
        Self {
            sensor: TemperatureSensor::new(part, Config::default()).ok(),
        }
    }

    #[cfg(feature = "esp32")]
    pub(crate) fn new((): ThermometerPart) -> Self {
        Self {}
    }

    /// The temperature in degrees Celsius.
    pub(crate) fn read(&self) -> Option<f32> {
        #[cfg(not(feature = "esp32"))]
        return Some(self.sensor.as_ref()?.get_temperature().to_celsius());
        #[cfg(feature = "esp32")]
        return None;
    }
}
