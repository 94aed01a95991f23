//! Text for people: [`mod@plain`] makes what others say safe to print,
//! [`names`] makes names safe to show, [`bounded`] cuts what is too long to be
//! kept, [`redact`] leaves secrets out.

pub mod bounded;
pub mod names;
pub mod plain;
pub mod redact;
