//! Conversions between the scales of WLED and those of `docs/protocol.md`.

/// The warmest color temperature of WLED's `cct` scale, in kelvin.
pub(super) const WARMEST_K: u16 = 1900;

/// One step of `cct`, in kelvin: WLED divides by 32 (`Segment::setCCT`).
const STEP_K: u16 = 32;

/// The coldest color temperature, in kelvin: `cct` 255.
pub(super) const COLDEST_K: u16 = WARMEST_K + 255 * STEP_K;

/// `bri` of a brightness in percent; more than 100 % counts as 100 %.
pub(super) fn bri(percent: u8) -> u8 {
    narrow((u32::from(percent.min(100)) * 255 + 50) / 100)
}

/// The brightness of `bri` in percent. Only 0 is 0 %.
pub(super) fn percent(bri: u8) -> u8 {
    let percent = narrow((u32::from(bri) * 100 + 127) / 255);
    percent.max(u8::from(bri > 0))
}

/// `bri` of a segment that is dimmed by the whole strip's `bri`.
pub(super) fn dimmed(segment: u8, whole: u8) -> u8 {
    narrow((u32::from(segment) * u32::from(whole) + 127) / 255)
}

/// The `cct` closest to a color temperature.
pub(super) fn cct(kelvin: u16) -> u8 {
    let above = u32::from(kelvin.clamp(WARMEST_K, COLDEST_K) - WARMEST_K);
    narrow((above + u32::from(STEP_K) / 2) / u32::from(STEP_K))
}

/// The color temperature of a `cct`, in kelvin.
pub(super) fn kelvin(cct: u8) -> u16 {
    WARMEST_K + u16::from(cct) * STEP_K
}

/// Tenths of a second, the unit of `tt`.
pub(super) fn tenths(ms: u32) -> u32 {
    (ms + 50) / 100
}

fn narrow(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_percentage_survives_the_way_to_the_board_and_back() {
        for percentage in 0..=100 {
            assert_eq!(percent(bri(percentage)), percentage);
            // A single segment shows the product of its own and the whole
            // strip's brightness.
            assert_eq!(percent(dimmed(255, bri(percentage))), percentage);
        }
        assert_eq!((bri(0), bri(100), bri(200)), (0, 255, 255));
    }

    #[test]
    fn a_light_that_is_not_dark_is_never_shown_at_0_percent() {
        assert_eq!(
            (percent(0), percent(1), percent(2), percent(255)),
            (0, 1, 1, 100)
        );
    }

    #[test]
    fn a_color_temperature_is_rounded_to_the_steps_of_the_board() {
        for (wanted, step, shown) in [
            (1900, 0, 1900),
            (0, 0, 1900),
            (2700, 25, 2700),
            (3000, 34, 2988),
            (u16::MAX, 255, 10_060),
        ] {
            assert_eq!(
                (cct(wanted), kelvin(cct(wanted))),
                (step, shown),
                "{wanted} K"
            );
        }
        for step in 0..=u8::MAX {
            assert_eq!(cct(kelvin(step)), step);
        }
    }
}
