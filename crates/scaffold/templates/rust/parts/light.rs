//// component
components::light({{number}}, {{"name"}}),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Drives {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    let word = if state.on() == Some(true) { "on" } else { "off" };
    let brightness = state.brightness().unwrap_or(100);
    eprintln!("{{name}}: {word} at {brightness} %");
}
