//! Numbers that set something of a light, such as the speed of its effect, and
//! are on its card. A family says which.

use protocol::{ComponentKey, Kind};

use fleet::{BoardView, ComponentView};

/// The light that a component is a part of, if the board has it.
fn whole(board: &BoardView, component: &ComponentKey) -> Option<ComponentKey> {
    let whole = board.family.part_of(component)?;
    board.component(&whole).map(|_| whole)
}

/// Whether a component is a part of another one.
pub(crate) fn is_part(board: &BoardView, component: &ComponentView) -> bool {
    whole(board, &component.descriptor.key).is_some()
}

/// The parts of a light, in the order of the board.
pub(crate) fn of<'a>(board: &'a BoardView, light: &ComponentView) -> Vec<&'a ComponentView> {
    if light.descriptor.key.kind != Kind::Light {
        return Vec::new();
    }
    let parts = board.components.iter().map(AsRef::as_ref);
    parts
        .filter(|part| whole(board, &part.descriptor.key).as_ref() == Some(&light.descriptor.key))
        .collect()
}
