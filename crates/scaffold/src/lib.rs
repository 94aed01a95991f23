//! Projects for new boards: which components a board can have, how a project in
//! each language is made of templates and of the library files, and how it is
//! written. All of its files are inside the program.

mod component;
mod kind;
mod languages;
mod project;
mod template;
mod write;

pub use component::{Component, ComponentError, MAX_COMPONENTS, MAX_TEXTS, classes, components};
pub use kind::{Class, Kind};
pub use languages::files;
pub use project::{Language, NameError, Project, Source, board_name};
pub use write::{File, WriteError, check_folder, write};
