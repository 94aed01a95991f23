//! The board's LED, a WS2812, driven by the remote-control peripheral.
//! `embedded::indicator` and `embedded::color` decide what it shows.

use core::cell::RefCell;

use embassy_futures::select::select;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use embassy_time::Timer;
use embedded::{
    color::Pixel,
    indicator::{Indicator, Notice, PairingIndicator},
    time::{now, sleep_until},
};
use esp_hal::{
    Async,
    gpio::{AnyPin, Level},
    peripherals::RMT,
    rmt::{Channel, PulseCode, Rmt, Tx, TxChannelConfig, TxChannelCreator},
    time::Rate,
};
use log::error;

/// Ticks of 12.5 ns.
const CLOCK: Rate = Rate::from_mhz(80);

/// WS2812B data sheet (Worldsemi), "Data transfer time": a one is high for 0.8
/// µs and low for 0.45 µs, a zero 0.4 and 0.85.
const ONE: PulseCode = PulseCode::new(Level::High, 64, Level::Low, 36);
const ZERO: PulseCode = PulseCode::new(Level::High, 32, Level::Low, 68);

/// "Reset code": low for more than 280 µs before the next color.
const PAUSE: embassy_time::Duration = embassy_time::Duration::from_micros(300);

/// The state of the LED, shared by the tasks that change it.
#[derive(Default)]
pub(crate) struct StatusLed {
    indicator: RefCell<Indicator>,
    changed: Signal<NoopRawMutex, ()>,
}

impl StatusLed {
    /// Sets the light.
    pub(crate) fn set_light(&self, pixel: Pixel) {
        self.indicator.borrow_mut().set_light(pixel);
        self.changed.signal(());
    }

    /// Shows a notice.
    pub(crate) fn notify(&self, notice: Notice) {
        self.indicator.borrow_mut().notify(now(), notice);
        self.changed.signal(());
    }

    /// Shows the state of pairing.
    pub(crate) fn set_pairing(&self, pairing: Option<PairingIndicator>) {
        self.indicator.borrow_mut().set_pairing(now(), pairing);
        self.changed.signal(());
    }

    /// Removes the notice.
    pub(crate) fn clear_notice(&self) {
        self.indicator.borrow_mut().clear_notice();
        self.changed.signal(());
    }
}

/// Drives the LED, forever.
#[embassy_executor::task]
pub(crate) async fn show(
    led_state: &'static StatusLed,
    pulses: RMT<'static>,
    pin: AnyPin<'static>,
) {
    let mut led = match led(pulses, pin) {
        Ok(led) => led,
        Err(error) => return error!("cannot drive the LED: {error}"),
    };
    let mut last = None;
    loop {
        let (pixel, until) = led_state.indicator.borrow_mut().shown(now());
        if last != Some(pixel) {
            if let Err(error) = led.transmit(&codes(pixel)).await {
                error!("LED: {error}");
            }
            last = Some(pixel);
            Timer::after(PAUSE).await;
        }
        select(led_state.changed.wait(), sleep_until(until)).await;
    }
}

fn led(
    pulses: RMT<'static>,
    pin: AnyPin<'static>,
) -> Result<Channel<'static, Async, Tx>, esp_hal::rmt::ConfigError> {
    let config = TxChannelConfig::default()
        .with_clk_divider(1)
        .with_idle_output(true)
        .with_idle_output_level(Level::Low);
    let channel = Rmt::new(pulses, CLOCK)?
        .into_async()
        .channel0
        .configure_tx(&config)?;
    Ok(channel.with_pin(pin))
}

/// "Composition of 24bit data": green, red, blue, most significant bit first.
fn codes(Pixel { red, green, blue }: Pixel) -> [PulseCode; 25] {
    let bits = u32::from_be_bytes([0, green, red, blue]);
    core::array::from_fn(|at| match at {
        24 => PulseCode::end_marker(),
        at if bits >> (23 - at) & 1 == 1 => ONE,
        _ => ZERO,
    })
}
