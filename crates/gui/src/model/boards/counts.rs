//! How many boards are in each state.

use crate::model::link_kind::LinkKind;
use fleet::LinkState;

/// How many boards are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Boards with a live link.
    pub connected: usize,
    /// Boards that are connecting.
    pub connecting: usize,
    /// Boards with a silent link.
    pub stale: usize,
    /// Boards that are locked, and whose key this computer lacks.
    pub locked: usize,
    /// Boards without a link.
    pub unreachable: usize,
    /// Boards that are only announced.
    pub announced: usize,
}

impl Counts {
    pub(super) fn of(&mut self, link: &LinkState) -> &mut usize {
        match LinkKind::of(link) {
            LinkKind::Announced => &mut self.announced,
            LinkKind::Connecting => &mut self.connecting,
            LinkKind::Connected => &mut self.connected,
            LinkKind::Stale => &mut self.stale,
            LinkKind::Locked => &mut self.locked,
            LinkKind::Unreachable => &mut self.unreachable,
        }
    }

    /// How many boards are in this state.
    pub(crate) fn get(self, kind: LinkKind) -> usize {
        match kind {
            LinkKind::Announced => self.announced,
            LinkKind::Connecting => self.connecting,
            LinkKind::Connected => self.connected,
            LinkKind::Stale => self.stale,
            LinkKind::Locked => self.locked,
            LinkKind::Unreachable => self.unreachable,
        }
    }
}
