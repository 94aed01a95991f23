//! How pairing is shown at a board: by a flashing LED and on the serial port.

use std::time::Duration;

use board::PairingDisplay;
use switchboard_embedded::{
    color::Pixel,
    indicator::{Indicator, Notice, PairingIndicator},
    serial_console::pairing_line,
};

const LIGHT: Pixel = Pixel::new(1, 2, 3);

/// What is shown during this time from `now`: colors and how long each is
/// shown.
fn shown(indicator: &mut Indicator, mut now: Duration, lasts: Duration) -> Vec<(Pixel, Duration)> {
    let end = now + lasts;
    let mut shown = Vec::new();
    while now < end {
        let (pixel, until) = indicator.shown(now);
        let until = until.unwrap_or(end);
        assert!(until > now, "it changes later than now");
        shown.push((pixel, until - now));
        now = until;
    }
    shown
}

/// Reads the code of each repetition by counting flashes, as a user does.
fn read(shown: &[(Pixel, Duration)]) -> Vec<String> {
    let (mut codes, mut digit) = (Vec::<String>::new(), 0);
    for (pixel, lasts) in shown {
        let is_long = *lasts >= Duration::from_millis(900);
        match *pixel {
            Pixel::DARK if is_long && digit > 0 => {
                let code = codes.last_mut().expect("it begins with blue");
                code.push(char::from_digit(digit % 10, 10).expect("a digit"));
                digit = 0;
            }
            Pixel::DARK => {}
            Pixel {
                red: 0, green: 0, ..
            } => codes.push(String::new()),
            _ if is_long => digit = 10,
            _ => digit += 1,
        }
    }
    codes
}

#[test]
fn a_code_is_flashed_repeatedly_and_can_be_counted() {
    for code in ["482 913", "000 000", "999 999", "100 001"] {
        let mut indicator = Indicator::default();
        indicator.set_light(LIGHT);
        indicator.set_pairing(
            Duration::from_secs(7),
            PairingIndicator::of(PairingDisplay::Code(code)),
        );
        let rounds = read(&shown(
            &mut indicator,
            Duration::from_secs(7),
            Duration::from_secs(75),
        ));
        let digits = code.replace(' ', "");
        assert!(
            rounds.len() >= 2,
            "{code}: twice within the time that people have"
        );
        assert!(
            rounds[..rounds.len() - 1]
                .iter()
                .all(|round| *round == digits),
            "{code}: {rounds:?}"
        );
    }
}

#[test]
fn the_led_shows_that_pairing_is_open_and_that_a_code_is_confirmed() {
    let mut indicator = Indicator::default();
    indicator.set_light(LIGHT);
    indicator.set_pairing(Duration::ZERO, PairingIndicator::of(PairingDisplay::Open));
    let open = shown(&mut indicator, Duration::ZERO, Duration::from_secs(2));
    assert!(
        open.iter()
            .any(|(pixel, _)| pixel.blue > 0 && pixel.red == 0)
            && open.contains(&(Pixel::DARK, Duration::from_millis(500)))
    );
    indicator.set_pairing(
        Duration::ZERO,
        PairingIndicator::of(PairingDisplay::Confirmed),
    );
    let (pixel, _) = indicator.shown(Duration::from_secs(1));
    assert!(pixel.green > 0 && pixel.red == 0 && pixel.blue == 0);
    indicator.set_pairing(
        Duration::ZERO,
        PairingIndicator::of(PairingDisplay::Nothing),
    );
    assert_eq!(indicator.shown(Duration::from_secs(1)).0, LIGHT);
}

#[test]
fn a_warning_hides_a_code_but_nothing_that_a_controller_sets_does() {
    let mut indicator = Indicator::default();
    indicator.set_pairing(
        Duration::ZERO,
        PairingIndicator::of(PairingDisplay::Code("123 456")),
    );
    let before = shown(
        &mut indicator.clone(),
        Duration::ZERO,
        Duration::from_secs(20),
    );
    indicator.set_light(LIGHT);
    indicator.notify(Duration::ZERO, Notice::Identify);
    assert_eq!(
        shown(&mut indicator, Duration::ZERO, Duration::from_secs(20)),
        before
    );
    indicator.notify(Duration::ZERO, Notice::EraseWarning);
    let (pixel, _) = indicator.shown(Duration::ZERO);
    assert!(
        pixel.red > 0 && pixel.green == 0,
        "the button is held, and would erase the board"
    );
}

#[test]
fn the_serial_port_prints_the_code_and_what_to_do() {
    let line = pairing_line(PairingDisplay::Code("123 456"));
    assert!(
        line.starts_with("pairing code 123 456") && line.contains("press it twice"),
        "{line}"
    );
    assert!(!pairing_line(PairingDisplay::Open).contains("code"));
}
