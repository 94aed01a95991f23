//! The BOOT button: turns its edges into gestures and these into events of the
//! board. Works without a network.

use board::gesture::{Gesture, Gestures};
use embassy_futures::select::select;
use embedded::{
    indicator::Notice,
    time::{now, sleep_until},
};
use esp_hal::gpio::{AnyPin, Input, InputConfig, Pull};
use log::{info, warn};
use protocol::{ComponentKey, Kind};

use crate::{Board, light::StatusLed};

/// Watches the button, forever.
#[embassy_executor::task]
pub(crate) async fn watch(pin: AnyPin<'static>, board: &'static Board, led: &'static StatusLed) {
    let button = ComponentKey::new(Kind::Button, 0);
    let mut contact = Input::new(pin, InputConfig::default().with_pull(Pull::Up));
    let mut gestures = Gestures::new(contact.is_low());
    loop {
        while let Some(gesture) = gestures.next_gesture(now()) {
            if let Some(event) = gesture.event()
                && let Err(error) = board.press_begun(gestures.began(), &button, event)
            {
                warn!("{button} {event}: {}", error.message);
            }
            match gesture {
                Gesture::EraseWarning => led.notify(Notice::EraseWarning),
                // Held long enough to be deliberate, but not for a reset.
                Gesture::EraseCanceled => {
                    led.clear_notice();
                    board.open_pairing();
                }
                Gesture::Erase => {
                    info!("factory reset by the button");
                    led.notify(Notice::Erased);
                    board.factory_reset();
                }
                Gesture::Press | Gesture::DoublePress | Gesture::LongPress => {}
            }
        }
        let deadline = sleep_until(gestures.next_deadline());
        select(contact.wait_for_any_edge(), deadline).await;
        gestures.contact(now(), contact.is_low());
    }
}
