//! The board's firmware, which it downloads itself.

use protocol::{EntityCategory, Kind, State};
use serde_json::{Value, json};

use super::{Part, Reading, text};

pub(super) fn update(reading: &Reading<'_>) -> Vec<Part> {
    let available = text(reading.status, "available_updates.stable.version");
    let latest = available.unwrap_or(reading.version);
    let progress = |field: &str, unless: Value| match reading.update.get(field) {
        Some(value) => value.clone(),
        None => unless,
    };
    let state = State::new()
        .with("installed_version", reading.version)
        .with("latest_version", sanitize::bounds::text(latest.to_owned()))
        .with("in_progress", progress("in_progress", json!(false)))
        .with(
            "update_percentage",
            progress("update_percentage", Value::Null),
        )
        .with("last_error", progress("last_error", Value::Null));
    let part = reading.part(Kind::Update, state).map(|mut part| {
        part.descriptor.name = "Firmware".to_owned();
        part.descriptor.device_class = Some("firmware".to_owned());
        part.descriptor.entity_category = Some(EntityCategory::Diagnostic);
        part.descriptor.can_install = true;
        part
    });
    part.into_iter().collect()
}
