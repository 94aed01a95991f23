//! The sensors of each type of component. The index of an attribute is part of
//! the sensor's number and never changes.

use protocol::{Descriptor, Kind, State};

use super::{Part, Reading, at, number, numbers, quantity::Quantity};
use crate::shelly::source::Type;

/// An attribute that is a sensor.
struct Meter {
    index: u16,
    /// Where it is in the status.
    path: &'static str,
    /// Appended to the component's name; empty for the component's only one.
    name: &'static str,
    quantity: Quantity,
}

const fn meter(index: u16, path: &'static str, name: &'static str, quantity: Quantity) -> Meter {
    Meter {
        index,
        path,
        name,
        quantity,
    }
}

/// Of everything that drives a load, and of `pm1`.
const OUTPUT: [Meter; 9] = [
    meter(0, "apower", "power", Quantity::Power),
    meter(1, "voltage", "voltage", Quantity::Voltage),
    meter(2, "current", "current", Quantity::Current),
    meter(3, "freq", "frequency", Quantity::Frequency),
    meter(4, "pf", "power factor", Quantity::PowerFactor),
    meter(5, "aenergy.total", "energy", Quantity::Energy),
    meter(
        6,
        "temperature.tC",
        "temperature",
        Quantity::BoardTemperature,
    ),
    meter(7, "ret_aenergy.total", "returned energy", Quantity::Energy),
    meter(8, "aprtpower", "apparent power", Quantity::ApparentPower),
];

const EM1: [Meter; 6] = [
    meter(0, "act_power", "power", Quantity::Power),
    meter(1, "voltage", "voltage", Quantity::Voltage),
    meter(2, "current", "current", Quantity::Current),
    meter(3, "freq", "frequency", Quantity::Frequency),
    meter(4, "pf", "power factor", Quantity::PowerFactor),
    meter(5, "aprt_power", "apparent power", Quantity::ApparentPower),
];

const EM1_DATA: [Meter; 2] = [
    meter(8, "total_act_energy", "energy", Quantity::Energy),
    meter(
        9,
        "total_act_ret_energy",
        "returned energy",
        Quantity::Energy,
    ),
];

const EM: [Meter; 22] = [
    meter(0, "a_act_power", "power A", Quantity::Power),
    meter(1, "a_voltage", "voltage A", Quantity::Voltage),
    meter(2, "a_current", "current A", Quantity::Current),
    meter(3, "a_freq", "frequency A", Quantity::Frequency),
    meter(4, "a_pf", "power factor A", Quantity::PowerFactor),
    meter(
        5,
        "a_aprt_power",
        "apparent power A",
        Quantity::ApparentPower,
    ),
    meter(6, "b_act_power", "power B", Quantity::Power),
    meter(7, "b_voltage", "voltage B", Quantity::Voltage),
    meter(8, "b_current", "current B", Quantity::Current),
    meter(9, "b_freq", "frequency B", Quantity::Frequency),
    meter(10, "b_pf", "power factor B", Quantity::PowerFactor),
    meter(
        11,
        "b_aprt_power",
        "apparent power B",
        Quantity::ApparentPower,
    ),
    meter(12, "c_act_power", "power C", Quantity::Power),
    meter(13, "c_voltage", "voltage C", Quantity::Voltage),
    meter(14, "c_current", "current C", Quantity::Current),
    meter(15, "c_freq", "frequency C", Quantity::Frequency),
    meter(16, "c_pf", "power factor C", Quantity::PowerFactor),
    meter(
        17,
        "c_aprt_power",
        "apparent power C",
        Quantity::ApparentPower,
    ),
    meter(18, "n_current", "current N", Quantity::Current),
    meter(19, "total_current", "total current", Quantity::Current),
    meter(20, "total_act_power", "total power", Quantity::Power),
    meter(
        21,
        "total_aprt_power",
        "total apparent power",
        Quantity::ApparentPower,
    ),
];

const EM_DATA: [Meter; 8] = [
    meter(32, "a_total_act_energy", "energy A", Quantity::Energy),
    meter(
        33,
        "a_total_act_ret_energy",
        "returned energy A",
        Quantity::Energy,
    ),
    meter(34, "b_total_act_energy", "energy B", Quantity::Energy),
    meter(
        35,
        "b_total_act_ret_energy",
        "returned energy B",
        Quantity::Energy,
    ),
    meter(36, "c_total_act_energy", "energy C", Quantity::Energy),
    meter(
        37,
        "c_total_act_ret_energy",
        "returned energy C",
        Quantity::Energy,
    ),
    meter(38, "total_act", "total energy", Quantity::Energy),
    meter(
        39,
        "total_act_ret",
        "total returned energy",
        Quantity::Energy,
    ),
];

const INPUT: [Meter; 3] = [
    meter(0, "percent", "level", Quantity::Percent),
    meter(1, "counts.total", "count", Quantity::Count),
    meter(2, "freq", "frequency", Quantity::Frequency),
];

const DEVICE_POWER: [Meter; 2] = [
    meter(0, "battery.percent", "battery", Quantity::Battery),
    meter(1, "battery.V", "battery voltage", Quantity::BatteryVoltage),
];

const BLU_TRV: [Meter; 3] = [
    meter(0, "battery", "battery", Quantity::Battery),
    meter(1, "rssi", "signal strength", Quantity::Signal),
    meter(2, "pos", "valve", Quantity::Percent),
];

const VOLTMETER: [Meter; 1] = [meter(0, "voltage", "", Quantity::Voltage)];
const TEMPERATURE: [Meter; 1] = [meter(0, "tC", "", Quantity::Temperature)];
const HUMIDITY: [Meter; 1] = [meter(0, "rh", "", Quantity::Humidity)];
const ILLUMINANCE: [Meter; 1] = [meter(0, "lux", "", Quantity::Illuminance)];

const SYS: [Meter; 2] = [
    meter(0, "uptime", "Uptime", Quantity::Uptime),
    meter(1, "ram_free", "Free memory", Quantity::Memory),
];

const WIFI: [Meter; 1] = [meter(0, "rssi", "Signal strength", Quantity::Signal)];

fn meters(kind: Type) -> &'static [Meter] {
    match kind {
        Type::Switch
        | Type::Light
        | Type::Rgb
        | Type::Rgbw
        | Type::Cct
        | Type::Rgbcct
        | Type::Cover
        | Type::Pm1 => &OUTPUT,
        Type::Em => &EM,
        Type::EmData => &EM_DATA,
        Type::Em1 => &EM1,
        Type::Em1Data => &EM1_DATA,
        Type::Input => &INPUT,
        Type::DevicePower => &DEVICE_POWER,
        Type::BluTrv => &BLU_TRV,
        Type::Voltmeter => &VOLTMETER,
        Type::Temperature => &TEMPERATURE,
        Type::Humidity => &HUMIDITY,
        Type::Illuminance => &ILLUMINANCE,
        Type::Sys => &SYS,
        Type::Wifi => &WIFI,
        _ => &[],
    }
}

/// The sensors of a component: one for each attribute that its status has. A
/// component that is a sensor and nothing else has it even without a value.
pub(super) fn parts(reading: &Reading<'_>) -> Vec<Part> {
    let present =
        |meter: &&Meter| meter.name.is_empty() || at(reading.status, meter.path).is_some();
    let meters = meters(reading.source.kind).iter().filter(present);
    meters.filter_map(|meter| part(reading, meter)).collect()
}

fn part(reading: &Reading<'_>, meter: &Meter) -> Option<Part> {
    let number_of_ours = numbers::sensor(reading.source, meter.index)?;
    let name = match reading.source.kind {
        _ if !reading.is_described => String::new(),
        Type::Sys | Type::Wifi => meter.name.to_owned(),
        _ if meter.name.is_empty() => reading.name(),
        _ => format!("{} {}", reading.name(), meter.name),
    };
    let mut descriptor = Descriptor::new(Kind::Sensor, number_of_ours, &name);
    if reading.is_described {
        meter.quantity.describe(&mut descriptor);
    }
    Some(Part {
        descriptor,
        state: State::new().with("value", number(reading.status, meter.path)),
    })
}
