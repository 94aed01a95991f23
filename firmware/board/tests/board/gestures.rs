//! Gestures at a button.

use std::time::Duration;

use proptest::prelude::{any, prop_assert, prop_oneof, proptest};
use switchboard_board::gesture::{
    DEBOUNCE, DOUBLE_WITHIN, ERASE_AFTER, Gesture, Gestures, LONG_AFTER, WARN_AFTER,
};

use crate::fixtures::ms;

/// A button with a clock that queries gestures exactly when they are due.
struct Button {
    gestures: Gestures,
    now: Duration,
    reported: Vec<(Duration, Gesture)>,
}

impl Button {
    fn new(closed: bool) -> Self {
        Self {
            gestures: Gestures::new(closed),
            now: Duration::ZERO,
            reported: Vec::new(),
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.gestures.next_deadline().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.ask();
            assert!(
                self.gestures.next_deadline().is_none_or(|next| next > due),
                "a deadline that does not move"
            );
        }
        self.now = until;
        self.ask();
    }

    fn ask(&mut self) {
        while let Some(gesture) = self.gestures.next_gesture(self.now) {
            self.reported.push((self.now, gesture));
        }
    }

    fn contact(&mut self, closed: bool) {
        self.gestures.contact(self.now, closed);
        self.ask();
    }

    fn held(&mut self, time: Duration) {
        self.contact(true);
        self.wait(time);
        self.contact(false);
    }

    fn gestures(&self) -> Vec<Gesture> {
        self.reported.iter().map(|(_, gesture)| *gesture).collect()
    }
}

#[test]
fn a_gesture_says_when_its_press_began() {
    let mut button = Button::new(false);
    button.wait(ms(500));
    button.held(ms(80));
    button.wait(ms(1_000));
    assert_eq!(button.gestures.began(), ms(500));
    button.held(ms(80));
    button.wait(ms(100));
    button.held(ms(80));
    assert_eq!(
        button.gestures.began(),
        ms(1_580),
        "the first of a double press"
    );
}

#[test]
fn a_short_press_is_reported_when_no_second_can_follow() {
    let mut button = Button::new(false);
    button.held(ms(80));
    button.wait(ms(1_000));
    assert_eq!(button.reported, [(ms(80) + DOUBLE_WITHIN, Gesture::Press)]);
}

#[test]
fn two_short_presses_in_a_row_are_a_double_press_and_nothing_else() {
    let mut button = Button::new(false);
    button.held(ms(80));
    button.wait(ms(150));
    button.held(ms(80));
    button.wait(ms(2_000));
    assert_eq!(button.gestures(), [Gesture::DoublePress]);
}

#[test]
fn two_presses_far_apart_are_two_presses() {
    let mut button = Button::new(false);
    for _ in 0..2 {
        button.held(ms(80));
        button.wait(DOUBLE_WITHIN + ms(50));
    }
    assert_eq!(button.gestures(), [Gesture::Press, Gesture::Press]);
}

#[test]
fn three_presses_in_a_row_are_a_double_press_and_a_press() {
    let mut button = Button::new(false);
    for _ in 0..3 {
        button.held(ms(80));
        button.wait(ms(100));
    }
    button.wait(ms(1_000));
    assert_eq!(button.gestures(), [Gesture::DoublePress, Gesture::Press]);
}

#[test]
fn a_long_press_is_reported_while_held_and_its_release_is_not() {
    let mut button = Button::new(false);
    button.contact(true);
    button.wait(LONG_AFTER);
    assert_eq!(button.reported, [(LONG_AFTER, Gesture::LongPress)]);
    button.wait(ms(500));
    button.contact(false);
    button.wait(ms(2_000));
    assert_eq!(button.gestures(), [Gesture::LongPress]);
}

#[test]
fn holding_for_five_seconds_warns_and_for_ten_erases_once() {
    let mut button = Button::new(false);
    button.held(Duration::from_secs(30));
    button.wait(ms(2_000));
    let expected = [
        (LONG_AFTER, Gesture::LongPress),
        (WARN_AFTER, Gesture::EraseWarning),
        (ERASE_AFTER, Gesture::Erase),
    ];
    assert_eq!(button.reported, expected);
}

#[test]
fn a_release_after_the_warning_erases_nothing() {
    let mut button = Button::new(false);
    button.held(ERASE_AFTER - ms(1));
    button.wait(Duration::from_secs(20));
    assert_eq!(
        button.gestures(),
        [
            Gesture::LongPress,
            Gesture::EraseWarning,
            Gesture::EraseCanceled
        ]
    );
    button.held(ms(80));
    button.wait(ms(1_000));
    assert_eq!(
        button.gestures().last(),
        Some(&Gesture::Press),
        "and the button still works"
    );
}

#[test]
fn a_press_before_one_that_is_held_is_not_lost() {
    let mut button = Button::new(false);
    button.held(ms(80));
    button.wait(ms(100));
    button.held(ms(1_500));
    assert_eq!(button.gestures(), [Gesture::Press, Gesture::LongPress]);
}

#[test]
fn a_contact_that_bounces_is_one_press() {
    let mut button = Button::new(false);
    for _ in 0..2 {
        for closed in [true, false, true, false, true] {
            button.contact(closed);
            button.wait(ms(3));
        }
        button.wait(ms(100));
        for closed in [false, true, false] {
            button.contact(closed);
            button.wait(ms(3));
        }
        button.wait(ms(1_000));
    }
    assert_eq!(button.gestures(), [Gesture::Press, Gesture::Press]);
}

#[test]
fn a_spike_is_ignored_also_during_a_hold() {
    let mut button = Button::new(false);
    button.held(ms(5));
    button.wait(ms(1_000));
    assert_eq!(button.gestures(), []);
    button.contact(true);
    button.wait(LONG_AFTER - ms(10));
    button.contact(false);
    button.wait(ms(5));
    button.contact(true);
    button.wait(ms(100));
    assert_eq!(button.gestures(), [Gesture::LongPress]);
}

#[test]
fn a_button_that_is_held_at_the_start_is_ignored_until_its_release() {
    let mut button = Button::new(true);
    button.wait(Duration::from_secs(60));
    button.contact(false);
    button.wait(ms(1_000));
    assert_eq!(button.gestures(), []);
    button.held(ms(80));
    button.wait(ms(1_000));
    assert_eq!(button.gestures(), [Gesture::Press]);
}

#[test]
fn a_delayed_query_returns_the_same_gestures() {
    let mut gestures = Gestures::new(false);
    gestures.contact(ms(0), true);
    let late = Duration::from_secs(60);
    let reported: Vec<Gesture> = std::iter::from_fn(|| gestures.next_gesture(late)).collect();
    assert_eq!(
        reported,
        [Gesture::LongPress, Gesture::EraseWarning, Gesture::Erase]
    );
}

proptest! {
    /// For any edges nothing panics, every deadline moves on, and nothing is
    /// erased unless the contact was closed for ten seconds.
    #[test]
    fn any_sequence_of_edges_is_handled(
        held: bool,
        changes in proptest::collection::vec(
            (any::<bool>(), prop_oneof![0_u64..60, 60_u64..4_000]),
            0..60,
        ),
    ) {
        let mut button = Button::new(held);
        let mut open_last = Duration::ZERO;
        let mut longest = Duration::ZERO;
        for (close, millis) in changes {
            button.contact(close);
            button.wait(ms(millis));
            longest = longest.max(button.now - open_last);
            if !close && ms(millis) >= DEBOUNCE {
                open_last = button.now;
            }
        }
        let reported = &button.reported;
        let count = |wanted| reported.iter().filter(|(_, gesture)| *gesture == wanted).count();
        prop_assert!(count(Gesture::Erase) == 0 || longest >= ERASE_AFTER);
        let ended = count(Gesture::Erase) + count(Gesture::EraseCanceled);
        prop_assert!((ended..=ended + 1).contains(&count(Gesture::EraseWarning)), "each warning \
             ends in one way");
    }
}
