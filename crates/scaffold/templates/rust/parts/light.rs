//// component
components::light({{number}}, {{"name"}}),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Drives {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    let on = state.on() == Some(true);
    let brightness = state.brightness().unwrap_or(100);
    eprintln!("{{name}}: on={on} brightness={brightness}");
}
