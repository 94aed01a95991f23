//! Changes to a scene, each as the complete changed scene.

use disk::documents::Scene;

use crate::model::{
    action::{DocumentChange, WindowAction},
    boards::Model,
    pin::Pin,
};

/// Removes a component from the scene.
pub(super) fn without(at: usize, scene: &Scene, pin: &Pin, model: &Model) -> Option<WindowAction> {
    let mut changed = scene.clone();
    changed.steps.retain(|step| step.pin != *pin);
    let title = format!("Remove {} from {}", model.pin_title(pin), scene.name);
    (changed != *scene).then(|| change(at, changed, title))
}

/// Updates components of the scene to their current state.
pub(super) fn updated(
    at: usize,
    scene: &Scene,
    pins: &[Pin],
    title: String,
    model: &Model,
) -> Option<WindowAction> {
    let mut changed = scene.clone();
    for pin in pins {
        if let Some((_, view)) = model.pinned(pin) {
            changed.take(pin.clone(), &view.descriptor.key.kind, &view.shown());
        }
    }
    (changed != *scene).then(|| change(at, changed, title))
}

/// Asks for a changed scene.
pub(super) fn change(at: usize, changed: Scene, title: String) -> WindowAction {
    WindowAction::ChangeDocument(DocumentChange::scene(at, changed, title))
}
