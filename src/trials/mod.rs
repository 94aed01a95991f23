//! The inside of the app for programs that try it: the Autobahn suite's client and the fuzzer's targets. No face uses it, and it
//! promises nothing.

mod echo;

pub use echo::{Echoed, echo};
