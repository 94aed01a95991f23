//// component
components::button({{number}}, {{"name"}}),
//// hook

/// A controller pressed a button. What it toggles is in `board.rs`.
fn pressed_remotely(&mut self, key: &ComponentKey, event: &str) -> Result<(), RpcError> {
    eprintln!("{key}: {event}");
    Ok(())
}
