//! The board's LED, a WS2812, driven by the remote-control peripheral. What it
//! shows is decided in `embedded::indicator` and `embedded::colour`.

use core::{cell::RefCell, time::Duration};

use embassy_futures::select::select;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use embassy_time::{Instant, Timer};
use embedded::{
    colour::Pixel,
    indicator::{Indicator, Notice, Pairing},
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

/// "Reset code": low for more than 280 µs before the next colour.
const PAUSE: embassy_time::Duration = embassy_time::Duration::from_micros(300);

/// What the LED is to show, as its users share it.
#[derive(Default)]
pub(crate) struct Lamp {
    indicator: RefCell<Indicator>,
    changed: Signal<NoopRawMutex, ()>,
}

impl Lamp {
    /// What the light gives.
    pub(crate) fn light(&self, pixel: Pixel) {
        self.indicator.borrow_mut().light(pixel);
        self.changed.signal(());
    }

    /// Tells something.
    pub(crate) fn tell(&self, notice: Notice) {
        self.indicator.borrow_mut().tell(now(), notice);
        self.changed.signal(());
    }

    /// Shows how pairing goes.
    pub(crate) fn pairing(&self, pairing: Option<Pairing>) {
        self.indicator.borrow_mut().pairing(now(), pairing);
        self.changed.signal(());
    }

    /// There is nothing to tell any more.
    pub(crate) fn be_quiet(&self) {
        self.indicator.borrow_mut().be_quiet();
        self.changed.signal(());
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}

/// Shows it, for ever.
#[embassy_executor::task]
pub(crate) async fn show(lamp: &'static Lamp, pulses: RMT<'static>, pin: AnyPin<'static>) {
    let mut led = match led(pulses, pin) {
        Ok(led) => led,
        Err(error) => return error!("the LED cannot be driven: {error:?}"),
    };
    let mut last = None;
    loop {
        let (pixel, until) = lamp.indicator.borrow_mut().shown(now());
        if last != Some(pixel) {
            if let Err(error) = led.transmit(&codes(pixel)).await {
                error!("the LED: {error:?}");
            }
            last = Some(pixel);
            Timer::after(PAUSE).await;
        }
        match until {
            Some(until) => {
                let until =
                    Instant::from_micros(u64::try_from(until.as_micros()).unwrap_or(u64::MAX));
                select(lamp.changed.wait(), Timer::at(until)).await;
            }
            None => lamp.changed.wait().await,
        }
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

/// "Composition of 24bit data": green, red, blue, the highest bit first.
fn codes(Pixel { red, green, blue }: Pixel) -> [PulseCode; 25] {
    let bits = u32::from_be_bytes([0, green, red, blue]);
    core::array::from_fn(|at| match at {
        24 => PulseCode::end_marker(),
        at if bits >> (23 - at) & 1 == 1 => ONE,
        _ => ZERO,
    })
}
