//// component
components::switch({{number}}, {{"name"}}, {{"class"}}),
//// output
{{"key"}} => self.set_{{identifier}}(state),
//// function

/// Drives {{name}}.
fn set_{{identifier}}(&mut self, state: &State) {
    let on = state.on() == Some(true);
    eprintln!("{{name}}: on={on}");
}
