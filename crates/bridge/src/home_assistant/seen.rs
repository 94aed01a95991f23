//! What a discovery payload depends on, compared without writing the payload:
//! boards push states far more often than they change.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use fleet::{BoardView, Lock};
use protocol::{Descriptor, DeviceInfo, Kind, method};

/// What the last discovery payload of a board was made from.
#[derive(Debug)]
pub(super) struct Seen {
    name: Arc<str>,
    address: Arc<str>,
    lock: Lock,
    lacking: [bool; 2],
    // Kept, so that no other one gets the same address.
    info: Option<Arc<DeviceInfo>>,
    descriptors: Vec<Arc<Descriptor>>,
    ranges: u64,
}

impl Seen {
    pub(super) fn of(view: &BoardView) -> Self {
        Self {
            name: Arc::clone(&view.name),
            address: Arc::clone(&view.address),
            lock: view.lock(),
            lacking: lacking(view),
            info: view.info.clone(),
            descriptors: view
                .components
                .iter()
                .map(|component| Arc::clone(&component.descriptor))
                .collect(),
            ranges: ranges(view),
        }
    }

    /// Whether the payload would be the same. May be wrong in one direction
    /// only: equal descriptions that were sent again count as others.
    pub(super) fn is(&self, view: &BoardView) -> bool {
        let same_info = match (&self.info, &view.info) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        let descriptors = view.components.iter().map(|it| &it.descriptor);
        same_info
            && self.descriptors.len() == view.components.len()
            && self
                .descriptors
                .iter()
                .zip(descriptors)
                .all(|(old, new)| Arc::ptr_eq(old, new))
            && self.name == view.name
            && self.address == view.address
            && self.lock == view.lock()
            && self.lacking == lacking(view)
            && self.ranges == ranges(view)
    }
}

fn lacking(view: &BoardView) -> [bool; 2] {
    [method::DEVICE_IDENTIFY, method::DEVICE_REBOOT].map(|method| view.lacks(method))
}

/// The ranges of numbers and the options of selects, which are part of their
/// states.
fn ranges(view: &BoardView) -> u64 {
    let mut hasher = DefaultHasher::new();
    for component in &view.components {
        match component.descriptor.kind {
            Kind::Number => {
                let range = component.reported.range();
                range.map(|range| range.map(f64::to_bits)).hash(&mut hasher);
            }
            Kind::Select => component
                .reported
                .options()
                .for_each(|option| option.hash(&mut hasher)),
            _ => {}
        }
    }
    hasher.finish()
}
