//// component
components::switch({{number}}, {{"name"}}, {{"class"}}),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Drives {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    let word = if state.on() == Some(true) { "on" } else { "off" };
    eprintln!("{{name}}: {word}");
}
