//! Text for people: [`mod@plain`] makes what others say safe to print,
//! [`names`] makes names safe to show, [`redact`] leaves secrets out.

pub mod names;
pub mod plain;
pub mod redact;
