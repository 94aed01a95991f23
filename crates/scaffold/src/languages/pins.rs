//! Which pins the hardware of a generated project is on. Those of an ESP32-C3,
//! the chip that Switchboard's documents begin with; every README says that
//! they have to be changed.

use crate::{Component, Kind};

/// Pins that can measure a voltage (ADC1).
const ANALOG: [u8; 5] = [0, 1, 2, 3, 4];

/// Other pins, those that do nothing else first. 18 and 19 are USB, 20 and 21
/// the serial port.
const DIGITAL: [u8; 9] = [5, 6, 7, 10, 8, 20, 21, 18, 19];

/// The button BOOT of most boards.
const BOOT: u8 = 9;

/// The pins of a component; the second is for covers, which have two. With more
/// components than pins, they begin again.
pub(super) fn of(components: &[Component], wanted: &Component) -> (u8, u8) {
    let is_first_button = |one: &Component| one.kind == Kind::Button && one.number == 0;
    if is_first_button(wanted) {
        return (BOOT, BOOT);
    }
    let pool = |one: &Component| -> &'static [u8] {
        match one.kind {
            Kind::Sensor => &ANALOG,
            _ => &DIGITAL,
        }
    };
    let takes = |one: &Component| match one.kind {
        Kind::Cover => 2,
        Kind::Number | Kind::Select | Kind::Text | Kind::TextSensor => 0,
        _ if is_first_button(one) => 0,
        _ => 1,
    };
    let pins = pool(wanted);
    let before: usize = components
        .iter()
        .take_while(|one| *one != wanted)
        .filter(|one| pool(one) == pins)
        .map(takes)
        .sum();
    let pin = |at: usize| pins.get(at % pins.len()).copied().unwrap_or(BOOT);
    (pin(before), pin(before + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components;

    #[test]
    fn components_share_no_pin_while_there_are_enough() {
        let list = "light,button,sensor,cover,number,switch,sensor,event,button";
        let components = components(list).expect(list);
        let of = |at: usize| super::of(&components, &components[at]);
        assert_eq!(of(0).0, 5);
        assert_eq!(of(1).0, BOOT);
        assert_eq!((of(2).0, of(6).0), (0, 1));
        assert_eq!(of(3), (6, 7));
        assert_eq!((of(5).0, of(7).0, of(8).0), (10, 8, 20));
    }
}
