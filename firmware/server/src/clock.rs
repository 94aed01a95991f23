//! The board's clock, and timeouts based on it. Independent of the timer
//! hardware and the operating system.

use core::time::Duration;

use embassy_futures::select::{Either, select};

/// A board's clock, which is zero at boot.
///
/// A trait, because `embassy-time`'s timer queue on a computer holds only 64
/// timers, and a thousand virtual boards need thousands.
pub trait Clock {
    /// Time since boot.
    fn now(&self) -> Duration;

    /// Waits until `at`; returns at once if it has passed.
    fn sleep_until(&self, at: Duration) -> impl Future<Output = ()>;
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep_until(&self, at: Duration) -> impl Future<Output = ()> {
        (**self).sleep_until(at)
    }
}

/// The clock of a chip: `embassy-time`, with the driver that the firmware
/// links.
#[derive(Debug, Clone, Copy)]
pub struct EmbassyClock {
    boot: embassy_time::Instant,
}

impl EmbassyClock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self {
            boot: embassy_time::Instant::now(),
        }
    }
}

impl Clock for EmbassyClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.boot.elapsed().as_micros())
    }

    async fn sleep_until(&self, at: Duration) {
        let micros = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        match self
            .boot
            .checked_add(embassy_time::Duration::from_micros(micros))
        {
            Some(at) => embassy_time::Timer::at(at).await,
            None => core::future::pending().await,
        }
    }
}

/// The output of `work`; `None` if it takes longer than `limit`, and then it is
/// dropped.
pub(crate) async fn within<F: Future>(
    clock: &impl Clock,
    limit: Duration,
    work: F,
) -> Option<F::Output> {
    match select(work, clock.sleep_until(clock.now() + limit)).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}
