//! Which device classes, units and state classes Home Assistant accepts. With
//! any other it refuses the whole entity, or warns about it at each start, so
//! what it does not know is left out. As of Home Assistant 2025.4
//! (`homeassistant/components/*/const.py`); `tests/home_assistant` compares.

/// Device classes of a number or sensor, and the units that each can have. An
/// empty unit means without one.
const MEASURED: &[(&[&str], &[&str])] = &[
    (&["apparent_power"], &["VA"]),
    (&["aqi", "ph"], &[""]),
    (
        &["area"],
        &[
            "ac", "cm²", "ft²", "ha", "in²", "km²", "mi²", "mm²", "m²", "yd²",
        ],
    ),
    (
        &["atmospheric_pressure", "pressure"],
        &[
            "Pa", "bar", "cbar", "hPa", "inHg", "kPa", "mbar", "mmHg", "psi",
        ],
    ),
    (&["battery", "humidity", "moisture"], &["%"]),
    (&["blood_glucose_concentration"], &["mg/dL", "mmol/L"]),
    (&["carbon_dioxide", "carbon_monoxide"], &["ppm"]),
    (&["conductivity"], &["S/cm", "mS/cm", "µS/cm"]),
    (&["current"], &["A", "mA"]),
    (
        &["data_rate"],
        &[
            "B/s", "GB/s", "Gbit/s", "GiB/s", "KiB/s", "MB/s", "Mbit/s", "MiB/s", "bit/s", "kB/s",
            "kbit/s",
        ],
    ),
    (
        &["data_size"],
        &[
            "B", "EB", "EiB", "GB", "Gbit", "GiB", "KiB", "MB", "Mbit", "MiB", "PB", "PiB", "TB",
            "TiB", "YB", "YiB", "ZB", "ZiB", "bit", "kB", "kbit",
        ],
    ),
    (
        &["distance"],
        &["cm", "ft", "in", "km", "m", "mi", "mm", "nmi", "yd"],
    ),
    // Both letters for micro.
    (&["duration"], &["d", "h", "min", "ms", "s", "μs", "µs"]),
    (
        &["energy", "energy_storage"],
        &[
            "GJ", "GWh", "Gcal", "J", "MJ", "MWh", "Mcal", "TWh", "Wh", "cal", "kJ", "kWh", "kcal",
            "mWh",
        ],
    ),
    (&["energy_distance"], &["kWh/100km", "km/kWh", "mi/kWh"]),
    (&["frequency"], &["GHz", "Hz", "MHz", "kHz"]),
    (&["gas"], &["CCF", "ft³", "m³"]),
    (&["illuminance"], &["lx"]),
    (&["irradiance"], &["BTU/(h⋅ft²)", "W/m²"]),
    (&["monetary"], &[]),
    (
        &[
            "nitrogen_dioxide",
            "nitrogen_monoxide",
            "nitrous_oxide",
            "ozone",
            "pm1",
            "pm10",
            "pm25",
            "sulphur_dioxide",
            "volatile_organic_compounds",
        ],
        &["µg/m³"],
    ),
    (&["power_factor"], &["", "%"]),
    (&["power"], &["GW", "MW", "TW", "W", "kW", "mW"]),
    (&["precipitation"], &["cm", "in", "mm"]),
    (
        &["precipitation_intensity"],
        &["in/d", "in/h", "mm/d", "mm/h"],
    ),
    (&["reactive_power"], &["var"]),
    (&["signal_strength"], &["dB", "dBm"]),
    (&["sound_pressure"], &["dB", "dBA"]),
    (
        &["speed"],
        &[
            "Beaufort", "ft/s", "in/d", "in/h", "in/s", "km/h", "kn", "m/s", "mm/d", "mm/h",
            "mm/s", "mph",
        ],
    ),
    (&["temperature"], &["K", "°C", "°F"]),
    (&["volatile_organic_compounds_parts"], &["ppb", "ppm"]),
    (&["voltage"], &["MV", "V", "kV", "mV", "µV"]),
    (
        &["volume", "volume_storage"],
        &["CCF", "L", "fl. oz.", "ft³", "gal", "mL", "m³"],
    ),
    (
        &["volume_flow_rate"],
        &["L/min", "ft³/min", "gal/min", "mL/s", "m³/h"],
    ),
    (&["water"], &["CCF", "L", "ft³", "gal", "m³"]),
    (&["weight"], &["g", "kg", "lb", "mg", "oz", "st", "µg"]),
    (&["wind_direction"], &["°"]),
    (
        &["wind_speed"],
        &[
            "Beaufort", "ft/s", "in/s", "km/h", "kn", "m/s", "mm/s", "mph",
        ],
    ),
];

const BINARY_SENSOR: &[&str] = &[
    "battery",
    "battery_charging",
    "carbon_monoxide",
    "cold",
    "connectivity",
    "door",
    "garage_door",
    "gas",
    "heat",
    "light",
    "lock",
    "moisture",
    "motion",
    "moving",
    "occupancy",
    "opening",
    "plug",
    "power",
    "presence",
    "problem",
    "running",
    "safety",
    "smoke",
    "sound",
    "tamper",
    "update",
    "vibration",
    "window",
];

const COVER: &[&str] = &[
    "awning", "blind", "curtain", "damper", "door", "garage", "gate", "shade", "shutter", "window",
];

/// The device class, if Home Assistant accepts it on this platform and with
/// this unit.
pub(super) fn accepted<'a>(platform: &str, class: &'a str, unit: Option<&str>) -> Option<&'a str> {
    let known = match platform {
        "sensor" | "number" => {
            let unit = unit.unwrap_or_default();
            MEASURED.iter().any(|(classes, units)| {
                classes.contains(&class) && (units.is_empty() || units.contains(&unit))
            })
        }
        "binary_sensor" => BINARY_SENSOR.contains(&class),
        "cover" => COVER.contains(&class),
        "switch" => ["outlet", "switch"].contains(&class),
        "button" => ["identify", "restart", "update"].contains(&class),
        "event" => ["button", "doorbell", "motion"].contains(&class),
        "update" => class == "firmware",
        _ => false,
    };
    known.then_some(class)
}

/// The state class, if Home Assistant accepts it with this device class.
pub(super) fn state_class<'a>(state_class: &'a str, class: Option<&str>) -> Option<&'a str> {
    let accepted: &[&str] = match class {
        Some("energy" | "gas" | "volume" | "water") => &["total", "total_increasing"],
        Some("monetary") => &["total"],
        Some("wind_direction") => &[],
        None
        | Some("area" | "data_size" | "distance" | "duration" | "precipitation" | "weight") => {
            &["measurement", "total", "total_increasing"]
        }
        Some(_) => &["measurement"],
    };
    accepted.contains(&state_class).then_some(state_class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_needs_its_platform_and_its_unit() {
        assert_eq!(
            accepted("sensor", "temperature", Some("°C")),
            Some("temperature")
        );
        assert_eq!(accepted("sensor", "temperature", Some("degrees")), None);
        assert_eq!(accepted("sensor", "temperature", None), None);
        assert_eq!(accepted("sensor", "aqi", None), Some("aqi"));
        assert_eq!(accepted("sensor", "outlet", None), None);
        assert_eq!(accepted("switch", "outlet", None), Some("outlet"));
        assert_eq!(accepted("light", "outlet", None), None);
    }

    #[test]
    fn a_meter_is_no_measurement() {
        assert_eq!(state_class("measurement", Some("energy")), None);
        assert_eq!(
            state_class("total_increasing", Some("energy")),
            Some("total_increasing")
        );
        assert_eq!(state_class("measurement", None), Some("measurement"));
        assert_eq!(state_class("average", None), None);
    }
}
