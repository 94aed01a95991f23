//! Which sensors measure a switch, so that an outlet and its power are one
//! card. The protocol does not say it; names and numbers do.

use std::sync::Arc;

use protocol::{EntityCategory, Kind};

use fleet::ComponentView;

/// What is measured at an outlet, in Home Assistant's terms; the first is what
/// people look at.
const CLASSES: [&str; 7] = [
    "power",
    "energy",
    "current",
    "voltage",
    "apparent_power",
    "reactive_power",
    "power_factor",
];

/// The sensors that measure `switch`, power first.
pub(crate) fn meters<'a>(
    components: &'a [Arc<ComponentView>],
    switch: &ComponentView,
) -> Vec<&'a ComponentView> {
    if switch.descriptor.kind != Kind::Switch {
        return Vec::new();
    }
    let mut found: Vec<(usize, &ComponentView)> = components
        .iter()
        .filter_map(|sensor| Some((class(sensor)?, sensor.as_ref())))
        .filter(|(_, sensor)| {
            measured(components, sensor)
                .is_some_and(|owner| owner.descriptor.key == switch.descriptor.key)
        })
        .collect();
    found.sort_by_key(|(class, _)| *class);
    found.into_iter().map(|(_, sensor)| sensor).collect()
}

/// The switch that a sensor measures: the one whose name begins its name
/// (`Pump`, `Pump power`), otherwise the outlet with the same number (`Outlet
/// 2`, `switch:1`, and `Power 2`, `sensor:1`).
pub(crate) fn measured<'a>(
    components: &'a [Arc<ComponentView>],
    sensor: &ComponentView,
) -> Option<&'a ComponentView> {
    class(sensor)?;
    let switches = || {
        components
            .iter()
            .map(AsRef::as_ref)
            .filter(|view: &&ComponentView| view.descriptor.kind == Kind::Switch)
    };
    let name = sensor.descriptor.name.to_lowercase();
    let by_name = switches()
        .filter(|switch| begins(&name, &switch.descriptor.name.to_lowercase()))
        .max_by_key(|switch| switch.descriptor.name.len());
    if let Some(switch) = by_name {
        let alike = |other: &&ComponentView| other.descriptor.name == switch.descriptor.name;
        // Two switches with one name cannot be told apart.
        return (switches().filter(alike).count() == 1).then_some(switch);
    }
    switches().find(|switch| {
        switch.descriptor.device_class.as_deref() == Some("outlet")
            && switch.descriptor.key.id == sensor.descriptor.key.id
            && match (number(&switch.descriptor.name), number(&name)) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            }
    })
}

/// The rank of what a sensor measures; `None` if that is nothing at a switch.
fn class(sensor: &ComponentView) -> Option<usize> {
    let descriptor = &sensor.descriptor;
    if descriptor.kind != Kind::Sensor
        || descriptor.entity_category == Some(EntityCategory::Diagnostic)
    {
        return None;
    }
    let class = descriptor.device_class.as_deref()?;
    CLASSES.iter().position(|known| *known == class)
}

/// Whether `name` begins with `words`, and a word ends there.
fn begins(name: &str, words: &str) -> bool {
    !words.is_empty()
        && name
            .strip_prefix(words)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// The number at the end of a name.
fn number(name: &str) -> Option<&str> {
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    Some(&name[start..]).filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use fleet::CommandState;
    use protocol::{Descriptor, State};

    use super::*;

    fn view(kind: Kind, id: u16, name: &str, class: Option<&str>) -> Arc<ComponentView> {
        let mut descriptor = Descriptor::new(kind, id, name);
        descriptor.device_class = class.map(str::to_owned);
        Arc::new(ComponentView {
            descriptor: Arc::new(descriptor),
            reported: State::new(),
            wanted: None,
            command: CommandState::Idle,
            changed: None,
            last_event: None,
            history: Arc::default(),
        })
    }

    fn owner(components: &[Arc<ComponentView>], sensor: &str) -> Option<String> {
        let sensor = components
            .iter()
            .find(|view| view.descriptor.name == sensor)?;
        let owner = measured(components, sensor)?;
        Some(owner.descriptor.name.clone())
    }

    #[test]
    fn a_sensor_belongs_to_the_outlet_with_its_number() {
        let strip = [
            view(Kind::Switch, 0, "Outlet 1", Some("outlet")),
            view(Kind::Sensor, 0, "Power 1", Some("power")),
            view(Kind::Switch, 1, "Outlet 2", Some("outlet")),
            view(Kind::Sensor, 1, "Power 2", Some("power")),
            view(Kind::Sensor, 2, "Temperature", Some("temperature")),
        ];
        assert_eq!(owner(&strip, "Power 1").as_deref(), Some("Outlet 1"));
        assert_eq!(owner(&strip, "Power 2").as_deref(), Some("Outlet 2"));
        assert_eq!(owner(&strip, "Temperature"), None);
        let names: Vec<_> = meters(&strip, &strip[2])
            .iter()
            .map(|meter| meter.descriptor.name.as_str())
            .collect();
        assert_eq!(names, ["Power 2"]);
    }

    #[test]
    fn a_sensor_belongs_to_the_switch_whose_name_begins_its_name() {
        let pumps = [
            view(Kind::Switch, 0, "Pump", None),
            view(Kind::Switch, 1, "Pump 2", None),
            view(Kind::Sensor, 7, "Pump current", Some("current")),
            view(Kind::Sensor, 8, "Pump 2 power", Some("power")),
            view(Kind::Sensor, 9, "Pumping power", Some("power")),
            view(Kind::Sensor, 4, "Pump power", Some("power")),
        ];
        assert_eq!(owner(&pumps, "Pump 2 power").as_deref(), Some("Pump 2"));
        assert_eq!(owner(&pumps, "Pumping power"), None);
        let names: Vec<_> = meters(&pumps, &pumps[0])
            .iter()
            .map(|meter| meter.descriptor.name.as_str())
            .collect();
        assert_eq!(names, ["Pump power", "Pump current"]);
    }

    #[test]
    fn a_sensor_that_could_belong_to_two_switches_belongs_to_none() {
        let relays = [
            view(Kind::Switch, 0, "Relay", None),
            view(Kind::Switch, 1, "Relay", None),
            view(Kind::Sensor, 0, "Relay power", Some("power")),
        ];
        assert_eq!(owner(&relays, "Relay power"), None);
        let motor = [
            view(Kind::Switch, 0, "Motor forward", None),
            view(Kind::Sensor, 0, "Motor power", Some("power")),
        ];
        assert_eq!(owner(&motor, "Motor power"), None);
    }
}
