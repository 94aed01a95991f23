//// component
components::cover({{number}}, {{"name"}}, {{"class"}}),
//// field
/// The motor of {{name}}: a simulated one that takes ten seconds.
{{identifier}}: host::Motor,
//// input
{{"key"}} => Some(self.{{identifier}}.state(now)),
//// move
{{"key"}} => self.{{identifier}}.told(now, movement),
//// hook

/// Moves a cover. `read_input` is called next, and says what it does now.
fn move_cover(
    &mut self,
    now: Duration,
    key: &ComponentKey,
    movement: host::board::Movement,
) -> Result<(), RpcError> {
    match key.to_string().as_str() {
        {{each move}}
        other => eprintln!("{other} has no motor"),
    }
    Ok(())
}
