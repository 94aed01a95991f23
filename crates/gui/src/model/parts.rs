//! Numbers that set something of a light, such as the speed of its effect, and
//! are on its card. A family says which.

use protocol::Kind;

use fleet::{BoardView, ComponentView};

/// Whether a component is a part of a light that the board has.
pub(crate) fn is_part(board: &BoardView, component: &ComponentView) -> bool {
    let whole = board.family.part_of(&component.descriptor.key);
    whole.is_some_and(|whole| board.component(&whole).is_some())
}

/// The parts of a light, in the order of the board.
pub(crate) fn of<'a>(board: &'a BoardView, light: &ComponentView) -> Vec<&'a ComponentView> {
    let light = &light.descriptor.key;
    if light.kind != Kind::Light {
        return Vec::new();
    }
    let whole = |part: &ComponentView| board.family.part_of(&part.descriptor.key);
    let parts = board.components.iter().map(AsRef::as_ref);
    parts
        .filter(|part| whole(part).as_ref() == Some(light))
        .collect()
}
