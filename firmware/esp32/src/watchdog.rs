//! Resets the chip when its executor stands still: a task that never waits, a
//! deadlock, an interrupt without end. What the network does is watched in
//! `wifi.rs`.

use embassy_time::Timer;
use esp_hal::{
    peripherals::RTC_TIMER,
    rtc_cntl::{Rtc, RwdtStage},
    time::Duration,
};

/// Erasing flash and answering four clients take far less together.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the RTC's watchdog: it has its own clock, and resets everything but
/// its own domain.
pub(crate) fn start(timer: RTC_TIMER<'static>) -> Rtc<'static> {
    let mut rtc = Rtc::new(timer);
    rtc.rwdt.set_timeout(RwdtStage::Stage0, PATIENCE);
    rtc.rwdt.enable();
    rtc
}

/// Feeds it for as long as the executor gives turns.
#[embassy_executor::task]
pub(crate) async fn feed(mut rtc: Rtc<'static>) {
    loop {
        rtc.rwdt.feed();
        Timer::after_secs(2).await;
    }
}
