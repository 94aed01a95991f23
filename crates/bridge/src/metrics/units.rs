//! The unit of each device class in Prometheus's base units
//! (<https://prometheus.io/docs/practices/naming/#base-units>), and how the
//! units that boards state are converted.

/// A base unit and the way to it: `value * factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Conversion {
    /// The base unit, as a suffix of names; empty for a plain number.
    pub(super) unit: &'static str,
    factor: f64,
    offset: f64,
}

impl Conversion {
    /// A value in the base unit.
    pub(super) fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }
}

const FOOT: f64 = 0.3048;
const INCH: f64 = 0.0254;
const MILE: f64 = 1_609.344;
const NAUTICAL_MILE: f64 = 1_852.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const GALLON: f64 = 3.785_411_784e-3;
const CALORIE: f64 = 4.184;

/// The name of a class in metrics, and the conversion from a unit; `None` if
/// the class is not known or does not have the unit. The names are few and
/// fixed: a board cannot make new ones.
pub(super) fn conversion(class: &str, unit: Option<&str>) -> Option<(&'static str, Conversion)> {
    let unit = unit.unwrap_or_default();
    let (name, base, factor) = match class {
        "temperature" => return temperature(unit).map(|it| ("temperature", it)),
        "humidity" => ("humidity", "ratio", percent(unit)),
        "moisture" => ("moisture", "ratio", percent(unit)),
        "battery" => ("battery", "ratio", percent(unit)),
        "power_factor" if unit.is_empty() => ("power_factor", "ratio", Some(1.0)),
        "power_factor" => ("power_factor", "ratio", percent(unit)),
        "pressure" => ("pressure", "pascals", pressure(unit)),
        "atmospheric_pressure" => ("atmospheric_pressure", "pascals", pressure(unit)),
        "voltage" => ("voltage", "volts", metric(unit, "V")),
        "current" => ("current", "amperes", metric(unit, "A")),
        "power" => ("power", "watts", metric(unit, "W")),
        "apparent_power" => ("apparent_power", "volt_amperes", metric(unit, "VA")),
        "reactive_power" => ("reactive_power", "vars", metric(unit, "var")),
        "energy" => ("energy", "joules", energy(unit)),
        "energy_storage" => ("energy_storage", "joules", energy(unit)),
        "frequency" => ("frequency", "hertz", metric(unit, "Hz")),
        "illuminance" => ("illuminance", "lux", same(unit, "lx")),
        "irradiance" => ("irradiance", "watts_per_square_meter", same(unit, "W/m²")),
        "distance" => ("distance", "meters", length(unit)),
        "precipitation" => ("precipitation", "meters", length(unit)),
        "precipitation_intensity" => ("precipitation_intensity", "meters_per_second", speed(unit)),
        "speed" => ("speed", "meters_per_second", speed(unit)),
        "wind_speed" => ("wind_speed", "meters_per_second", speed(unit)),
        "wind_direction" => ("wind_direction", "degrees", same(unit, "°")),
        "duration" => ("duration", "seconds", time(unit)),
        "data_size" => ("data_size", "bytes", data(unit)),
        "data_rate" => (
            "data_rate",
            "bytes_per_second",
            unit.strip_suffix("/s").and_then(data),
        ),
        "weight" => ("weight", "grams", weight(unit)),
        "volume" => ("volume", "cubic_meters", volume(unit)),
        "volume_storage" => ("volume_storage", "cubic_meters", volume(unit)),
        "water" => ("water", "cubic_meters", volume(unit)),
        "gas" => ("gas", "cubic_meters", volume(unit)),
        "volume_flow_rate" => ("volume_flow_rate", "cubic_meters_per_second", flow(unit)),
        "carbon_dioxide" => ("carbon_dioxide", "ratio", parts(unit)),
        "carbon_monoxide" => ("carbon_monoxide", "ratio", parts(unit)),
        "volatile_organic_compounds_parts" => ("volatile_organic_compounds", "ratio", parts(unit)),
        "volatile_organic_compounds" => concentration("volatile_organic_compounds", unit),
        "pm1" => concentration("pm1", unit),
        "pm25" => concentration("pm25", unit),
        "pm10" => concentration("pm10", unit),
        "ozone" => concentration("ozone", unit),
        "nitrogen_dioxide" => concentration("nitrogen_dioxide", unit),
        "sulphur_dioxide" => concentration("sulphur_dioxide", unit),
        // Logarithmic units have no base unit.
        "signal_strength" if unit == "dBm" => ("signal_strength", "dbm", Some(1.0)),
        "signal_strength" => ("signal_strength", "decibels", same(unit, "dB")),
        "sound_pressure" if unit == "dBA" => ("sound_pressure", "dba", Some(1.0)),
        "sound_pressure" => ("sound_pressure", "decibels", same(unit, "dB")),
        "aqi" => ("aqi", "", same(unit, "")),
        "ph" => ("ph", "", same(unit, "")),
        _ => return None,
    };
    let conversion = Conversion {
        unit: base,
        factor: factor?,
        offset: 0.0,
    };
    Some((name, conversion))
}

fn temperature(unit: &str) -> Option<Conversion> {
    let (factor, offset) = match unit {
        "°C" => (1.0, 0.0),
        "°F" => (5.0 / 9.0, -160.0 / 9.0),
        "K" => (1.0, -273.15),
        _ => return None,
    };
    Some(Conversion {
        unit: "celsius",
        factor,
        offset,
    })
}

fn same(unit: &str, expected: &str) -> Option<f64> {
    (unit == expected).then_some(1.0)
}

fn percent(unit: &str) -> Option<f64> {
    (unit == "%").then_some(0.01)
}

fn parts(unit: &str) -> Option<f64> {
    match unit {
        "ppm" => Some(1e-6),
        "ppb" => Some(1e-9),
        _ => None,
    }
}

fn concentration(name: &'static str, unit: &str) -> (&'static str, &'static str, Option<f64>) {
    let factor = match unit {
        "µg/m³" | "μg/m³" => Some(1e-6),
        "mg/m³" => Some(1e-3),
        _ => None,
    };
    (name, "grams_per_cubic_meter", factor)
}

/// A unit with a decimal prefix.
fn metric(unit: &str, base: &str) -> Option<f64> {
    match unit.strip_suffix(base)? {
        "" => Some(1.0),
        "T" => Some(1e12),
        "G" => Some(1e9),
        "M" => Some(1e6),
        "k" => Some(1e3),
        "m" => Some(1e-3),
        "µ" | "μ" => Some(1e-6),
        _ => None,
    }
}

fn pressure(unit: &str) -> Option<f64> {
    match unit {
        "hPa" | "mbar" => Some(100.0),
        "cbar" => Some(1e3),
        "bar" => Some(1e5),
        "psi" => Some(6_894.757_293_168),
        "inHg" => Some(3_386.389),
        "mmHg" => Some(133.322_387_415),
        unit => metric(unit, "Pa"),
    }
}

fn energy(unit: &str) -> Option<f64> {
    metric(unit, "Wh")
        .map(|factor| factor * HOUR)
        .or_else(|| metric(unit, "cal").map(|factor| factor * CALORIE))
        .or_else(|| metric(unit, "J"))
}

fn length(unit: &str) -> Option<f64> {
    match unit {
        "cm" => Some(1e-2),
        "in" => Some(INCH),
        "ft" => Some(FOOT),
        "yd" => Some(3.0 * FOOT),
        "mi" => Some(MILE),
        "nmi" => Some(NAUTICAL_MILE),
        unit => metric(unit, "m"),
    }
}

fn speed(unit: &str) -> Option<f64> {
    match unit {
        "kn" => Some(NAUTICAL_MILE / HOUR),
        "mph" => Some(MILE / HOUR),
        unit => {
            let (distance, period) = unit.split_once('/')?;
            let period = match period {
                "s" => 1.0,
                "h" => HOUR,
                "d" => DAY,
                _ => return None,
            };
            length(distance).map(|meters| meters / period)
        }
    }
}

fn time(unit: &str) -> Option<f64> {
    match unit {
        "d" => Some(DAY),
        "h" => Some(HOUR),
        "min" => Some(60.0),
        unit => metric(unit, "s"),
    }
}

fn data(unit: &str) -> Option<f64> {
    let (prefix, bytes) = match unit.strip_suffix("bit") {
        Some(prefix) => (prefix, 0.125),
        None => (unit.strip_suffix('B')?, 1.0),
    };
    let factor = match prefix {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1_024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(factor * bytes)
}

fn weight(unit: &str) -> Option<f64> {
    match unit {
        "oz" => Some(28.349_523_125),
        "lb" => Some(453.592_37),
        "st" => Some(6_350.293_18),
        unit => metric(unit, "g"),
    }
}

fn volume(unit: &str) -> Option<f64> {
    match unit {
        "m³" => Some(1.0),
        "L" => Some(1e-3),
        "mL" => Some(1e-6),
        "ft³" => Some(CUBIC_FOOT),
        "CCF" => Some(100.0 * CUBIC_FOOT),
        "gal" => Some(GALLON),
        "fl. oz." => Some(GALLON / 128.0),
        _ => None,
    }
}

fn flow(unit: &str) -> Option<f64> {
    let (amount, period) = unit.split_once('/')?;
    let period = match period {
        "s" => 1.0,
        "min" => 60.0,
        "h" => HOUR,
        _ => return None,
    };
    volume(amount).map(|cubic_meters| cubic_meters / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_base_units() {
        for (class, unit, value, name, base, expected) in [
            ("temperature", "°F", 212.0, "temperature", "celsius", 100.0),
            ("temperature", "K", 273.15, "temperature", "celsius", 0.0),
            ("humidity", "%", 45.0, "humidity", "ratio", 0.45),
            ("pressure", "hPa", 1013.25, "pressure", "pascals", 101_325.0),
            ("energy", "kWh", 1.0, "energy", "joules", 3.6e6),
            ("energy", "mWh", 1.0, "energy", "joules", 3.6),
            ("energy", "kcal", 1.0, "energy", "joules", 4_184.0),
            ("voltage", "mV", 3_300.0, "voltage", "volts", 3.3),
            ("duration", "min", 2.0, "duration", "seconds", 120.0),
            ("duration", "ms", 2.0, "duration", "seconds", 0.002),
            ("data_size", "KiB", 2.0, "data_size", "bytes", 2_048.0),
            (
                "data_rate",
                "Mbit/s",
                8.0,
                "data_rate",
                "bytes_per_second",
                1e6,
            ),
            (
                "wind_speed",
                "km/h",
                36.0,
                "wind_speed",
                "meters_per_second",
                10.0,
            ),
            (
                "carbon_dioxide",
                "ppm",
                400.0,
                "carbon_dioxide",
                "ratio",
                4e-4,
            ),
            (
                "pm25",
                "µg/m³",
                12.0,
                "pm25",
                "grams_per_cubic_meter",
                12e-6,
            ),
            ("weight", "kg", 1.5, "weight", "grams", 1_500.0),
            (
                "signal_strength",
                "dBm",
                -60.0,
                "signal_strength",
                "dbm",
                -60.0,
            ),
            (
                "volume_flow_rate",
                "L/min",
                60.0,
                "volume_flow_rate",
                "cubic_meters_per_second",
                1e-3,
            ),
        ] {
            let (found, conversion) =
                conversion(class, Some(unit)).unwrap_or_else(|| unreachable!("{class} {unit}"));
            assert_eq!((found, conversion.unit), (name, base), "{class} {unit}");
            let converted = conversion.apply(value);
            assert!(
                (converted - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{class}: {value} {unit} became {converted}"
            );
        }
    }

    #[test]
    fn an_unknown_class_or_unit_has_no_conversion() {
        assert_eq!(conversion("mood", Some("°C")), None);
        assert_eq!(conversion("temperature", Some("°X")), None);
        assert_eq!(conversion("temperature", None), None);
        assert_eq!(conversion("wind_speed", Some("Beaufort")), None);
        assert_eq!(
            conversion("aqi", None).map(|(name, it)| (name, it.unit)),
            Some(("aqi", ""))
        );
    }
}
