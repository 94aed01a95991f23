//! How an LED shows a light's state and notices.

use core::time::Duration;

use protocol::State;
use serde_json::json;
use switchboard_embedded::{
    color::{Pixel, pixel},
    indicator::{Indicator, Notice},
};

fn lit() -> State {
    State::new().with("on", true)
}

#[test]
fn a_light_that_is_off_or_unknown_is_dark() {
    assert_eq!(pixel(&State::new()), Pixel::DARK);
    assert_eq!(
        pixel(&lit().with("on", false).with("brightness", 100)),
        Pixel::DARK
    );
    assert_eq!(pixel(&lit().with("brightness", 0)), Pixel::DARK);
}

#[test]
fn half_the_brightness_is_less_than_a_fifth_of_the_light() {
    // CIE 15: L* 50 is 18.4 % of the light.
    assert_eq!(pixel(&lit().with("brightness", 50)), Pixel::new(47, 47, 47));
    assert_eq!(
        pixel(&lit().with("brightness", 100)),
        Pixel::new(255, 255, 255)
    );
}

#[test]
fn each_step_of_brightness_is_at_least_as_bright_as_the_last_and_none_is_dark() {
    let levels: Vec<u8> = (1..=100)
        .map(|percent| pixel(&lit().with("brightness", percent)).red)
        .collect();
    assert!(levels[0] > 0 && levels.is_sorted(), "{levels:?}");
    let red = lit().with("rgb", json!([255, 60, 0])).with("brightness", 1);
    assert_eq!(pixel(&red), Pixel::new(1, 0, 0), "the dimmest red is red");
}

#[test]
fn screen_colors_become_proportional_light() {
    // IEC 61966-2-1: 188 is half of the light, 128 a little more than a fifth,
    // 10 three thousandths.
    let shown = pixel(&lit().with("rgb", json!([188, 128, 10])));
    assert_eq!(shown, Pixel::new(128, 55, 1));
    assert_eq!(pixel(&lit().with("rgb", json!([0, 0, 0]))), Pixel::DARK);
}

#[test]
fn color_temperature_is_warm_at_2200_kelvin_and_neutral_at_6500() {
    let white = |kelvin: u32| pixel(&lit().with("ct_k", kelvin));
    let warm = white(2_200);
    // M. Charity's table of black-body colors says #ff932c in sRGB.
    assert!(
        warm.red == 255 && (70..85).contains(&warm.green) && (3..9).contains(&warm.blue),
        "{warm:?}"
    );
    let neutral = white(6_500);
    // A black body is slightly pinker than daylight at the same temperature.
    assert!(
        [neutral.red, neutral.green, neutral.blue]
            .iter()
            .all(|part| *part >= 240),
        "{neutral:?}"
    );
    let blues: Vec<u8> = (22..=65)
        .map(|hundreds| white(hundreds * 100).blue)
        .collect();
    assert!(blues.is_sorted(), "colder is bluer: {blues:?}");
}

const LIGHT: Pixel = Pixel::new(1, 2, 3);

/// What is shown from `now` until the light is back: each pixel and how long it
/// is shown, in milliseconds.
fn told(indicator: &mut Indicator, mut now: Duration, most: usize) -> Vec<(Pixel, u128)> {
    let mut shown = Vec::new();
    while let (pixel, Some(until)) = indicator.shown(now) {
        shown.push((pixel, (until - now).as_millis()));
        now = until;
        if shown.len() == most {
            break;
        }
    }
    shown
}

#[test]
fn identify_blinks_for_five_seconds_before_the_light_returns() {
    let mut indicator = Indicator::default();
    indicator.set_light(LIGHT);
    let now = Duration::from_secs(7);
    indicator.notify(now, Notice::Identify);
    let shown = told(&mut indicator, now, 100);
    assert_eq!(shown.len(), 20);
    assert!(shown.iter().all(|(_, millis)| *millis == 250));
    assert!(
        shown
            .iter()
            .step_by(2)
            .all(|(pixel, _)| *pixel != Pixel::DARK && *pixel != LIGHT)
    );
    assert!(
        shown
            .iter()
            .skip(1)
            .step_by(2)
            .all(|(pixel, _)| *pixel == Pixel::DARK)
    );
    assert_eq!(indicator.shown(now + Duration::from_secs(5)), (LIGHT, None));
}

#[test]
fn a_light_that_changes_during_a_notice_is_shown_afterwards() {
    let mut indicator = Indicator::default();
    indicator.notify(Duration::ZERO, Notice::Erased);
    indicator.set_light(LIGHT);
    assert_ne!(indicator.shown(Duration::from_secs(1)).0, LIGHT);
    assert_eq!(indicator.shown(Duration::from_secs(2)), (LIGHT, None));
}

#[test]
fn the_warning_before_a_factory_reset_blinks_until_the_button_is_released() {
    let mut indicator = Indicator::default();
    indicator.set_light(LIGHT);
    indicator.notify(Duration::ZERO, Notice::EraseWarning);
    assert_eq!(
        told(&mut indicator, Duration::ZERO, 500).len(),
        500,
        "it goes on"
    );
    indicator.clear_notice();
    assert_eq!(indicator.shown(Duration::from_secs(60)), (LIGHT, None));
}
