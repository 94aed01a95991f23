//! Makes text from boards and other programs safe to store and print:
//! [`bounds`] limits its length, [`names`] makes names safe to show,
//! [`mod@plain`] escapes control characters, and [`redact`] removes secrets.

pub mod bounds;
pub mod names;
pub mod plain;
pub mod redact;
