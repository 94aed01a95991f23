//// component
components::number({{number}}, {{"name"}}, [0.0, 100.0, 1.0]),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Uses the value of {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    eprintln!("{{name}}: {}", state.number().unwrap_or_default());
}
