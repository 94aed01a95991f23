//! The announcement of a board, compared with what it reports over its
//! connection.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    finding::{Point, Report},
    schema,
};

const TXT: Point = Point {
    section: "Finding a board",
    name: "the TXT record",
    expected: "txtvers first, id and proto, consistent with Device.GetInfo; api_encryption only \
        on a locked board",
};

/// All points of this module.
pub(super) const POINTS: &[Point] = &[TXT];

pub(super) fn check(
    txt: Option<&[(String, String)]>,
    info: &Value,
    locked: bool,
    report: &mut Report<'_>,
) {
    match txt {
        None => report.skip(TXT, "the board was not found by mDNS"),
        Some(txt) => {
            let received: Vec<_> = txt
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            report.record(
                TXT,
                "",
                &received.join(" "),
                check_record(txt, info, locked),
            );
        }
    }
}

/// Checks a record.
///
/// # Errors
/// What is wrong.
fn check_record(txt: &[(String, String)], info: &Value, locked: bool) -> Result<(), String> {
    if txt
        .first()
        .is_none_or(|(key, value)| !key.eq_ignore_ascii_case("txtvers") || value != "1")
    {
        return Err("txtvers=1 is not the first pair".to_owned());
    }
    let keys: BTreeSet<_> = txt
        .iter()
        .map(|(key, _)| key.to_ascii_lowercase())
        .collect();
    if keys.len() != txt.len() {
        return Err("a key appears twice".to_owned());
    }
    let find = |key: &str| {
        txt.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.as_str())
    };
    schema::id(find("id").ok_or("id is missing")?)?;
    if find("proto") != Some("1") {
        return Err(format!(
            "proto is {:?}, not 1",
            find("proto").unwrap_or_default()
        ));
    }
    if let Some(other) = find("path").filter(|path| *path != protocol::RPC_PATH) {
        return Err(format!(
            "path is {other:?}, but controllers connect only to {}",
            protocol::RPC_PATH
        ));
    }
    for (key, field) in [
        ("id", "id"),
        ("friendly_name", "name"),
        ("mac", "mac"),
        ("version", "version"),
        ("platform", "platform"),
        ("board", "board"),
    ] {
        // A locked board reports nothing to compare with.
        if let (Some(announced), Some(said)) = (find(key), info[field].as_str())
            && announced != said
        {
            return Err(format!(
                "{key} is {announced:?}, but {field} in Device.GetInfo is {:?}",
                json!(said)
            ));
        }
    }
    match (find("api_encryption"), locked) {
        (None, false) | (Some(noise::SUITE), true) => Ok(()),
        (None, true) => Err("the board is locked, but api_encryption is missing".to_owned()),
        (Some(_), false) => Err("the board is open, but has api_encryption".to_owned()),
        (Some(other), true) => Err(format!("api_encryption is {other:?}, not {}", noise::SUITE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        text.split(' ')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    }

    #[test]
    fn a_record_is_compared_with_the_device_information() {
        let info = json!({ "id": "a-1", "name": "A" });
        assert_eq!(
            check_record(
                &pairs("txtvers=1 id=a-1 proto=1 friendly_name=A"),
                &info,
                false
            ),
            Ok(())
        );
        let suite = noise::SUITE;
        assert_eq!(
            check_record(
                &pairs(&format!("txtvers=1 id=a-1 proto=1 api_encryption={suite}")),
                &json!({}),
                true
            ),
            Ok(())
        );
        for (text, locked, expected) in [
            ("id=a-1 proto=1", false, "txtvers"),
            ("txtvers=1 proto=1", false, "id is missing"),
            ("txtvers=1 id=A proto=1", false, "an id"),
            ("txtvers=1 id=a-2 proto=1", false, "Device.GetInfo"),
            ("txtvers=1 id=a-1 proto=2", false, "proto"),
            ("txtvers=1 id=a-1 proto=1 ID=b", false, "twice"),
            ("txtvers=1 id=a-1 proto=1 path=/ws", false, "path"),
            ("txtvers=1 id=a-1 proto=1", true, "missing"),
            (
                "txtvers=1 id=a-1 proto=1 api_encryption=none",
                true,
                "api_encryption",
            ),
            (
                "txtvers=1 id=a-1 proto=1 api_encryption=none",
                false,
                "open",
            ),
        ] {
            let why = check_record(&pairs(text), &info, locked).expect_err(text);
            assert!(why.contains(expected), "{text}: {why}");
        }
    }
}
