//! What Switchboard keeps on disk: [`settings`], [`documents`] (scenes and
//! dashboards), [`keys`] of locked boards, and the [`addresses`] where commands
//! last found boards. Every file is written through the
//! crate `files`: replaced whole or not at all. Knows neither the fleet nor the
//! window.

pub mod addresses;
pub mod documents;
pub mod keys;
pub mod settings;
