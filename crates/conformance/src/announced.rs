//! The announcement of a board, beside what it says over its connection.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    finding::{Point, Report},
    shape,
};

const TXT: Point = Point {
    section: "Finding a board",
    name: "the TXT record",
    expected: "txtvers first, id and proto, and the same as in Device.GetInfo; api_encryption on \
         a locked board only",
};

/// Every point.
pub(super) const POINTS: &[Point] = &[TXT];

pub(super) fn check(
    txt: Option<&[(String, String)]>,
    info: &Value,
    locked: bool,
    report: &mut Report<'_>,
) {
    match txt {
        None => report.skipped(TXT, "it was not found by mDNS"),
        Some(txt) => {
            let came: Vec<_> = txt
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            report.judged(TXT, "", &came.join(" "), judge(txt, info, locked));
        }
    }
}

/// What is wrong with a record.
///
/// # Errors
/// That.
fn judge(txt: &[(String, String)], info: &Value, locked: bool) -> Result<(), String> {
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
        return Err("a key is there twice".to_owned());
    }
    let find = |key: &str| {
        txt.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.as_str())
    };
    shape::id(find("id").ok_or("id is missing")?)?;
    if find("proto") != Some("1") {
        return Err(format!(
            "proto is {:?}, not 1",
            find("proto").unwrap_or_default()
        ));
    }
    if let Some(other) = find("path").filter(|path| *path != protocol::RPC_PATH) {
        return Err(format!(
            "path is {other:?}, and controllers connect to {} alone",
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
        // Where nothing was said over the connection, as by a locked board,
        // nothing can be compared.
        if let (Some(announced), Some(said)) = (find(key), info[field].as_str())
            && announced != said
        {
            return Err(format!(
                "{key} is {announced:?}, and {field} in Device.GetInfo is {:?}",
                json!(said)
            ));
        }
    }
    match (find("api_encryption"), locked) {
        (None, false) | (Some(noise::SUITE), true) => Ok(()),
        (None, true) => Err("the board is locked, and api_encryption is missing".to_owned()),
        (Some(_), false) => Err("the board is open, and api_encryption is there".to_owned()),
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
    fn a_record_is_compared_with_what_the_board_says() {
        let info = json!({ "id": "a-1", "name": "A" });
        assert_eq!(
            judge(
                &pairs("txtvers=1 id=a-1 proto=1 friendly_name=A"),
                &info,
                false
            ),
            Ok(())
        );
        let suite = noise::SUITE;
        assert_eq!(
            judge(
                &pairs(&format!("txtvers=1 id=a-1 proto=1 api_encryption={suite}")),
                &json!({}),
                true
            ),
            Ok(())
        );
        for (text, locked, told) in [
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
            let why = judge(&pairs(text), &info, locked).expect_err(text);
            assert!(why.contains(told), "{text}: {why}");
        }
    }
}
