//! Every golden file is decoded, compared with the expected value, and encoded
//! as the same JSON again.

mod answers;
mod pushes;
mod requests;
mod telemetry;

use std::{collections::BTreeSet, error::Error, fs, path::PathBuf};

use serde_json::Value;
use switchboard_protocol::{FromBoard, Object, Request, mdns::Announcement};

type Outcome = Result<(), Box<dyn Error>>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn golden(name: &str) -> Result<String, Box<dyn Error>> {
    fs::read_to_string(folder().join(name).with_extension("json"))
        .map_err(|error| format!("{name}: {error}").into())
}

fn json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// The fields of an object; none for other values.
fn object(fields: Value) -> Object {
    if let Value::Object(fields) = fields {
        fields
    } else {
        Object::new()
    }
}

#[test]
fn requests_match_their_golden_files() -> Outcome {
    for (name, request) in requests::all() {
        let text = golden(name)?;
        assert_eq!(Request::parse(&text), Ok(request.clone()), "{name}");
        if name != requests::WITH_EMPTY_LIST {
            assert_eq!(json(&request.to_json())?, json(&text)?, "{name}");
        }
    }
    Ok(())
}

#[test]
fn an_empty_params_array_counts_as_absent() -> Outcome {
    let text = golden(requests::WITH_EMPTY_LIST)?;
    assert!(text.contains("[]"));
    let request = Request::parse(&text).map_err(|rejected| rejected.error)?;
    assert_eq!(request.params, Object::new());
    Ok(())
}

#[test]
fn parameters_decode_as_the_type_of_their_method() -> Outcome {
    requests::decode_all(|name| {
        let text = golden(name)?;
        Ok(Request::parse(&text).map_err(|rejected| rejected.error)?)
    })
}

#[test]
fn responses_match_their_golden_files() -> Outcome {
    for (name, response) in answers::all()? {
        let text = golden(name)?;
        let expected = FromBoard::Response(response);
        assert_eq!(FromBoard::parse(&text)?, expected, "{name}");
        if name != answers::WITHOUT_DATA {
            assert_eq!(json(&expected.to_json())?, json(&text)?, "{name}");
        }
    }
    Ok(())
}

#[test]
fn results_decode_as_the_type_of_their_method() -> Outcome {
    answers::decode_all(|name| match FromBoard::parse(&golden(name)?)? {
        FromBoard::Response(response) => Ok(response.outcome?),
        other => Err(format!("{name} is {other:?}").into()),
    })
}

#[test]
fn pushes_match_their_golden_files() -> Outcome {
    for (name, push) in pushes::all()? {
        let text = golden(name)?;
        assert_eq!(FromBoard::parse(&text)?, push, "{name}");
        assert_eq!(json(&push.to_json())?, json(&text)?, "{name}");
    }
    Ok(())
}

#[test]
fn txt_records_match_their_golden_files() -> Outcome {
    for (name, announcement) in pushes::announcements() {
        let pairs: Vec<(String, String)> = serde_json::from_str(&golden(name)?)?;
        let borrowed = pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        assert_eq!(Announcement::from_txt(borrowed)?, announcement, "{name}");
        let written: Vec<(String, String)> = announcement
            .to_txt()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        assert_eq!(written, pairs, "{name}");
    }
    Ok(())
}

#[test]
fn no_golden_file_is_left_untested() -> Outcome {
    let mut tested: BTreeSet<String> = BTreeSet::new();
    tested.extend(requests::all().into_iter().map(|(name, _)| name.to_owned()));
    tested.extend(answers::all()?.into_iter().map(|(name, _)| name.to_owned()));
    tested.extend(pushes::all()?.into_iter().map(|(name, _)| name.to_owned()));
    tested.insert(telemetry::FIRST.to_owned());
    tested.extend(
        telemetry::frames()
            .into_iter()
            .map(|(name, _)| name.to_owned()),
    );
    tested.extend(
        pushes::announcements()
            .into_iter()
            .map(|(name, _)| name.to_owned()),
    );
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json" || extension == "hex")
        {
            there.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    assert_eq!(tested, there);
    Ok(())
}
