//! What a Shelly does over time: covers, drift, visits, restarts and updates.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{battery, core::Later, device::ShellyDevice};

/// How often covers move on, and how often values drift.
const TICK: Duration = Duration::from_millis(250);
const DRIFT: Duration = Duration::from_secs(2);
/// The pause between two visits, in seconds.
const VISITS: std::ops::Range<u64> = 15..40;

/// Lives until the power is cut.
pub(crate) async fn live(device: &Arc<ShellyDevice>) {
    let (world, rate) =
        device.with(|core, _| (core.options.world, core.options.changes_per_second));
    tokio::join!(
        covers(device),
        async {
            if world {
                drift(device).await;
            }
        },
        async {
            if rate > 0.0 {
                flicker(device, rate).await;
            }
        },
        async {
            if device.is_battery_powered() {
                battery::run(device).await;
            }
        },
    );
}

/// A reboot, or an update that the device fetches itself.
pub(crate) async fn carry_out(device: Arc<ShellyDevice>, later: Later) {
    let event = |event: &str, extra: Value| {
        device.with(|core, now| core.event(now, "sys", None, event, &extra));
    };
    match later {
        Later::Reboot(delay) => {
            event("scheduled_restart", json!({ "time_ms": delay.as_millis() }));
            sleep(delay).await;
        }
        Later::Update => {
            event("ota_begin", json!({ "msg": "Waiting for data" }));
            for percent in (0..=100).step_by(20) {
                sleep(TICK).await;
                event(
                    "ota_progress",
                    json!({ "msg": "In progress", "progress_percent": percent }),
                );
            }
            event("ota_success", json!({ "msg": "Update applied, rebooting" }));
            sleep(TICK).await;
            device.with(|core, _| {
                if let Some(version) = core.options.update.take() {
                    core.installed(&version);
                }
            });
        }
    }
    device.with(|core, now| core.boot(now));
    device.links.abort();
}

async fn covers(device: &ShellyDevice) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        device.with(|core, now| {
            if core.is_moving() {
                core.advance_covers(now, TICK);
            }
        });
    }
}

async fn drift(device: &ShellyDevice) {
    let mut random = fastrand::Rng::new();
    device.with(|core, now| core.begin(now, &mut random));
    let mut visit = device.now() + Duration::from_secs(random.u64(VISITS));
    loop {
        sleep(DRIFT).await;
        device.with(|core, now| {
            core.drift(now, DRIFT, &mut random);
            if now >= visit {
                core.visit(now, &mut random);
                visit = now + Duration::from_secs(random.u64(VISITS));
            }
        });
    }
}

async fn flicker(device: &ShellyDevice, rate: f64) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate.clamp(0.001, 1_000.0)));
    let mut count = 0;
    loop {
        ticks.tick().await;
        count += 1;
        device.with(|core, now| core.flicker(now, count));
    }
}
