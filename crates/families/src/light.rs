//! What a change of a light is checked for, whatever the family.

use protocol::{Code, RpcError, limits, method::LightSet};

/// Checks the values that have the same range for every light.
///
/// # Errors
/// If one is out of range.
pub(crate) fn check_light(set: &LightSet) -> Result<(), RpcError> {
    let message = if set.brightness.is_some_and(|brightness| brightness > 100) {
        "brightness must be 0 to 100 %".to_owned()
    } else if set
        .transition_ms
        .is_some_and(|fade| fade > limits::TRANSITION_MS)
    {
        format!("transition_ms must be 0 to {}", limits::TRANSITION_MS)
    } else {
        return Ok(());
    };
    Err(RpcError::new(Code::InvalidParams, "out_of_range", message))
}
