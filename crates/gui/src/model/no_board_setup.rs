//! Stands in for setting up a board over USB in a browser, which has no serial
//! ports: the dialog never opens, and there are no tasks for it.

/// The dialog, which does not exist.
#[derive(Debug)]
pub(crate) enum Setup {}

/// A task of the dialog, which does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupTask {}
