//// component
components::sensor({{number}}, {{"name"}}, {{"class"}}, {{"unit"}}, {{decimals}}),
//// input
{{"key"}} => Some(State::new().with("value", self.read_{{identifier}}(now))),
//// function

/// Measures {{name}}{{in_unit}}; `None` if that fails.
fn read_{{identifier}}(&mut self, now: Duration) -> Option<f64> {
    Some(host::wave(now, {{low}}, {{high}}))
}
//// lasting
A value that you set on a sensor lasts until the next measurement.
