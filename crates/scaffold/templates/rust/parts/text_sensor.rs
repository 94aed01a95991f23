//// component
components::text_sensor({{number}}, {{"name"}}),
//// input
{{"key"}} => Some(State::new().with("value", self.read_{{identifier}}(now))),
//// function

/// Reads {{name}}, one line.
fn read_{{identifier}}(&mut self, now: Duration) -> String {
    format!("minute {}", now.as_secs() / 60)
}
