//! The BOOT button: its edges go to the board's gestures, and what these mean
//! to the board. It works without a network.

use core::time::Duration;

use board::gesture::{Gesture, Gestures};
use embassy_futures::select::select;
use embassy_time::{Instant, Timer};
use embedded::indicator::Notice;
use esp_hal::gpio::{AnyPin, Input, InputConfig, Pull};
use log::{info, warn};
use protocol::{ComponentKey, Kind};

use crate::{Board, light::Lamp};

/// Watches it, for ever.
#[embassy_executor::task]
pub(crate) async fn watch(pin: AnyPin<'static>, board: &'static Board, lamp: &'static Lamp) {
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
                Gesture::EraseWarning => lamp.tell(Notice::EraseWarning),
                // Long enough to be meant, and not to erase.
                Gesture::EraseCancelled => {
                    lamp.be_quiet();
                    board.open_pairing();
                }
                Gesture::Erase => {
                    info!("a hand at the board has it forget everything");
                    lamp.tell(Notice::Erased);
                    board.factory_reset();
                }
                Gesture::Press | Gesture::DoublePress | Gesture::LongPress => {}
            }
        }
        let time = async {
            match gestures.next_deadline() {
                Some(at) => {
                    Timer::at(Instant::from_micros(
                        u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
                    ))
                    .await
                }
                None => core::future::pending().await,
            }
        };
        select(contact.wait_for_any_edge(), time).await;
        gestures.contact(now(), contact.is_low());
    }
}

fn now() -> Duration {
    Duration::from_micros(Instant::now().as_micros())
}
