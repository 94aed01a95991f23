//! Where time comes from: the clock of the board that is served, and deadlines
//! made with it. Which timer hardware or operating system is behind it is not
//! decided here.

use core::time::Duration;

use embassy_futures::select::{Either, select};

/// A board's clock, which stands at zero when the board boots.
///
/// It is a trait, and not `embassy-time` everywhere, because that crate's queue
/// on the desk holds 64 timers; a computer that runs a thousand boards has
/// thousands.
pub trait Clock {
    /// Time since boot.
    fn now(&self) -> Duration;

    /// Waits until the clock stands at `at`; a moment that has passed is over
    /// at once.
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

/// What `work` comes to within `limit` from now; `None` where it takes longer,
/// and then it is dropped.
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
