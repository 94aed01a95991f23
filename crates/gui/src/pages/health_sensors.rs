//! The sensors of a board that tell about its link.

use fleet::{BoardView, ComponentView};

/// The device class of the received signal.
pub(crate) const SIGNAL: &str = "signal_strength";
/// The device class of free memory.
pub(crate) const MEMORY: &str = "data_size";

/// The sensor of a board with this device class.
pub(crate) fn sensor<'a>(board: &'a BoardView, class: &str) -> Option<&'a ComponentView> {
    let mut components = board.components.iter();
    components
        .find(|view| view.descriptor.device_class.as_deref() == Some(class))
        .map(AsRef::as_ref)
}

/// How many KiB the unit of a component is.
pub(crate) fn kib(view: &ComponentView) -> Option<f64> {
    match view.descriptor.unit_of_measurement.as_deref()? {
        "B" => Some(1.0 / 1_024.0),
        "kB" => Some(1_000.0 / 1_024.0),
        "KiB" => Some(1.0),
        "MB" => Some(1_000_000.0 / 1_024.0),
        "MiB" => Some(1_024.0),
        _ => None,
    }
}
