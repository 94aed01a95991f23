//! What boards and other programs say, made safe to keep and to print:
//! [`bounds`] keeps it short, [`names`] makes names safe to show, [`mod@plain`]
//! escapes what could steer a terminal, and [`redact`] leaves secrets out.

pub mod bounds;
pub mod names;
pub mod plain;
pub mod redact;
