//! Which sensors measure a switch, a light or a cover, so that an outlet and
//! its power are one card. The protocol does not say it; names and numbers do.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use protocol::{ComponentKey, EntityCategory, Kind};

use fleet::ComponentView;

/// What is measured at an outlet, in Home Assistant's terms; the first is what
/// people look at.
const CLASSES: [&str; 8] = [
    "power",
    "energy",
    "current",
    "voltage",
    "apparent_power",
    "reactive_power",
    "power_factor",
    "frequency",
];

/// Which sensors of a board measure which switch, light or cover: its outlets.
#[derive(Default)]
pub(crate) struct Metering<'a> {
    by_outlet: HashMap<&'a ComponentKey, Vec<&'a ComponentView>>,
    owned: HashSet<&'a ComponentKey>,
}

impl<'a> Metering<'a> {
    pub(crate) fn of(components: &'a [Arc<ComponentView>]) -> Self {
        let outlets: Vec<Outlet<'a>> = components
            .iter()
            .filter(|view| {
                matches!(
                    view.descriptor.kind,
                    Kind::Switch | Kind::Light | Kind::Cover
                )
            })
            .map(|view| Outlet {
                view,
                name: view.descriptor.name.to_lowercase(),
            })
            .collect();
        let mut sensors: Vec<(usize, &ComponentView)> = components
            .iter()
            .filter(|_| !outlets.is_empty())
            .filter_map(|sensor| Some((class(sensor)?, sensor.as_ref())))
            .collect();
        sensors.sort_by_key(|(class, _)| *class);
        let mut found = Self::default();
        for (_, sensor) in sensors {
            if let Some(outlet) = owner(&outlets, sensor) {
                let meters = found.by_outlet.entry(&outlet.descriptor.key).or_default();
                meters.push(sensor);
                found.owned.insert(&sensor.descriptor.key);
            }
        }
        found
    }

    /// The sensors that measure this outlet, power first.
    pub(crate) fn meters(&self, outlet: &ComponentView) -> Vec<&'a ComponentView> {
        let meters = self.by_outlet.get(&outlet.descriptor.key);
        meters.cloned().unwrap_or_default()
    }

    /// Whether a component measures an outlet.
    pub(crate) fn is_meter(&self, component: &ComponentView) -> bool {
        self.owned.contains(&component.descriptor.key)
    }
}

struct Outlet<'a> {
    view: &'a ComponentView,
    /// In lower case.
    name: String,
}

/// The outlet that a sensor measures: the one whose name begins its name
/// (`Pump`, `Pump power`), otherwise the switch with the same number (`Outlet
/// 2`, `switch:1`, and `Power 2`, `sensor:1`).
fn owner<'a>(outlets: &[Outlet<'a>], sensor: &ComponentView) -> Option<&'a ComponentView> {
    let name = sensor.descriptor.name.to_lowercase();
    let by_name = outlets
        .iter()
        .filter(|outlet| begins(&name, &outlet.name))
        .max_by_key(|outlet| outlet.name.len());
    if let Some(outlet) = by_name {
        let alike = outlets.iter().filter(|other| other.name == outlet.name);
        // Two outlets with one name cannot be told apart.
        return (alike.count() == 1).then_some(outlet.view);
    }
    let numbered = outlets.iter().find(|outlet| {
        let descriptor = &outlet.view.descriptor;
        descriptor.device_class.as_deref() == Some("outlet")
            && descriptor.key.id == sensor.descriptor.key.id
            && match (number(&outlet.name), number(&name)) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            }
    });
    numbered.map(|outlet| outlet.view)
}

/// The rank of what a sensor measures; `None` if that is nothing at an
/// outlet.
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
        let owner = components
            .iter()
            .find(|switch| meters(components, switch).iter().any(|name| name == sensor))?;
        Some(owner.descriptor.name.clone())
    }

    fn meters(components: &[Arc<ComponentView>], switch: &ComponentView) -> Vec<String> {
        let meters = Metering::of(components).meters(switch);
        let names = meters.iter().map(|meter| meter.descriptor.name.clone());
        names.collect()
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
        assert_eq!(meters(&strip, &strip[2]), ["Power 2"]);
        let metering = Metering::of(&strip);
        assert!(metering.is_meter(&strip[1]) && !metering.is_meter(&strip[4]));
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
        assert_eq!(meters(&pumps, &pumps[0]), ["Pump power", "Pump current"]);
    }

    #[test]
    fn a_light_and_a_cover_are_measured_too() {
        let house = [
            view(Kind::Light, 0, "Light", None),
            view(Kind::Cover, 0, "Blind", None),
            view(Kind::Sensor, 1, "Light frequency", Some("frequency")),
            view(Kind::Sensor, 0, "Light power", Some("power")),
            view(Kind::Sensor, 2, "Blind energy", Some("energy")),
            view(Kind::Sensor, 3, "Light level", Some("illuminance")),
        ];
        assert_eq!(
            meters(&house, &house[0]),
            ["Light power", "Light frequency"]
        );
        assert_eq!(meters(&house, &house[1]), ["Blind energy"]);
        assert_eq!(owner(&house, "Light level"), None);
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
