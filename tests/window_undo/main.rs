//! Undo in the whole program: the real window over a real fleet and running
//! virtual boards, driven by accessible names. Each test is a promise of
//! `docs/window.md`, section "Undo".
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod desktop;
mod doctor;
mod documents;
mod forget;
mod history;
mod questions;
