//! Converts a light's state into the duty cycles of an RGB LED. Colors in
//! messages are perceptual (sRGB); an LED's light is proportional to its duty
//! cycle. The curves of IEC 61966-2-1 (sRGB) and CIE 15 (lightness) convert
//! between the two. Drives no LED.

use protocol::State;

/// The duty cycle of each color of the LED, in 255ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pixel {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Pixel {
    /// All colors off.
    pub const DARK: Self = Self::new(0, 0, 0);

    /// A pixel with these duty cycles.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }
}

/// The pixel that shows `state`: dark if it is off or unknown, otherwise its
/// `rgb` or `ct_k`, or white without either. A light that is on with more than
/// 0 % is never dark.
pub fn pixel(state: &State) -> Pixel {
    if state.on() != Some(true) {
        return Pixel::DARK;
    }
    let color = match (state.rgb(), state.ct_k()) {
        (Some(rgb), _) => rgb.map(|part| LINEAR[usize::from(part)]),
        (None, Some(kelvin)) => black_body(kelvin.into()),
        (None, None) => [1.0; 3],
    };
    let luminance = luminance(state.brightness().unwrap_or(100));
    let [red, green, blue] = color.map(|part| round(part * luminance));
    let pixel = Pixel { red, green, blue };
    if pixel == Pixel::DARK && luminance > 0.0 {
        dimmest(color)
    } else {
        pixel
    }
}

/// The dimmest visible light of a color: its strongest component alone. Black
/// stays dark.
fn dimmest([red, green, blue]: [f32; 3]) -> Pixel {
    let most = red.max(green).max(blue);
    let lit = |part: f32| u8::from(part > 0.0 && part >= most);
    Pixel {
        red: lit(red),
        green: lit(green),
        blue: lit(blue),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 255"
)]
fn round(part: f32) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// CIE 15:2018, section 8.2.1: the luminance that looks `percent` as bright as
/// full luminance.
fn luminance(percent: u8) -> f32 {
    // Up to L* = 8 the curve is linear.
    const LINE: f32 = 903.3;
    let lightness = f32::from(percent.min(100));
    if lightness <= 8.0 {
        return lightness / LINE;
    }
    let root = (lightness + 16.0) / 116.0;
    root * root * root
}

/// The light of a black body at this color temperature, 1,667 to 25,000 K, as
/// linear sRGB whose strongest component is 1.
///
/// The locus is the approximation of B. Kim et al., "Design of advanced color
/// temperature control system for HDTV applications", Journal of the Korean
/// Physical Society 41 (2002); the matrix is IEC 61966-2-1's.
fn black_body(kelvin: f32) -> [f32; 3] {
    let t = 1_000.0 / kelvin.clamp(1_667.0, 25_000.0);
    let cubic = |[a, b, c, d]: [f32; 4], at: f32| ((a * at + b) * at + c) * at + d;
    let x = if t >= 0.25 {
        cubic([-0.266_123_9, -0.234_358_9, 0.877_695_6, 0.179_910], t)
    } else {
        cubic([-3.025_847, 2.107_037_9, 0.222_634_7, 0.240_390], t)
    };
    let y = if t >= 1.0 / 2.222 {
        cubic([-1.106_381_4, -1.348_110_2, 2.185_558_3, -0.202_196_83], x)
    } else if t >= 0.25 {
        cubic([-0.954_947_6, -1.374_185_9, 2.091_37, -0.167_488_67], x)
    } else {
        cubic([3.081_758, -5.873_387, 3.751_13, -0.370_014_83], x)
    };
    let (x, z) = (x / y, (1.0 - x - y) / y);
    let linear = [
        3.240_6 * x - 1.537_2 - 0.498_6 * z,
        -0.968_9 * x + 1.875_8 + 0.041_5 * z,
        0.055_7 * x - 0.204_0 + 1.057_0 * z,
    ];
    let most = linear.into_iter().fold(f32::MIN_POSITIVE, f32::max);
    linear.map(|part| part.max(0.0) / most)
}

/// The linear value, 0 to 1, of each sRGB value.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the table needs no more than f32"
)]
static LINEAR: [f32; 256] = {
    let mut table = [0.0; 256];
    let mut value = 0;
    while value < 256 {
        table[value] = linear(value as f64 / 255.0) as f32;
        value += 1;
    }
    table
};

/// IEC 61966-2-1, section 5.2.
const fn linear(value: f64) -> f64 {
    if value <= 0.04045 {
        return value / 12.92;
    }
    // base^2.4 is base² times the fifth root of base², which Newton's method
    // finds.
    let base = (value + 0.055) / 1.055;
    let square = base * base;
    let mut root = 1.0;
    let mut turn = 0;
    while turn < 40 {
        let fourth = root * root * root * root;
        root -= (fourth * root - square) / (5.0 * fourth);
        turn += 1;
    }
    square * root
}
