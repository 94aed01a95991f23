//// component
components::select({{number}}, {{"name"}}, &["low", "medium", "high"]),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Uses the option of {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    eprintln!("{{name}}: {}", state.text().unwrap_or_default());
}
