//! Text for people: [`mod@plain`] makes what others say safe to print,
//! [`bounds`] keeps it short, [`names`] makes names safe to show, [`redact`] leaves secrets out.

pub mod bounds;
pub mod names;
pub mod plain;
pub mod redact;
