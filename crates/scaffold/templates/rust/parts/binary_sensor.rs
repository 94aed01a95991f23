//// component
components::binary_sensor({{number}}, {{"name"}}, {{"class"}}),
//// input
{{"key"}} => Some(State::new().with("on", self.read_{{identifier}}(now))),
//// function

/// Whether {{name}} is detected; `None` if that is not known.
fn read_{{identifier}}(&mut self, now: Duration) -> Option<bool> {
    // For ten seconds of each minute.
    Some(now.as_secs() % 60 >= 50)
}
