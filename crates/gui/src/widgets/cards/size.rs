//! The natural size of a card on the grid of a dashboard, so that a switch does
//! not take the room of a light.

use std::sync::Arc;

use protocol::Kind;

use super::light;
use crate::model::metering::Metering;
use fleet::{BoardView, ComponentView};

/// The height of a row of the grid, in points. It includes the gap below.
pub(crate) const ROW: f32 = 88.0;

/// How many columns and rows of the grid the card of a component takes. Without
/// board, because that is not known yet, only the kind decides.
pub(crate) fn natural_size(
    kind: &Kind,
    found: Option<(&Arc<BoardView>, &Arc<ComponentView>)>,
) -> [u16; 2] {
    if let Some((board, switch)) = found
        && *kind == Kind::Switch
        && !Metering::of(&board.components).meters(switch).is_empty()
    {
        return [3, 2];
    }
    size(kind, found.map(|(_, view)| view.as_ref()))
}

fn size(kind: &Kind, view: Option<&ComponentView>) -> [u16; 2] {
    let rows = match kind {
        Kind::Switch | Kind::BinarySensor | Kind::Button | Kind::Select | Kind::TextSensor => 1,
        Kind::Sensor if view.is_some_and(|view| view.reported.text().is_some()) => 1,
        Kind::Sensor
        | Kind::Number
        | Kind::Text
        | Kind::Cover
        | Kind::Event
        | Kind::Update
        | Kind::Unknown(_) => 2,
        Kind::Light => match view.map(|view| light::controls(&view.descriptor.caps)) {
            Some(0) => 1,
            Some(1 | 2) => 2,
            Some(_) | None => 3,
        },
    };
    [3, rows]
}

#[cfg(test)]
mod tests {
    use fleet::CommandState;
    use protocol::{Caps, Descriptor, State};

    use super::*;

    fn view(kind: Kind, caps: Caps, reported: State) -> ComponentView {
        let mut descriptor = Descriptor::new(kind, 0, "One");
        descriptor.caps = caps;
        ComponentView {
            descriptor: Arc::new(descriptor),
            reported,
            wanted: None,
            command: CommandState::Idle,
            changed: None,
            last_event: None,
            history: Arc::default(),
        }
    }

    #[test]
    fn a_card_takes_as_much_room_as_its_controls_need() {
        assert_eq!(size(&Kind::Switch, None), [3, 1]);
        assert_eq!(size(&Kind::Sensor, None), [3, 2]);
        assert_eq!(size(&Kind::Light, None), [3, 3]);
        let plain = view(Kind::Light, Caps::default(), State::new());
        assert_eq!(size(&Kind::Light, Some(&plain)), [3, 1]);
        let dimmed = Caps {
            brightness: true,
            ..Caps::default()
        };
        let dimmed = view(Kind::Light, dimmed, State::new());
        assert_eq!(size(&Kind::Light, Some(&dimmed)), [3, 2]);
        let words = State::new().with("value", "idle");
        let words = view(Kind::Sensor, Caps::default(), words);
        assert_eq!(size(&Kind::Sensor, Some(&words)), [3, 1]);
    }
}
