//! Golden files of `/telemetry`: the first message, and binary frames as
//! hexadecimal digits.

use std::{error::Error, fs};

use switchboard_protocol::{
    Epoch, Object,
    telemetry::{Channel, Frame, Samples, Telemetry},
};

use crate::{Outcome, folder, golden, json};

/// The first message.
pub(crate) const FIRST: &str = "telemetry_first_message";

fn first() -> Telemetry {
    let voltage = Channel {
        name: "Supply voltage".into(),
        unit_of_measurement: Some("V".into()),
        scale: 0.001,
        accuracy_decimals: Some(3),
        extra: Object::new(),
    };
    let count = Channel {
        name: "Count".into(),
        unit_of_measurement: None,
        scale: 1.0,
        accuracy_decimals: None,
        extra: Object::new(),
    };
    Telemetry {
        telemetry: 1,
        epoch: Epoch(0x5f3a_91c2),
        uptime_ms: 86_400_000,
        interval_us: 1_000,
        channels: vec![voltage, count],
        extra: Object::new(),
    }
}

/// Each frame and its file.
pub(crate) fn frames() -> Vec<(&'static str, Frame)> {
    let whole = Frame {
        gap: false,
        sequence: 7,
        time_us: 86_400_000_123,
        interval_us: 1_000,
        channels: 2,
        samples: Samples::I16(vec![11_992, 36, 11_995, 32, i16::MIN, i16::MAX]),
    };
    let float = Frame {
        sequence: u32::MAX,
        time_us: 0,
        interval_us: 20_000,
        channels: 1,
        samples: Samples::F32(vec![0.5, -1.25e6]),
        ..whole.clone()
    };
    let late = Frame {
        gap: true,
        sequence: 8,
        time_us: 86_401_000_123,
        samples: Samples::I16(vec![0, 1]),
        ..whole.clone()
    };
    vec![
        ("telemetry_frame_i16", whole),
        ("telemetry_frame_f32", float),
        ("telemetry_frame_after_a_gap", late),
    ]
}

fn bytes(name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let text = fs::read_to_string(folder().join(name).with_extension("hex"))?;
    let digits: String = text.split_whitespace().collect();
    let pair = |at: usize| digits.get(at..at + 2).ok_or("half a byte");
    (0..digits.len())
        .step_by(2)
        .map(|at| Ok(u8::from_str_radix(pair(at)?, 16)?))
        .collect()
}

#[test]
fn the_first_message_matches_its_golden_file() -> Outcome {
    let text = golden(FIRST)?;
    assert_eq!(serde_json::from_str::<Telemetry>(&text)?, first());
    assert_eq!(serde_json::to_value(first())?, json(&text)?);
    Ok(())
}

#[test]
fn frames_match_their_golden_files() -> Outcome {
    for (name, frame) in frames() {
        let bytes = bytes(name)?;
        assert_eq!(Frame::decode(&bytes)?, frame, "{name}");
        assert_eq!(frame.encode()?, bytes, "{name}");
    }
    Ok(())
}
