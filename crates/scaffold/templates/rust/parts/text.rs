//// component
components::text({{number}}, {{"name"}}),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Uses the text of {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    eprintln!("{{name}}: {:?}", state.text().unwrap_or_default());
}
