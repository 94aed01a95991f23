//! The limits of the protocol, with their reasons. A board refuses what exceeds
//! them; a controller gives up after the times given here.

use core::time::Duration;

/// Maximum size of a message into a board, in bytes: what a chip can buffer per
/// client.
pub const MESSAGE_INTO_BOARD: usize = 2_048;

/// Maximum size of a message out of a board, in bytes: `Device.GetComponents`
/// is paged to stay below it.
pub const MESSAGE_OUT_OF_BOARD: usize = 4_096;

/// Maximum size of a message that a controller reads, in bytes: sixteen times
/// what a board may send.
pub const MESSAGE_INTO_CONTROLLER: usize = 16 * MESSAGE_OUT_OF_BOARD;

/// Maximum size of an error's message, in bytes of UTF-8. It can quote the
/// request, and escaping makes that up to six times longer: the response still
/// stays below [`MESSAGE_OUT_OF_BOARD`].
pub const ERROR_MESSAGE: usize = 600;

/// Maximum size of a telemetry message, in bytes: one Ethernet frame, so that a
/// sample is never split.
pub const TELEMETRY_MESSAGE: usize = 1_400;

/// Maximum nesting of objects and arrays in a message into a board. Parsing is
/// recursive, and a chip's stack is small.
pub const NESTING: usize = 16;

/// Maximum number of controllers on `/rpc`. A further one is refused with HTTP
/// 503; existing clients are never evicted.
pub const CONTROLLERS: usize = 4;

/// Maximum number of messages queued for a client. Further state changes are
/// merged, keeping the latest value of each field.
pub const QUEUED_MESSAGES: usize = 8;

/// Maximum size of a board's name, in bytes of UTF-8: an mDNS label holds 63
/// (RFC 1035, section 2.3.4).
pub const NAME: usize = 63;

/// Maximum number of keys of a locked board.
pub const KEYS: usize = 8;

/// Maximum size of a key's name, in bytes of UTF-8.
pub const KEY_NAME: usize = 32;

/// Time from connecting to a locked board to the first encrypted message.
pub const HANDSHAKE: Duration = Duration::from_secs(15);

/// The part of it that starts when an offer was accepted: other controllers
/// with the same key wait until it ends.
pub const AFTER_OFFER: Duration = Duration::from_secs(5);

/// How long pairing stays open.
pub const PAIRING: Duration = Duration::from_secs(120);

/// Time for a controller to reveal its number once its turn has started.
pub const PAIRING_REVEAL: Duration = Duration::from_secs(5);

/// Time for people to compare the codes and press the button, and then again
/// for the controller to store its key and prove it. Flashing a code with an
/// LED takes up to 35 s.
pub const PAIRING_ANSWER: Duration = Duration::from_secs(90);

/// Pause after a turn that did not lead to a key.
pub const PAIRING_PAUSE: Duration = Duration::from_secs(1);

/// Maximum number of turns while pairing is open: each is one guess of the
/// code, with a chance of one in a million.
pub const PAIRING_TURNS: u32 = 16;

/// Maximum number of controllers waiting for their turn; a further one is
/// refused.
pub const PAIRING_WAITING: usize = 16;

/// Maximum size of the URL of an outbound connection, in bytes.
pub const OUTBOUND_URL: usize = 200;

/// Maximum size of the message about the last failed outbound connection, in
/// bytes of UTF-8.
pub const OUTBOUND_FAILURE: usize = 160;

/// Maximum size of a text component's value, in bytes of UTF-8.
pub const TEXT_VALUE: usize = 255;

/// Maximum size of a log line's message, in bytes of UTF-8; a longer one is
/// truncated and ends with `…`.
pub const LOG_LINE: usize = 240;

/// How much of its log a board keeps, in bytes; beyond that, the oldest lines
/// are discarded.
pub const LOG_KEPT: usize = 4_096;

/// How much telemetry a board keeps for slow readers, in bytes; beyond that,
/// they lose the oldest frames.
pub const TELEMETRY_KEPT: usize = 4_096;

/// How often a board sends a telemetry frame, unless it is full earlier.
pub const TELEMETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Maximum fade time, in milliseconds (`transition_ms`).
pub const TRANSITION_MS: u32 = 10_000;

/// Maximum number of raw image bytes in one `Ota.Write`, a multiple of the
/// flash write size. In base64 they are 1,280 bytes: the whole message fits one
/// Ethernet frame, so that no half of it waits for a delayed acknowledgment
/// (RFC 1122, section 4.2.3.4), and leaves room for any `id` and for whitespace
/// within [`MESSAGE_INTO_BOARD`].
pub const UPDATE_CHUNK: usize = 960;

/// Maximum size of an image's version, in bytes of UTF-8: as in ESP-IDF's image
/// description (`esp_app_desc_t`).
pub const VERSION: usize = 32;

/// Maximum size of an update's `last_error`, in bytes of UTF-8: it is part of
/// every snapshot.
pub const UPDATE_ERROR: usize = 160;

/// An update ends after this time without a write.
pub const UPDATE_IDLE: Duration = Duration::from_secs(30);

/// A new image that no controller has reached for this time after its start is
/// rolled back.
pub const UPDATE_TRIAL: Duration = Duration::from_secs(300);

/// State changes that were not caused by a command are pushed when the last
/// such push is at least this old, and collected until then.
pub const BATCH: Duration = Duration::from_millis(100);

/// A controller sends `Sys.Ping` after this silence.
pub const PING_AFTER: Duration = Duration::from_secs(10);

/// A controller shows a board as stale after this silence.
pub const STALE_AFTER: Duration = Duration::from_secs(15);

/// A controller drops a connection after this silence.
pub const CLIENT_DROPS_AFTER: Duration = Duration::from_secs(45);

/// A board pings a client after this silence.
pub const BOARD_PINGS_AFTER: Duration = Duration::from_secs(20);

/// A board drops a client after this silence.
pub const BOARD_DROPS_AFTER: Duration = Duration::from_secs(60);

/// A controller gives up a connection attempt after this time.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A controller shows a command as unconfirmed after this time without an
/// answer.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
