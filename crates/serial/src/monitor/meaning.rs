//! What a line of a board's output means: resets, panics, errors. Looks only
//! at the text, by the patterns of the ROM, ESP-IDF, Arduino, Rust and this
//! project's firmware.

/// The meaning of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// Ordinary output.
    #[default]
    Output,
    /// A warning.
    Warning,
    /// An error.
    Error,
    /// The chip was reset and starts.
    Reset,
    /// The firmware failed: a panic, an exception, a watchdog, a brownout.
    Panic,
    /// Details of a panic: registers, the call stack.
    Trace,
    /// A packet of Improv.
    Packet,
    /// A line that was sent to the board.
    Sent,
    /// Something about the port, from this program.
    Port,
}

impl Meaning {
    /// Its name, for the JSON output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Reset => "reset",
            Self::Panic => "panic",
            Self::Trace => "trace",
            Self::Packet => "packet",
            Self::Sent => "sent",
            Self::Port => "port",
        }
    }
}

/// A firmware that failed. From ESP-IDF's panic handler
/// (`components/esp_system`), heap checks, FreeRTOS, Rust's `PanicInfo`, and
/// esp-backtrace.
const PANICS: [&str; 16] = [
    "Guru Meditation Error",
    "abort() was called at PC",
    "assert failed:",
    "assertion failed:",
    "panicked at",
    "PANIC ====",
    "EXCEPTION ====",
    "A panic occured",
    "Brownout detector was triggered",
    "Task watchdog got triggered",
    "Interrupt wdt timeout",
    "***ERROR*** A stack overflow",
    "Stack smashing protect failure",
    "CORRUPT HEAP",
    "Fatal exception (",
    "Unhandled debug exception",
];

/// What is printed after a panic.
const TRACES: [&str; 7] = [
    "Backtrace:",
    "register dump:",
    "Stack memory:",
    "MEPC    :",
    "PC      :",
    "ELF file SHA256:",
    "Rebooting...",
];

/// The start of the ROM's output.
const ROM: [&str; 3] = ["ESP-ROM:esp32", "ets Jun  8 2016", "ets Jul 29 2019"];

/// Reset causes: a part of the ROM's name for it, and what it means. The names
/// are in `reset_reasons.h` of ESP-IDF and differ a little between chips.
const CAUSES: [(&str, &str); 13] = [
    (
        "BROWN",
        "a drop of the supply voltage; check the cable and the power supply",
    ),
    ("POWERON", "power on, or the reset button"),
    ("POWER_GLITCH", "a glitch of the supply voltage"),
    ("GLITCH", "a glitch of the clock or the supply voltage"),
    ("DEEPSLEEP", "wake-up from deep sleep"),
    ("DSLEEP", "wake-up from deep sleep"),
    ("USB_UART", "the USB port"),
    ("USB_JTAG", "the USB port"),
    ("SDIO", "the SDIO host"),
    ("WDT", "a watchdog"),
    ("EXT", "the reset pin"),
    ("EFUSE", "an eFuse error"),
    ("SW", "the firmware"),
];

/// What a line means.
fn meaning(line: &str) -> Meaning {
    let has = |patterns: &[&str]| patterns.iter().any(|pattern| line.contains(pattern));
    if has(&PANICS) {
        return Meaning::Panic;
    }
    if reset_code(line).is_some() || ROM.iter().any(|start| line.starts_with(start)) {
        return Meaning::Reset;
    }
    if has(&TRACES) || is_register(line) {
        return Meaning::Trace;
    }
    level(line)
}

/// Reads lines in their order: the message of a panic of Rust is on the line
/// after its place.
#[derive(Debug, Default)]
pub struct Interpreter {
    message_follows: bool,
}

impl Interpreter {
    /// What the next line means, and an explanation if its text has a code.
    pub fn line(&mut self, line: &str) -> (Meaning, Option<String>) {
        let mut meaning = meaning(line);
        if std::mem::take(&mut self.message_follows) && meaning < Meaning::Reset {
            meaning = Meaning::Panic;
        }
        self.message_follows = line.contains("panicked at ") && line.ends_with(':');
        (meaning, explanation(line))
    }
}

/// What happened, for a line that says it in a code: the cause of a reset.
fn explanation(line: &str) -> Option<String> {
    let code = reset_code(line)?;
    let name = code
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(name, _)| name.trim());
    let cause = name.and_then(|name| {
        let mut causes = CAUSES.iter();
        let known = causes.find(|(part, _)| name.to_ascii_uppercase().contains(part));
        known.map(|(_, meaning)| *meaning)
    });
    let mode = if line.contains("DOWNLOAD") {
        "; it waits for new firmware (download mode)"
    } else {
        ""
    };
    match (cause, mode) {
        (None, "") => None,
        (None, _) => Some("Reset into download mode: it waits for new firmware".to_owned()),
        (Some(cause), _) => Some(format!("Reset by {cause}{mode}")),
    }
}

/// The cause of a reset in the ROM's output: `rst:0x1 (POWERON),boot:…`, or
/// `rst cause:2, boot mode:(3,6)` of an ESP8266.
fn reset_code(line: &str) -> Option<&str> {
    let at = line.find("rst:0x").or_else(|| line.find("rst cause:"))?;
    line.get(at..)
}

/// A row of a register dump of ESP-IDF or esp-hal, for example
/// `MEPC    : 0x42008e62  RA      : 0x42008e48`.
fn is_register(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(name), Some(colon), Some(value)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let name_ok = name.len() <= 8
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_'));
    name_ok && colon == ":" && value.len() == 10 && value.starts_with("0x")
}

/// The level of a line of a log: `E (1234) tag: text` of ESP-IDF, `[  12][E]`
/// of Arduino, `ERROR - text` of esp-println, `[E][tag:012]: text` of ESPHome.
fn level(line: &str) -> Meaning {
    let mut start = line.trim_start();
    // A time stamp: `[00:01:02]` of ESPHome, `[   12 ms]` of this project,
    // `[  1234]` of Arduino.
    if let Some((stamp, rest)) = start
        .strip_prefix('[')
        .and_then(|line| line.split_once(']'))
        && stamp.trim().starts_with(|c: char| c.is_ascii_digit())
    {
        start = rest.trim_start();
    }
    let of = |letter: char, words: [&str; 3]| {
        let mut chars = start.chars();
        let esp_idf = chars.next() == Some(letter) && chars.as_str().starts_with(" (");
        let bracket = start
            .strip_prefix('[')
            .and_then(|rest| rest.strip_prefix(letter))
            .is_some_and(|rest| rest.starts_with(']'));
        esp_idf || bracket || words.iter().any(|word| starts_with_word(start, word))
    };
    if of('E', ["ERROR", "[ERROR]", "error"]) {
        Meaning::Error
    } else if of('W', ["WARN", "[WARN]", "WARNING"]) {
        Meaning::Warning
    } else {
        Meaning::Output
    }
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Lines as these programs print them; written for this test.
    #[test]
    fn resets_panics_and_levels_are_recognized() {
        for (line, expected) in [
            (
                "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
                Meaning::Reset,
            ),
            (
                "rst:0xc (RTC_SW_CPU_RST),boot:0xc (SPI_FAST_FLASH_BOOT)",
                Meaning::Reset,
            ),
            (
                " ets Jan  8 2013,rst cause:2, boot mode:(3,6)",
                Meaning::Reset,
            ),
            ("ESP-ROM:esp32c3-api1-20210207", Meaning::Reset),
            ("ets Jun  8 2016 00:22:57", Meaning::Reset),
            (
                "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Unhandled.",
                Meaning::Panic,
            ),
            (
                "abort() was called at PC 0x400d1a2b on core 0",
                Meaning::Panic,
            ),
            (
                "assert failed: xQueueGenericSend queue.c:832 (pxQueue)",
                Meaning::Panic,
            ),
            ("Brownout detector was triggered", Meaning::Panic),
            (
                "E (10372) task_wdt: Task watchdog got triggered.",
                Meaning::Panic,
            ),
            ("thread 'main' panicked at src/main.rs:4:5:", Meaning::Panic),
            ("panicked at src/wifi.rs:143:39:", Meaning::Panic),
            (
                "====================== PANIC ======================",
                Meaning::Panic,
            ),
            (
                "***ERROR*** A stack overflow in task main has been detected.",
                Meaning::Panic,
            ),
            ("CORRUPT HEAP: Bad head at 0x3ffb8a4c.", Meaning::Panic),
            (
                "Backtrace: 0x400d1a2b:0x3ffb5e70 0x400d1a40:0x3ffb5e90",
                Meaning::Trace,
            ),
            ("Core  0 register dump:", Meaning::Trace),
            ("MEPC    : 0x42008e62  RA      : 0x42008e48", Meaning::Trace),
            ("A10     : 0x3ffb5e70  A11     : 0x00000000", Meaning::Trace),
            ("Rebooting...", Meaning::Trace),
            ("E (123) wifi: not found", Meaning::Error),
            ("W (123) wifi: weak signal", Meaning::Warning),
            ("I (123) wifi: connected", Meaning::Output),
            ("[  1234][E][wifi.cpp:12] begin(): failed", Meaning::Error),
            (
                "[12:30:01][W][component:214]: took a long time",
                Meaning::Warning,
            ),
            ("ERROR - no address", Meaning::Error),
            ("WARN - no address", Meaning::Warning),
            (
                "[     12 ms] Desk lamp started without a network",
                Meaning::Output,
            ),
            ("Errors are shown in red", Meaning::Output),
            ("The rst: pin", Meaning::Output),
            ("Total : 0x1234", Meaning::Output),
            ("", Meaning::Output),
        ] {
            assert_eq!(meaning(line), expected, "{line}");
        }
    }

    #[test]
    fn the_message_after_the_place_of_a_panic_belongs_to_it() {
        let mut interpreter = Interpreter::default();
        for (line, expected) in [
            ("panicked at src/wifi.rs:143:39:", Meaning::Panic),
            ("the radio has stopped responding", Meaning::Panic),
            ("ESP-ROM:esp32c3-api1-20210207", Meaning::Reset),
            ("panicked at src/wifi.rs:143:39: no memory", Meaning::Panic),
            ("started", Meaning::Output),
        ] {
            assert_eq!(interpreter.line(line).0, expected, "{line}");
        }
    }

    #[test]
    fn the_cause_of_a_reset_is_explained() {
        for (line, expected) in [
            (
                "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
                Some("Reset by power on, or the reset button"),
            ),
            (
                "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
                Some("Reset by the firmware"),
            ),
            (
                "rst:0x3 (RTC_SW_SYS_RST),boot:0xc (SPI_FAST_FLASH_BOOT)",
                Some("Reset by the firmware"),
            ),
            (
                "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13",
                Some("Reset by a watchdog"),
            ),
            (
                "rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13",
                Some("Reset by a drop of the supply voltage; check the cable and the power supply"),
            ),
            (
                "rst:0x15 (USB_UART_CHIP_RESET),boot:0x4 (DOWNLOAD(USB/UART0/1))",
                Some("Reset by the USB port; it waits for new firmware (download mode)"),
            ),
            (
                "rst:0x77 (NEW),boot:0x4 (DOWNLOAD(USB/UART0/1))",
                Some("Reset into download mode: it waits for new firmware"),
            ),
            ("rst:0x77 (NEW),boot:0xc (SPI_FAST_FLASH_BOOT)", None),
            ("rst:0x", None),
            ("no reset", None),
        ] {
            assert_eq!(explanation(line).as_deref(), expected, "{line}");
        }
    }
}
