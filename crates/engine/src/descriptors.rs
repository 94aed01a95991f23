//! Boards of the same model have equal component descriptors: each is stored
//! once, for all of them.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use protocol::Descriptor;

/// The most descriptors that are shared; a bound for boards that invent them.
const MOST: usize = 1_024;

/// The descriptors of all boards.
#[derive(Default)]
pub(super) struct Descriptors(Mutex<HashSet<ByName>>);

/// A descriptor, hashed by its key and its name, compared as a whole.
#[derive(PartialEq)]
struct ByName(Arc<Descriptor>);

// A descriptor has no NaN: JSON has none.
impl Eq for ByName {}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
        self.0.name.hash(state);
    }
}

impl Descriptors {
    /// The shared copy of this descriptor.
    pub(super) fn share(&self, descriptor: &Arc<Descriptor>) -> Arc<Descriptor> {
        // A panic leaves nothing half done.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = ByName(Arc::clone(descriptor));
        if let Some(there) = known.get(&wanted) {
            return Arc::clone(&there.0);
        }
        if known.len() >= MOST {
            known.retain(|known| Arc::strong_count(&known.0) > 1);
        }
        if known.len() < MOST {
            known.insert(wanted);
        }
        Arc::clone(descriptor)
    }
}

#[cfg(test)]
mod tests {
    use protocol::Kind;

    use super::*;

    fn light(id: u16, icon: &str) -> Arc<Descriptor> {
        let mut light = Descriptor::new(Kind::Light, id, "Lamp");
        light.icon = Some(icon.to_owned());
        Arc::new(light)
    }

    #[test]
    fn equal_descriptors_are_shared_and_others_are_not() {
        let descriptors = Descriptors::default();
        let first = descriptors.share(&light(0, "mdi:lamp"));
        assert!(Arc::ptr_eq(
            &first,
            &descriptors.share(&light(0, "mdi:lamp"))
        ));
        let other = descriptors.share(&light(0, "mdi:desk"));
        assert_eq!(
            (first.icon.as_deref(), other.icon.as_deref()),
            (Some("mdi:lamp"), Some("mdi:desk"))
        );
    }

    #[test]
    fn invented_descriptors_are_bounded() {
        let descriptors = Descriptors::default();
        (0..5_000).for_each(|id| drop(descriptors.share(&light(id, "mdi:lamp"))));
        let held: Vec<_> = (0..5_000)
            .map(|id| descriptors.share(&light(id, "mdi:lamp")))
            .collect();
        let known = descriptors.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((known.len(), held.len()), (MOST, 5_000));
    }
}
