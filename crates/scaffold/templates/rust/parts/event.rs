//// component
components::event({{number}}, {{"name"}}, {{"class"}}, &["single", "double", "long"]),
//// hook

/// What has occurred at an event component since the last call: one of its
/// words, or `None`.
fn read_event(&mut self, now: Duration, key: &ComponentKey) -> Option<String> {
    // Once in a minute, in the half second for which this is asked.
    let is_due = now.as_millis() % 60_000 < 500 && now.as_secs() > 0;
    is_due.then(|| {
        eprintln!("{key}: single");
        "single".to_owned()
    })
}
