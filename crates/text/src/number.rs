//! Formats numbers, quantities, samples and byte counts.

/// A number with its unit. Without a precision it has up to seven significant
/// digits.
pub fn quantity(value: f64, decimals: Option<u8>, unit: Option<&str>) -> String {
    let number = match decimals {
        Some(decimals) => format!("{value:.*}", usize::from(decimals.min(9))),
        None => short_number(value),
    };
    match unit {
        Some(unit) if !unit.is_empty() => format!("{number} {unit}"),
        _ => number,
    }
}

/// A number without binary rounding errors: up to seven significant digits.
/// Small numbers keep theirs: `1.5e-9`.
pub fn short_number(value: f64) -> String {
    quantity_exact(significant(value, SIGNIFICANT))
}

/// The nearest number with this many significant digits.
pub fn significant(value: f64, digits: usize) -> f64 {
    let rounded = format!("{value:.*e}", digits.saturating_sub(1))
        .parse()
        .unwrap_or(value);
    // Show negative zero as zero.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A sample: the shortest number with the same single-precision value, into
/// which both sample formats fit.
pub fn sample(value: f64) -> String {
    quantity_exact(rounded_sample(value))
}

/// A sample without the rounding errors of its scale.
pub fn rounded_sample(value: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "values that do not fit are handled below"
    )]
    let single = value as f32;
    if single.is_normal() {
        // Parsing the shortest digits of the single-precision number yields the
        // nearest double.
        single.to_string().parse().unwrap_or(value)
    } else {
        significant(value, SIGNIFICANT)
    }
}

/// The significant digits of single precision.
const SIGNIFICANT: usize = 7;

/// A number with all its digits: `0.00251`.
pub fn quantity_exact(value: f64) -> String {
    let plain = value == 0.0 || (1e-6..1e15).contains(&value.abs());
    if plain {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Bytes or bytes per second with two or three significant digits, in units of
/// 1,024 (IEC 80000-13): `0 B`, `940 B`, `1.2 KiB`, `598 KiB`, `1.2 MiB`.
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 999.5 {
        return format!("{bytes:.0} B");
    }
    let mut scaled = bytes / 1_024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if scaled < 999.5 {
            break;
        }
        (scaled, unit) = (scaled / 1_024.0, next);
    }
    let decimals = usize::from(scaled < 9.95);
    format!("{scaled:.decimals$} {unit}")
}

/// An integer with thousands separators: `5,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A count with its noun: `1 board`, `2 boards`.
pub fn count(number: u64, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {what}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_keep_the_precision_of_the_board() {
        assert_eq!(quantity(24.64, Some(1), Some("°C")), "24.6 °C");
        assert_eq!(quantity(24.0, Some(1), None), "24.0");
        assert_eq!(quantity(60.0, None, Some("%")), "60 %");
        assert_eq!(quantity(0.125, None, None), "0.125");
        assert_eq!(quantity(1_013.0, Some(0), Some("hPa")), "1013 hPa");
        assert_eq!(quantity(1.5e-9, None, Some("A")), "1.5e-9 A");
        assert_eq!(quantity(0.1 + 0.2, None, None), "0.3");
        assert_eq!(quantity(-0.0, None, None), "0");
    }

    #[test]
    fn byte_counts_are_short_and_numbers_exact() {
        assert_eq!(
            [
                0.0,
                940.0,
                1_000.0,
                179_200.0,
                1_048_500.0,
                1_258_291.0,
                1e12
            ]
            .map(bytes),
            [
                "0 B", "940 B", "1.0 KiB", "175 KiB", "1.0 MiB", "1.2 MiB", "931 GiB"
            ]
        );
        assert_eq!(
            [0, 999, 5_000, 1_234_567].map(grouped),
            ["0", "999", "5,000", "1,234,567"]
        );
        assert_eq!(
            [0.00251, 24.0, 1e20].map(quantity_exact),
            ["0.00251", "24", "1e20"]
        );
    }

    #[test]
    fn small_and_large_numbers_keep_their_digits() {
        for (value, words) in [
            (1.5e-9, "1.5e-9"),
            (-1.5e-9, "-1.5e-9"),
            (1.234_567_89e-12, "1.234568e-12"),
            (0.000_012_345_678, "0.00001234568"),
            (123_456_789.0, "123456800"),
            (6.02e23, "6.02e23"),
            (21.5, "21.5"),
            (0.0, "0"),
        ] {
            assert_eq!(short_number(value), words);
        }
        for value in [
            1.5e-9_f32,
            0.1,
            -1.0e-30,
            3.402_823_5e38,
            16_777_217.0,
            1.0e-45,
            21.37,
        ] {
            let text = sample(value.into());
            assert_eq!(
                text.parse::<f32>().map(f32::to_bits),
                Ok(value.to_bits()),
                "{text}"
            );
        }
        assert_eq!(
            [
                sample(f64::from(0.1_f32)),
                sample(1234.0 * 0.001),
                sample(1e300)
            ],
            ["0.1", "1.234", "1e300"]
        );
        assert_eq!(rounded_sample(1.5e-9), 1.5e-9);
    }
}
