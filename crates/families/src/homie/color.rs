//! Colors as Homie writes them, as brightness and a color at full brightness.

use super::description::ColorForm;

/// A color, with its brightness apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color {
    /// At full brightness.
    pub(super) rgb: [u8; 3],
    /// 0 to 100 %.
    pub(super) brightness: u8,
}

impl Color {
    /// Reads `rgb,R,G,B` or `hsv,H,S,V`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (form, rest) = text.split_once(',')?;
        let mut parts = rest.split(',').map(|part| part.trim().parse::<f64>().ok());
        let mut next = || parts.next().flatten().filter(|part| part.is_finite());
        let parts = [next()?, next()?, next()?];
        match form {
            "rgb" if parts.iter().all(|part| (0.0..=255.0).contains(part)) => {
                Some(Self::of(parts.map(byte)))
            }
            "hsv" if (0.0..=360.0).contains(&parts[0]) && parts[1] <= 100.0 => {
                let [hue, saturation, value] = parts;
                let rgb = [5.0, 3.0, 1.0].map(|offset| {
                    let at = (offset + hue / 60.0) % 6.0;
                    let saturation = saturation.max(0.0) / 100.0;
                    let part = 1.0 - saturation * at.min(4.0 - at).clamp(0.0, 1.0);
                    byte(part * 255.0)
                });
                let brightness = byte(value.clamp(0.0, 100.0));
                Some(Self { rgb, brightness })
            }
            _ => None,
        }
    }

    fn of(rgb: [u8; 3]) -> Self {
        let most = rgb.into_iter().max().unwrap_or(0);
        if most == 0 {
            return Self {
                rgb: [255; 3],
                brightness: 0,
            };
        }
        Self {
            rgb: rgb.map(|part| byte(f64::from(part) * 255.0 / f64::from(most))),
            brightness: byte(f64::from(most) / 2.55).max(1),
        }
    }

    /// Writes it in a form.
    pub(super) fn write(self, form: ColorForm) -> String {
        let Self { rgb, brightness } = self;
        match form {
            ColorForm::Rgb => {
                let part = |part: u8| byte(f64::from(part) * f64::from(brightness) / 100.0);
                let [red, green, blue] = rgb.map(part);
                format!("rgb,{red},{green},{blue}")
            }
            ColorForm::Hsv => {
                let [red, green, blue] = rgb.map(f64::from);
                let most = red.max(green).max(blue);
                let span = most - red.min(green).min(blue);
                let sixth = if span <= 0.0 {
                    0.0
                } else if (most - red).abs() < f64::EPSILON {
                    ((green - blue) / span).rem_euclid(6.0)
                } else if (most - green).abs() < f64::EPSILON {
                    (blue - red) / span + 2.0
                } else {
                    (red - green) / span + 4.0
                };
                let hue = (sixth * 60.0).round() % 360.0;
                let saturation = (span / most.max(1.0) * 100.0).round();
                format!("hsv,{hue},{saturation},{brightness}")
            }
        }
    }
}

fn byte(number: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of the type"
    )]
    let byte = number.round().clamp(0.0, 255.0) as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_is_read_in_both_forms() {
        for (text, rgb, brightness) in [
            ("rgb,255,0,0", [255, 0, 0], 100),
            ("rgb,0,128,0", [0, 255, 0], 50),
            ("rgb,0,0,0", [255, 255, 255], 0),
            ("hsv,240,100,30", [0, 0, 255], 30),
            ("hsv,0,0,100", [255, 255, 255], 100),
        ] {
            assert_eq!(
                Color::parse(text),
                Some(Color { rgb, brightness }),
                "{text}"
            );
        }
        for wrong in [
            "",
            "rgb",
            "rgb,1,2",
            "rgb,1,2,300",
            "xyz,0.2,0.3",
            "hsv,a,b,c",
            "rgb,NaN,0,0",
        ] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same_once_it_was_reported() {
        for form in [ColorForm::Rgb, ColorForm::Hsv] {
            for brightness in [1, 20, 50, 99, 100] {
                for rgb in [[255, 136, 0], [0, 255, 17], [255, 255, 255], [3, 0, 255]] {
                    let written = Color { rgb, brightness }.write(form);
                    let read = Color::parse(&written).map(|color| color.brightness);
                    let off = read.map(|read| read.abs_diff(brightness));
                    assert!(off.is_some_and(|off| off <= 1), "{written}");
                }
            }
        }
    }
}
