//! The chip's own thermometer. It tells the temperature of the silicon, which
//! is some degrees warmer than the room, more with the radio on; good for
//! seeing a chip that is too hot.

#[cfg(not(feature = "esp32"))]
use esp_hal::tsens::{Config, TemperatureSensor};

use crate::pins::ThermometerPart;

/// The thermometer, where the chip has one.
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

    /// In degrees Celsius.
    pub(crate) fn read(&self) -> Option<f32> {
        #[cfg(not(feature = "esp32"))]
        return Some(self.sensor.as_ref()?.get_temperature().to_celsius());
        #[cfg(feature = "esp32")]
        return None;
    }
}
