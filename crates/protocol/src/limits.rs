//! Every limit of the wire, with its reason. A board refuses what is larger; a
//! controller gives up after what is longer.

use core::time::Duration;

/// The largest message into a board, in bytes: what a chip can hold for each
/// client beside its own work.
pub const MESSAGE_INTO_BOARD: usize = 2_048;

/// The largest message out of a board, in bytes: `Device.GetComponents` is
/// paged so that each page stays below it.
pub const MESSAGE_OUT_OF_BOARD: usize = 4_096;

/// The longest message that a controller reads, in bytes: sixteen times what a
/// board may send.
pub const MESSAGE_INTO_CONTROLLER: usize = 16 * MESSAGE_OUT_OF_BOARD;

/// The message of an error, in bytes of UTF-8. It may quote what was sent, and
/// escaping makes that up to six times longer: the answer still stays below
/// [`MESSAGE_OUT_OF_BOARD`].
pub const ERROR_MESSAGE: usize = 600;

/// The largest telemetry message, in bytes: one Ethernet frame, so that a
/// sample is never split.
pub const TELEMETRY_MESSAGE: usize = 1_400;

/// Objects and arrays within each other in a message into a board. Parsing is
/// recursive, and a chip's stack is small.
pub const NESTING: usize = 16;

/// Controllers connected to `/rpc` at once. One more is refused with HTTP 503;
/// nobody is evicted.
pub const CONTROLLERS: usize = 4;

/// Messages queued for a client before state is coalesced to the latest of each
/// component.
pub const QUEUED_MESSAGES: usize = 8;

/// A board's name, in bytes of UTF-8: an mDNS label holds 63 (RFC 1035, section
/// 2.3.4).
pub const NAME: usize = 63;

/// Keys of a locked board.
pub const KEYS: usize = 8;

/// The name of a key, in bytes of UTF-8.
pub const KEY_NAME: usize = 32;

/// How long a connection to a locked board may take until its first encrypted
/// message.
pub const HANDSHAKE: Duration = Duration::from_secs(15);

/// How long of that a controller with a key may take once its offer was
/// accepted: others with a key wait for it.
pub const BEYOND_OFFER: Duration = Duration::from_secs(5);

/// How long controllers may ask for a key after pairing was opened at the
/// board.
pub const PAIRING: Duration = Duration::from_secs(120);

/// A controller whose turn it is to be paired reveals its number within this.
pub const PAIRING_REVEAL: Duration = Duration::from_secs(5);

/// How long people have to compare the codes and to press the button; then once
/// more, for the controller to store its key and to prove that it has it. A
/// light needs up to 35 s to show a code once.
pub const PAIRING_ANSWER: Duration = Duration::from_secs(90);

/// The pause after a turn that brought no key.
pub const PAIRING_REST: Duration = Duration::from_secs(1);

/// The most turns while pairing is open: each is one guess at the code, of one
/// in a million.
pub const PAIRING_TURNS: u32 = 16;

/// So many controllers wait for their turn; a further one is refused.
pub const PAIRING_WAITING: usize = 16;

/// Where a board calls, in bytes.
pub const CALL_URL: usize = 200;

/// Why a board's last call failed, in bytes of UTF-8.
pub const CALL_FAILURE: usize = 160;

/// The value of a text component, in bytes of UTF-8.
pub const TEXT_VALUE: usize = 255;

/// The message of a line of the log, in bytes of UTF-8; what is longer is cut,
/// and ends with `…`.
pub const LOG_LINE: usize = 240;

/// What a board keeps of its log, in bytes: then the oldest lines are
/// forgotten.
pub const LOG_KEPT: usize = 4_096;

/// What a board keeps of its telemetry for who reads slowly, in bytes; then the
/// oldest frames are lost to them.
pub const TELEMETRY_KEPT: usize = 4_096;

/// How often a board sends a frame of telemetry, unless it is full earlier.
pub const TELEMETRY_EVERY: Duration = Duration::from_millis(50);

/// The longest fade, in milliseconds (`transition_ms`).
pub const TRANSITION_MS: u32 = 10_000;

/// The raw bytes of an image that one `Ota.Write` takes, a multiple of what
/// flash writes at once. In base64 they are 1,280 bytes: the whole message is
/// one Ethernet frame, so that no half of it waits for an acknowledgement that
/// is delayed (RFC 1122, section 4.2.3.4), and it leaves room for any `id` and
/// for spaces within [`MESSAGE_INTO_BOARD`].
pub const UPDATE_CHUNK: usize = 960;

/// The version of an image, in bytes of UTF-8: ESP-IDF's description of an
/// image has 32 (`esp_app_desc_t`).
pub const VERSION: usize = 32;

/// `last_error` of an update, in bytes of UTF-8: it is in every snapshot.
pub const UPDATE_ERROR: usize = 160;

/// An update without a write for this long is over.
pub const UPDATE_IDLE: Duration = Duration::from_secs(30);

/// A new image that no controller has reached for this long after it started
/// gives way to the one before it.
pub const UPDATE_TRIAL: Duration = Duration::from_secs(300);

/// State changes that no command caused are gathered for this long before they
/// are pushed.
pub const BATCH: Duration = Duration::from_millis(100);

/// A client that heard nothing for this long sends `Sys.Ping`.
pub const PING_AFTER: Duration = Duration::from_secs(10);

/// A board that said nothing for this long is shown as stale.
pub const STALE_AFTER: Duration = Duration::from_secs(15);

/// A client drops a connection that was silent for this long.
pub const CLIENT_DROPS_AFTER: Duration = Duration::from_secs(45);

/// A board pings a client that was silent for this long.
pub const BOARD_PINGS_AFTER: Duration = Duration::from_secs(20);

/// A board drops a client that was silent for this long.
pub const BOARD_DROPS_AFTER: Duration = Duration::from_secs(60);

/// A client gives a connection attempt up after this long.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A command without an answer after this long is shown as unconfirmed.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
