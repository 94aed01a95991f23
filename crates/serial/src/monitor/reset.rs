//! How a host resets a board with the lines DTR and RTS of its serial port.
//!
//! Boards with a USB converter connect RTS to the chip's EN and DTR to GPIO0
//! through two transistors, which act only while the lines differ ("Automatic
//! Bootloader" in Espressif's "Boot Mode Selection"). The USB Serial/JTAG
//! controller imitates this circuit.

use std::{thread, time::Duration};

use crate::DeviceKind;

/// A step of a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Sets DTR; off means GPIO0 is high, so that the firmware starts and not
    /// the download mode.
    Dtr(bool),
    /// Sets RTS; on means that EN is low: the chip is held in reset.
    Rts(bool),
    /// Waits.
    Wait(Duration),
}

const CLASSIC: [Step; 4] = [
    Step::Dtr(false),
    Step::Rts(true),
    Step::Wait(Duration::from_millis(100)),
    Step::Rts(false),
];

/// Windows passes DTR on only when RTS is set, so RTS is set twice. The
/// controller needs more time than the circuit.
const SERIAL_JTAG: [Step; 6] = [
    Step::Dtr(false),
    Step::Rts(true),
    Step::Dtr(false),
    Step::Rts(true),
    Step::Wait(Duration::from_millis(200)),
    Step::Rts(false),
];

/// The steps that restart the firmware of a board at a port of this kind.
pub(super) fn steps(kind: DeviceKind) -> &'static [Step] {
    match kind {
        DeviceKind::SerialJtag | DeviceKind::Otg => &SERIAL_JTAG,
        _ => &CLASSIC,
    }
}

/// The lines of a port.
pub(super) trait ControlLines {
    /// Sets DTR; `false` if the port has no such line.
    fn set_dtr(&mut self, on: bool) -> bool;
    /// Sets RTS; `false` if the port has no such line.
    fn set_rts(&mut self, on: bool) -> bool;
}

/// Resets a board; `false` if the port has no such lines.
pub(super) fn reset(port: &mut impl ControlLines, kind: DeviceKind) -> bool {
    for step in steps(kind) {
        let done = match step {
            Step::Dtr(on) => port.set_dtr(*on),
            Step::Rts(on) => port.set_rts(*on),
            Step::Wait(time) => {
                thread::sleep(*time);
                true
            }
        };
        if !done {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circuit of a board with a USB converter, from its truth table.
    #[derive(Default)]
    struct Circuit {
        dtr: bool,
        rts: bool,
        in_reset: bool,
        /// For each start of the chip, whether GPIO0 was high.
        starts: Vec<bool>,
    }

    impl Circuit {
        fn settle(&mut self) -> bool {
            let reset = self.rts && !self.dtr;
            let gpio0_low = self.dtr && !self.rts;
            if self.in_reset && !reset {
                self.starts.push(!gpio0_low);
            }
            self.in_reset = reset;
            true
        }
    }

    impl ControlLines for Circuit {
        fn set_dtr(&mut self, on: bool) -> bool {
            self.dtr = on;
            self.settle()
        }

        fn set_rts(&mut self, on: bool) -> bool {
            self.rts = on;
            self.settle()
        }
    }

    #[test]
    fn a_reset_restarts_the_firmware_once_and_not_the_download_mode() {
        for kind in [DeviceKind::Converter("CH340"), DeviceKind::SerialJtag] {
            for (dtr, rts) in [(false, false), (true, true), (true, false)] {
                let mut circuit = Circuit {
                    dtr,
                    rts,
                    ..Circuit::default()
                };
                assert!(reset(&mut circuit, kind));
                assert_eq!(circuit.starts, [true], "{kind}, {dtr}, {rts}");
                assert!(!circuit.in_reset);
            }
        }
    }

    #[test]
    fn a_port_without_the_lines_is_not_reset() {
        struct Terminal;
        impl ControlLines for Terminal {
            fn set_dtr(&mut self, _on: bool) -> bool {
                false
            }
            fn set_rts(&mut self, _on: bool) -> bool {
                false
            }
        }
        assert!(!reset(&mut Terminal, DeviceKind::Unknown));
    }
}
