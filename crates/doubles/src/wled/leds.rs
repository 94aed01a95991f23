//! What the LEDs of a WLED show, for its live frames: an `L`, the version of
//! the format, and three bytes per LED.

use std::time::Duration;

use serde_json::Value;

use super::state::State;

/// The most LEDs in a frame; of a longer strip every second one is shown, and
/// so on.
const MOST: u64 = 256;

/// The live frame of this time.
pub(crate) fn live_frame(state: &State, leds: u64, now: Duration) -> Vec<u8> {
    let step = leds.div_ceil(MOST).max(1);
    let brightness = state.shown_brightness();
    let mut frame = vec![b'L', 1];
    for led in (0..leds).step_by(usize::try_from(step).unwrap_or(1)) {
        frame.extend(color(state, led, now).map(|channel| scaled(channel, brightness)));
    }
    frame
}

fn color(state: &State, led: u64, now: Duration) -> [u8; 3] {
    // The later segment lies above.
    let covering = state.segments().iter().rev().find(|segment| {
        let bound = |name| {
            segment
                .get(name)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        (bound("start")..bound("stop")).contains(&led)
    });
    let Some(segment) = covering else {
        return [0; 3];
    };
    if segment.get("on").and_then(Value::as_bool) == Some(false) {
        return [0; 3];
    }
    let number = |name| {
        segment
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let channel = |index: usize| {
        let colors = segment.get("col")?.as_array()?;
        let value = colors.first()?.as_array()?.get(index)?.as_u64()?;
        u8::try_from(value).ok()
    };
    let base = [0, 1, 2].map(|index| channel(index).unwrap_or_default());
    let share = effect(number("fx"), number("sx"), led, now);
    base.map(|channel| scaled(scaled(channel, number("bri")), share))
}

/// How bright an LED is at a time, of 255: solid for effect 0; otherwise it
/// breathes, or waves run along the strip.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the wave is between 0 and 1"
)]
fn effect(number: u64, speed: u64, led: u64, now: Duration) -> u64 {
    let turns = now.as_secs_f64() * (0.1 + speed as f64 / 128.0);
    let phase = match number {
        0 => return 255,
        1 | 2 => turns,
        _ => turns + led as f64 / (4 + number % 24) as f64,
    };
    let wave = (phase * std::f64::consts::TAU).sin() * 0.5 + 0.5;
    (wave * 255.0).round() as u64
}

fn scaled(channel: u8, share: u64) -> u8 {
    u8::try_from(u64::from(channel) * share.min(255) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_shows_segments_and_brightness() {
        let mut state = State::new(4, false, 2);
        state.apply(&json!({ "bri": 255, "seg": [
            { "id": 0, "col": [[10, 20, 30]] },
            { "id": 1, "on": false },
        ] }));
        let frame = live_frame(&state, 4, Duration::ZERO);
        assert_eq!(frame, [b'L', 1, 10, 20, 30, 10, 20, 30, 0, 0, 0, 0, 0, 0]);
        state.apply(&json!({ "on": false }));
        let frame = live_frame(&state, 4, Duration::ZERO);
        assert!(frame.iter().skip(2).all(|&byte| byte == 0));
    }

    #[test]
    fn a_long_strip_is_thinned_out() {
        let frame = live_frame(&State::new(1_000, false, 1), 1_000, Duration::ZERO);
        assert_eq!(frame.len(), 2 + 3 * 250);
    }
}
