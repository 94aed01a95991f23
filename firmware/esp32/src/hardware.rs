//! The chip's implementation of the board core's hardware.

use alloc::string::String;
use core::time::Duration;

use board::{Hardware, PairingDisplay, UpdateSlot};
use embedded::{
    color::pixel,
    indicator::{Notice, PairingIndicator},
    serial_console::pairing_line,
};
use esp_hal::{
    gpio::{AnyPin, Level, Output, OutputConfig},
    rng::Rng,
};
use esp_println::println;
use log::info;
use protocol::{ComponentKey, Kind, ResetReason, RpcError, State};
use serde_json::json;

use crate::{
    heap, light::StatusLed, panic, plan::FREE_STACK, reset, stack, thermometer::Thermometer,
    update::Slot, wifi::WifiHandle,
};

/// The chip's outputs, sensors and LED.
pub(crate) struct Chip {
    led: &'static StatusLed,
    wifi: &'static WifiHandle,
    relay: Output<'static>,
    thermometer: Thermometer,
    update: Option<Slot>,
    last_panic: Option<String>,
    reset_reason: Option<ResetReason>,
    random: Rng,
}

impl Chip {
    pub(crate) fn new(
        led: &'static StatusLed,
        wifi: &'static WifiHandle,
        relay: AnyPin<'static>,
        thermometer: Thermometer,
        update: Option<Slot>,
        random: Rng,
    ) -> Self {
        let relay = Output::new(relay, Level::Low, OutputConfig::default());
        let last_panic = panic::take_last();
        let reset_reason = reset::reason(last_panic.is_some());
        Self {
            led,
            wifi,
            relay,
            thermometer,
            update,
            last_panic,
            reset_reason,
            random,
        }
    }
}

impl Hardware for Chip {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        match key.kind {
            Kind::Light => self.led.set_light(pixel(state)),
            Kind::Switch => self.relay.set_level(Level::from(state.on() == Some(true))),
            _ => {}
        }
        Ok(())
    }

    fn read_input(&mut self, _: Duration, key: &ComponentKey) -> Option<State> {
        let value = match key.id {
            FREE_STACK => json!(stack::least_free()),
            _ => json!(self.thermometer.read()?),
        };
        Some(State::new().with("value", value))
    }

    fn identify(&mut self) {
        self.led.notify(Notice::Identify);
    }

    fn reboot(&mut self) {
        info!("restarting on request");
        esp_hal::system::software_reset();
    }

    fn free_memory(&self) -> Option<u32> {
        Some(heap::free())
    }

    fn rssi(&self) -> Option<i8> {
        self.wifi.rssi()
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        self.update.as_mut().map(|slot| slot as &mut dyn UpdateSlot)
    }

    /// True random numbers while the radio is on, which it is before anything
    /// is served (ESP32-C3 Technical Reference Manual, chapter "Random Number
    /// Generator").
    fn random(&mut self, bytes: &mut [u8]) -> bool {
        self.random.read(bytes);
        true
    }

    fn supports_outbound(&self) -> bool {
        true
    }

    /// Shown on the serial port and the LED; never in the log, which is sent
    /// over the network.
    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        println!("{}", pairing_line(shown));
        self.led.set_pairing(PairingIndicator::of(shown));
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        self.reset_reason.clone()
    }

    fn take_last_panic(&mut self) -> Option<String> {
        self.last_panic.take()
    }
}
