//! Colors of light: hue and saturation, and the look of a color temperature.

use eframe::egui::{Color32, lerp};

/// The hue in degrees and the saturation from 0 to 1 of a color.
pub(crate) fn hue_and_saturation(rgb: [u8; 3]) -> [f32; 2] {
    let [r, g, b] = rgb.map(f32::from);
    let high = r.max(g).max(b);
    let spread = high - r.min(g).min(b);
    if spread <= 0.0 {
        return [0.0, 0.0];
    }
    let sixth = if high == r {
        ((g - b) / spread).rem_euclid(6.0)
    } else if high == g {
        (b - r) / spread + 2.0
    } else {
        (r - g) / spread + 4.0
    };
    [sixth * 60.0, spread / high]
}

/// The brightest color of a hue in degrees and a saturation from 0 to 1.
pub(crate) fn brightest(hue: f32, saturation: f32) -> [u8; 3] {
    let channel = |from: f32| {
        let place = (hue / 60.0 + from).rem_euclid(6.0);
        let share = saturation * place.min(4.0 - place).clamp(0.0, 1.0);
        byte(255.0 * (1.0 - share))
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// A color as it is written: `#ffb46b`.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Reads what [`hex`] writes, with or without `#`.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().trim_start_matches('#');
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, r, g, b] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([r, g, b])
}

/// What white light of a color temperature looks like on a screen: warm is
/// amber, cold is bluish. Between 4 points, which is enough to look at.
pub(crate) fn of_kelvin(kelvin: f32) -> Color32 {
    const POINTS: [(f32, [f32; 3]); 4] = [
        (1_800.0, [255.0, 140.0, 40.0]),
        (3_000.0, [255.0, 190.0, 120.0]),
        (5_500.0, [255.0, 244.0, 232.0]),
        (9_000.0, [196.0, 216.0, 255.0]),
    ];
    for pair in POINTS.windows(2) {
        if let [(low, from), (high, to)] = pair
            && kelvin <= *high
        {
            let share = ((kelvin - low) / (high - low)).max(0.0);
            let channel = |at: usize| lerp(from[at]..=to[at], share);
            return opaque([channel(0), channel(1), channel(2)]);
        }
    }
    opaque(POINTS[POINTS.len() - 1].1)
}

fn opaque([r, g, b]: [f32; 3]) -> Color32 {
    Color32::from_rgb(byte(r), byte(g), byte(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brightest_color_has_the_hue_and_saturation_it_was_made_from() {
        for (hue, rgb) in [
            (0.0, [255, 0, 0]),
            (30.0, [255, 128, 0]),
            (60.0, [255, 255, 0]),
            (120.0, [0, 255, 0]),
            (180.0, [0, 255, 255]),
            (240.0, [0, 0, 255]),
            (300.0, [255, 0, 255]),
        ] {
            assert_eq!(brightest(hue, 1.0), rgb, "{hue}");
            let [back, saturation] = hue_and_saturation(rgb);
            assert!((back - hue).abs() < 0.5 && saturation == 1.0, "{back}");
        }
        assert_eq!(brightest(200.0, 0.0), [255; 3]);
        assert_eq!(hue_and_saturation([128; 3]), [0.0, 0.0]);
    }

    #[test]
    fn a_written_color_can_be_read() {
        assert_eq!(from_hex(&hex([255, 180, 107])), Some([255, 180, 107]));
        assert_eq!(from_hex(" FFB46B "), Some([255, 180, 107]));
        assert_eq!(from_hex("#ffb46"), None);
        assert_eq!(from_hex("ä#fb46"), None);
    }
}
