//! Resets the chip if its executor is stuck: by a task that never waits, a
//! deadlock, or an endless interrupt. `wifi.rs` watches the network.

use embassy_time::Timer;
use esp_hal::{
    peripherals::RTC_TIMER,
    rtc_cntl::{Rtc, RwdtStage},
    time::Duration,
};

/// Erasing flash and serving four clients together take far less.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the RTC's watchdog, which has its own clock and resets the whole
/// chip, the RTC's peripherals included, since what the program is stuck in is
/// unknown. (`RwdtStageAction::ResetSystem`, which esp-hal chooses.) A panic
/// does not need it: that resets the chip itself and keeps its message in RTC
/// memory.
pub(crate) fn start(timer: RTC_TIMER<'static>) -> Rtc<'static> {
    let mut rtc = Rtc::new(timer);
    rtc.rwdt.set_timeout(RwdtStage::Stage0, PATIENCE);
    rtc.rwdt.enable();
    rtc
}

/// Feeds the watchdog as long as the executor runs.
#[embassy_executor::task]
pub(crate) async fn feed(mut rtc: Rtc<'static>) {
    loop {
        rtc.rwdt.feed();
        Timer::after_secs(2).await;
    }
}
