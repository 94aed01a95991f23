//! Why the chip started. The numbers are the same on every chip (ESP-IDF,
//! soc/reset_reasons.h).

use alloc::format;

use protocol::ResetReason;

/// The reason; `panicked` is whether the previous run stored a panic message.
pub(crate) fn reason(panicked: bool) -> Option<ResetReason> {
    if panicked {
        return Some(ResetReason::Panic);
    }
    Some(match esp_hal::system::reset_reason()? as usize {
        0x01 => ResetReason::PowerOn,
        0x03 | 0x0c | 0x0e => ResetReason::Software,
        0x05 => ResetReason::DeepSleep,
        0x07..=0x0b | 0x0d | 0x10..=0x12 => ResetReason::Watchdog,
        0x0f => ResetReason::Brownout,
        0x15 | 0x16 => ResetReason::Usb,
        other => ResetReason::Unknown(format!("reset_{other:02x}")),
    })
}
