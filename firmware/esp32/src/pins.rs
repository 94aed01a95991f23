//! Everything that depends on the chip and the board: pins and names. No other
//! module distinguishes chips.

#[cfg(not(any(
    feature = "esp32c3-devkitm-1",
    feature = "esp32c3-devkit-rust-1",
    feature = "esp32c6-devkitc-1",
    feature = "esp32s3-devkitc-1",
    feature = "esp32-devkitc"
)))]
compile_error!(
    "name the board: --no-default-features --features esp32c6-devkitc-1 (README.md lists them)"
);

#[cfg(any(
    all(
        feature = "esp32c3",
        any(feature = "esp32c6", feature = "esp32s3", feature = "esp32")
    ),
    all(feature = "esp32c6", any(feature = "esp32s3", feature = "esp32")),
    all(feature = "esp32s3", feature = "esp32"),
    all(feature = "esp32c3-devkitm-1", feature = "esp32c3-devkit-rust-1"),
))]
compile_error!("one board at a time: with another than the default, say --no-default-features");

use embedded_io_async::{Read, Write};
use esp_hal::{
    gpio::{AnyPin, Pin},
    peripherals::{FLASH, FROM_CPU_INTR0, Peripherals, RMT, RTC_TIMER, TIMG0, WIFI},
};

/// The chip's name in announcements and firmware files.
pub(crate) const PLATFORM: &str = esp_hal::chip!();

/// The chip's display name.
pub(crate) const CHIP: &str = if cfg!(feature = "esp32c3") {
    "ESP32-C3"
} else if cfg!(feature = "esp32c6") {
    "ESP32-C6"
} else if cfg!(feature = "esp32s3") {
    "ESP32-S3"
} else {
    "ESP32"
};

/// The chip's number in the header of its images (esptool's documentation,
/// "Firmware Image Format": `chip_id`).
pub(crate) const IMAGE_CHIP: u16 = if cfg!(feature = "esp32c3") {
    5
} else if cfg!(feature = "esp32c6") {
    13
} else if cfg!(feature = "esp32s3") {
    9
} else {
    0
};

/// The board's name in signed images: that of its feature.
pub(crate) const TARGET_BOARD: &str = if cfg!(feature = "esp32c3-devkitm-1") {
    "esp32c3-devkitm-1"
} else if cfg!(feature = "esp32c3-devkit-rust-1") {
    "esp32c3-devkit-rust-1"
} else if cfg!(feature = "esp32c6-devkitc-1") {
    "esp32c6-devkitc-1"
} else if cfg!(feature = "esp32s3-devkitc-1") {
    "esp32s3-devkitc-1"
} else {
    "esp32-devkitc"
};

/// The name that is printed on the board.
pub(crate) const BOARD: &str = if cfg!(feature = "esp32c3-devkitm-1") {
    "ESP32-C3-DevKitM-1"
} else if cfg!(feature = "esp32c3-devkit-rust-1") {
    "ESP32-C3-DevKit-RUST-1"
} else if cfg!(feature = "esp32c6-devkitc-1") {
    "ESP32-C6-DevKitC-1"
} else if cfg!(feature = "esp32s3-devkitc-1") {
    "ESP32-S3-DevKitC-1"
} else {
    "ESP32-DevKitC"
};

/// The part of the heap in bytes that is the boot loader's memory, free once
/// the program runs (`dram2_seg` in esp-hal's linker scripts).
pub(crate) const RECLAIMED_HEAP: usize = if cfg!(feature = "esp32") {
    96 * 1_024
} else {
    64 * 1_024
};

/// The rest of the heap, taken from the RAM that the linker assigns; what that
/// leaves is the stack. Together with the above: 112 kB for the board with four
/// controllers, and the radio and its bursts. Also in budget.toml.
pub(crate) const OWN_HEAP: usize = if cfg!(feature = "esp32") {
    // The linker has 192 KiB, fewer than on the others.
    112 * 1_024
} else {
    144 * 1_024
};

#[cfg(feature = "thermometer")]
pub(crate) type ThermometerPart = esp_hal::peripherals::TSENS<'static>;
/// The classic ESP32 has no readable sensor, and esp-hal 1.2 no driver for that
/// of the ESP32-S3.
#[cfg(not(feature = "thermometer"))]
pub(crate) struct ThermometerPart;

/// The chip's peripherals by purpose.
pub(crate) struct Parts {
    /// The WS2812.
    pub(crate) led: AnyPin<'static>,
    /// The BOOT button: low while it is pressed.
    pub(crate) button: AnyPin<'static>,
    /// A relay's input: high is on.
    pub(crate) relay: AnyPin<'static>,
    pub(crate) pulses: RMT<'static>,
    pub(crate) radio: WIFI<'static>,
    pub(crate) timers: TIMG0<'static>,
    pub(crate) interrupt: FROM_CPU_INTR0<'static>,
    pub(crate) watchdog: RTC_TIMER<'static>,
    pub(crate) thermometer: ThermometerPart,
    pub(crate) flash: FLASH<'static>,
    pub(crate) serial: SerialPart,
}

impl Parts {
    /// Pins follow the boards' schematics; README.md lists them in a table.
    pub(crate) fn of(chip: Peripherals) -> Self {
        #[cfg(feature = "esp32c3-devkitm-1")]
        let (led, button, relay) = (
            chip.GPIO8.degrade(),
            chip.GPIO9.degrade(),
            chip.GPIO4.degrade(),
        );
        #[cfg(feature = "esp32c3-devkit-rust-1")]
        let (led, button, relay) = (
            chip.GPIO2.degrade(),
            chip.GPIO9.degrade(),
            chip.GPIO4.degrade(),
        );
        #[cfg(feature = "esp32c6-devkitc-1")]
        let (led, button, relay) = (
            chip.GPIO8.degrade(),
            chip.GPIO9.degrade(),
            chip.GPIO4.degrade(),
        );
        // Board version 1.1; version 1.0 has the LED at GPIO48.
        #[cfg(feature = "esp32s3-devkitc-1")]
        let (led, button, relay) = (
            chip.GPIO38.degrade(),
            chip.GPIO0.degrade(),
            chip.GPIO4.degrade(),
        );
        // This board has no WS2812; one can be connected here.
        #[cfg(feature = "esp32-devkitc")]
        let (led, button, relay) = (
            chip.GPIO16.degrade(),
            chip.GPIO0.degrade(),
            chip.GPIO4.degrade(),
        );
        Self {
            led,
            button,
            relay,
            pulses: chip.RMT,
            radio: chip.WIFI,
            timers: chip.TIMG0,
            interrupt: chip.FROM_CPU_INTR0,
            watchdog: chip.RTC_TIMER,
            #[cfg(feature = "thermometer")]
            thermometer: chip.TSENS,
            #[cfg(not(feature = "thermometer"))]
            thermometer: ThermometerPart,
            flash: chip.FLASH,
            #[cfg(not(feature = "esp32"))]
            serial: chip.USB_DEVICE,
            #[cfg(feature = "esp32")]
            serial: (chip.UART0, chip.GPIO3, chip.GPIO1),
        }
    }
}

#[cfg(not(feature = "esp32"))]
pub(crate) type SerialPart = esp_hal::peripherals::USB_DEVICE<'static>;
/// The classic ESP32 has no USB: its boards have a converter at the first
/// serial port. The pins are input and output.
#[cfg(feature = "esp32")]
pub(crate) type SerialPart = (
    esp_hal::peripherals::UART0<'static>,
    esp_hal::peripherals::GPIO3<'static>,
    esp_hal::peripherals::GPIO1<'static>,
);

/// Opens the port that a computer is connected to; returns input and output.
/// Cannot fail for USB.
#[cfg(not(feature = "esp32"))]
pub(crate) fn open_serial(
    part: SerialPart,
) -> Result<(impl Read, impl Write), core::convert::Infallible> {
    Ok(esp_hal::usb::usb_serial_jtag::UsbSerialJtag::new(part)
        .into_async()
        .split())
}

/// Opens the port that a computer is connected to, at 115,200 bit/s; returns
/// input and output.
#[cfg(feature = "esp32")]
pub(crate) fn open_serial(
    (port, input, output): SerialPart,
) -> Result<(impl Read, impl Write), esp_hal::uart::ConfigError> {
    let port = esp_hal::uart::Uart::new(port, esp_hal::uart::Config::default())?;
    Ok(port.with_rx(input).with_tx(output).into_async().split())
}
