//! Frames of `/telemetry`: arbitrary bytes, and round trips of every frame.

use proptest::prelude::*;
use switchboard_protocol::{
    limits::TELEMETRY_MESSAGE,
    telemetry::{Frame, FrameError, HEADER, MAX_CHANNELS, Samples, max_rows},
};

fn frame(channels: u8, samples: Samples) -> Frame {
    Frame {
        gap: false,
        sequence: 1,
        time_us: 2,
        interval_us: 1_000,
        channels,
        samples,
    }
}

fn whole() -> Vec<u8> {
    frame(2, Samples::I16(vec![1, 2, 3, 4]))
        .encode()
        .unwrap_or_default()
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let samples = (1..=MAX_CHANNELS, any::<bool>()).prop_flat_map(|(channels, computed)| {
        let rows = 1..=max_rows(channels, if computed { 4 } else { 2 });
        let number = rows.prop_map(move |rows| rows * channels);
        number.prop_flat_map(move |number| {
            let samples = if computed {
                prop::collection::vec(any::<i32>().prop_map(|number| number as f32), number)
                    .prop_map(Samples::F32)
                    .boxed()
            } else {
                prop::collection::vec(any::<i16>(), number)
                    .prop_map(Samples::I16)
                    .boxed()
            };
            samples.prop_map(move |samples| (u8::try_from(channels).unwrap_or(u8::MAX), samples))
        })
    });
    (
        any::<bool>(),
        any::<u32>(),
        any::<u64>(),
        1..=u32::MAX,
        samples,
    )
        .prop_map(
            |(gap, sequence, time_us, interval_us, (channels, samples))| Frame {
                gap,
                sequence,
                time_us,
                interval_us,
                channels,
                samples,
            },
        )
}

proptest! {
    #[test]
    fn frames_round_trip(frame in any_frame()) {
        let bytes = frame.encode();
        let bytes = bytes.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(bytes.len() <= TELEMETRY_MESSAGE);
        prop_assert_eq!(Frame::decode(&bytes), Ok(frame));
    }

    #[test]
    fn any_bytes_are_a_frame_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert!(frame.samples.len() * 2 <= bytes.len());
        }
    }

    #[test]
    fn a_frame_with_any_byte_changed_or_cut_is_a_frame_or_refused(
        frame in any_frame(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = frame.encode().unwrap_or_default();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Frame::decode(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Frame::decode(&bytes).is_err());
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let mut cases = vec![
        (vec![], FrameError::Short(0)),
        (vec![1; HEADER - 1], FrameError::Short(HEADER - 1)),
    ];
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole();
        bytes[at] = byte;
        bytes
    };
    cases.push((changed(0, 2), FrameError::Version(2)));
    cases.push((
        vec![1; TELEMETRY_MESSAGE + 1],
        FrameError::Long(TELEMETRY_MESSAGE + 1),
    ));
    cases.push((changed(2, 3), FrameError::Format(3)));
    cases.push((changed(3, 0), FrameError::Channels(0)));
    cases.push((changed(3, 17), FrameError::Channels(17)));
    cases.push((
        changed(20, 3),
        FrameError::Samples {
            expected: 12,
            got: 8,
        },
    ));
    cases.push((
        changed(20, 0),
        FrameError::Samples {
            expected: 0,
            got: 8,
        },
    ));
    let mut still = whole();
    still[16..20].fill(0);
    cases.push((still, FrameError::Interval));
    for (bytes, error) in cases {
        assert_eq!(Frame::decode(&bytes), Err(error));
    }
    // A newer board's flags are ignored.
    assert!(Frame::decode(&changed(1, 0xfe)).is_ok_and(|frame| !frame.gap));
}

#[test]
fn invalid_frames_are_not_encoded() {
    let long = max_rows(1, 2) + 1;
    for frame in [
        frame(0, Samples::I16(vec![1])),
        frame(17, Samples::I16(vec![1; 17])),
        frame(2, Samples::I16(vec![1; 3])),
        frame(1, Samples::F32(vec![])),
        frame(1, Samples::I16(vec![1; long])),
        Frame {
            interval_us: 0,
            ..frame(1, Samples::I16(vec![1]))
        },
    ] {
        assert!(frame.encode().is_err(), "{frame:?}");
    }
}
