//! The live preview: binary messages with the colors of the LEDs, as WLED's own
//! page draws them.

use serde_json::{Value, json};

use crate::hex::hex;

/// The most LEDs that are passed on.
const LEDS: usize = 256;

/// The colors in a message: `L`, the version 1, three bytes per LED; or `L`,
/// the version 2, width, height, three bytes per LED.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preview<'a> {
    colors: &'a [u8],
    /// Of a matrix.
    width: Option<usize>,
}

impl<'a> Preview<'a> {
    /// Reads a message; `None` if it is not a preview.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        match bytes {
            [b'L', 1, colors @ ..] => (colors.len() / 3 > 0).then_some(Self {
                colors,
                width: None,
            }),
            [b'L', 2, width, height, colors @ ..] => {
                let (width, height) = (usize::from(*width), usize::from(*height));
                let colors = colors.get(..width * height * 3)?;
                (!colors.is_empty()).then_some(Self {
                    colors,
                    width: Some(width),
                })
            }
            _ => None,
        }
    }

    /// The parameters of [`crate::preview::NOTIFY`]: at most 256 LEDs, every
    /// n-th of them if there are more.
    pub(super) fn params(&self) -> Value {
        match self.width {
            None => {
                let step = (self.colors.len() / 3).div_ceil(LEDS);
                json!({ "rgb": self.hex(0, self.colors.len() / 3, step) })
            }
            Some(width) => self.matrix(width),
        }
    }

    fn matrix(&self, width: usize) -> Value {
        let height = self.colors.len() / 3 / width.max(1);
        let fits = |step: &usize| width.div_ceil(*step) * height.div_ceil(*step) <= LEDS;
        let step = (1..=LEDS).find(fits).unwrap_or(LEDS);
        let rows = (0..height).step_by(step);
        let rgb: String = rows.map(|row| self.hex(row * width, width, step)).collect();
        json!({ "rgb": rgb, "width": width.div_ceil(step), "height": height.div_ceil(step) })
    }

    /// Every `step`-th of these LEDs.
    fn hex(&self, first: usize, count: usize, step: usize) -> String {
        let leds = self.colors.chunks_exact(3).skip(first).take(count);
        hex(leds.step_by(step.max(1)).flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(bytes: &[u8]) -> Option<Value> {
        Some(Preview::parse(bytes)?.params())
    }

    #[test]
    fn a_strip_is_passed_on_led_by_led() {
        assert_eq!(
            params(&[b'L', 1, 255, 0, 0, 0, 16, 255]),
            Some(json!({ "rgb": "ff00000010ff" }))
        );
        // Half a LED at the end is not drawn.
        assert_eq!(
            params(&[b'L', 1, 1, 2, 3, 4]),
            Some(json!({ "rgb": "010203" }))
        );
    }

    #[test]
    fn a_matrix_is_passed_on_with_its_size() {
        let frame = [b'L', 2, 2, 1, 1, 2, 3, 4, 5, 6];
        assert_eq!(
            params(&frame),
            Some(json!({ "rgb": "010203040506", "width": 2, "height": 1 }))
        );
    }

    #[test]
    fn many_leds_become_at_most_256() {
        let length = |params: &Value| params["rgb"].as_str().map(|rgb| rgb.len() / 6);
        for leds in [255, 256, 257, 1024, 4096, 20_000] {
            let frame = [&[b'L', 1][..], &vec![7; leds * 3]].concat();
            let sent = params(&frame).as_ref().and_then(length);
            assert!(
                sent.is_some_and(|sent| sent <= 256 && sent * 2 >= leds.min(256)),
                "{leds}"
            );
        }
        for (width, height) in [(16, 16), (17, 16), (64, 64), (255, 255), (255, 1), (1, 255)] {
            let size = usize::from(width) * usize::from(height) * 3;
            let frame = [&[b'L', 2, width, height][..], &vec![7; size]].concat();
            let params = params(&frame).expect("a preview");
            let of = |field: &str| params[field].as_u64().unwrap_or(0);
            let leds = of("width") * of("height");
            assert!((1..=256).contains(&leds), "{width} × {height}: {leds}");
            assert_eq!(length(&params).map(|sent| sent as u64), Some(leds));
        }
    }

    #[test]
    fn anything_else_is_no_preview() {
        let wrong: [&[u8]; 9] = [
            &[],
            b"L",
            &[b'L', 1],
            &[b'L', 1, 1, 2],
            &[b'L', 2, 1],
            &[b'L', 2, 0, 5],
            &[b'L', 2, 2, 2, 1, 2, 3],
            &[b'L', 3, 1, 2, 3],
            &[b'M', 1, 1, 2, 3],
        ];
        for bytes in wrong {
            assert_eq!(params(bytes), None, "{bytes:?}");
        }
    }
}
