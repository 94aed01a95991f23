/*
 * Switchboard: the board side of its protocol, version 1, in C11.
 *
 * The core is sans-IO: it owns no socket, reads no clock and allocates no
 * memory. A driver hands it what clients sent and the time, and takes from it
 * what to send; `sockets/` has one for BSD sockets. An application gives it a
 * constant table of components, is called when a client commands one of them,
 * and reports what changes at the board.
 *
 * Everything is in one `sb_board`, whose size is fixed by the SB_ macros below.
 * The functions are not reentrant: call them for one board from one thread, or
 * hold one lock around each call. Callbacks run inside the call that causes
 * them; what they may call is said with `sb_config`.
 *
 * Times are milliseconds since boot and never go back. Texts are UTF-8 that
 * ends with a NUL, except where a length is given. Pointers in a configuration
 * or a table of components must stay valid as long as the board.
 *
 * docs/protocol.md specifies what the messages mean.
 */
#ifndef SWITCHBOARD_H
#define SWITCHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "switchboard_component.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes. Define a macro for the whole program to change it. */

/* Components, 1 to 255. */
#ifndef SB_COMPONENTS
#define SB_COMPONENTS 16
#endif

/* Slots for controllers, at least 1. The protocol names four. */
#ifndef SB_CONTROLLERS
#define SB_CONTROLLERS 4
#endif

/* Readers of /log and /telemetry and echoes, together. */
#ifndef SB_READERS
#define SB_READERS 2
#endif

/* Components of the kinds text and text_sensor; each takes 256 bytes. */
#ifndef SB_TEXTS
#define SB_TEXTS 2
#endif

/*
 * The longest message that the board sends, in bytes; 1,024 to 4,096.
 * `sb_init` refuses a board whose state does not fit.
 */
#ifndef SB_MESSAGE_OUT
#define SB_MESSAGE_OUT 2048
#endif

/*
 * Bytes of messages that wait for one controller; at least, and by default,
 * what one request can cause.
 */
#ifndef SB_QUEUE_BYTES
#define SB_QUEUE_BYTES (2 * SB_MESSAGE_OUT + 1024)
#endif

/*
 * JSON values in one message into the board; 16 bytes of memory each. 1,024 are
 * enough for every message; one with more is refused with `too_large`. Requests
 * of Switchboard have fewer than 40.
 */
#ifndef SB_TOKENS
#ifdef ESP_PLATFORM
#define SB_TOKENS 256
#else
#define SB_TOKENS 1024
#endif
#endif

/* Bytes of kept log lines, at least 512. */
#ifndef SB_LOG_BYTES
#define SB_LOG_BYTES 4096
#endif

/* Bytes of kept telemetry frames, at least 1,402; 0 leaves telemetry out. */
#ifndef SB_TELEMETRY_BYTES
#ifdef ESP_PLATFORM
#define SB_TELEMETRY_BYTES 0
#else
#define SB_TELEMETRY_BYTES 4096
#endif
#endif

/* The longest message into a board, in bytes. Set by the protocol. */
#define SB_MESSAGE_IN 2048

/* The longest name of a board, in bytes without the NUL. */
#define SB_NAME_BYTES 63

/* The longest value of a text, in bytes without the NUL. */
#define SB_TEXT_BYTES 255

/* The longest frame of telemetry, in bytes. Set by the protocol. */
#define SB_FRAME_BYTES 1400

/* The most messages that wait for one controller. */
#define SB_QUEUED 8

/* No deadline. */
#define SB_NEVER UINT64_MAX

/* The result of a function. */
typedef enum sb_status {
    SB_OK = 0,
    /* An argument is invalid: the call changed nothing. */
    SB_INVALID,
    /* All slots for this kind of client are in use. */
    SB_FULL,
    /* The board is about to restart. */
    SB_REBOOTING,
    /* No client has this number, or its connection is closing. */
    SB_CLOSED,
    /* The client has to take its messages (`sb_next`) first. */
    SB_BUSY,
    /* The board takes no samples. */
    SB_NO_TELEMETRY,
    /* The message could get longer than SB_MESSAGE_OUT, or there are more
     * components or texts than SB_COMPONENTS or SB_TEXTS. */
    SB_TOO_LARGE
} sb_status;

/* What a client commands. */
typedef enum sb_action {
    SB_ACTION_SET,   /* a switch, light, number, select or text: `fields` */
    SB_ACTION_PRESS, /* a button: `event` */
    SB_ACTION_OPEN,  /* a cover */
    SB_ACTION_CLOSE, /* a cover */
    SB_ACTION_STOP,  /* a cover */
    SB_ACTION_MOVE   /* a cover, to `position` */
} sb_action;

/* A command. It is valid, and has had no effect yet. */
typedef struct sb_command {
    unsigned component;     /* index into the table */
    sb_action action;
    uint16_t fields;        /* SB_ACTION_SET: those that differ from now */
    const sb_state *target; /* SB_ACTION_SET: the whole state afterwards */
    uint32_t transition_ms; /* SB_ACTION_SET of a light: 0 to 10,000 */
    const char *event;      /* SB_ACTION_PRESS: "press", "double_press", "long_press" */
    uint8_t position;       /* SB_ACTION_MOVE: 0 to 100 % */
} sb_command;

/* Levels of log lines, the most important first. */
typedef enum sb_level {
    SB_ERROR,
    SB_WARN,
    SB_INFO,
    SB_DEBUG
} sb_level;

/* One channel of telemetry. */
typedef struct sb_channel {
    const char *name;
    const char *unit; /* may be NULL */
    double scale;     /* a value is the sample times this; 0 counts as 1 */
    int8_t decimals;  /* accuracy_decimals; -1 for none */
} sb_channel;

typedef struct sb_board sb_board;

/*
 * What a board is. Must stay valid as long as the board. Texts that may be NULL
 * say so; callbacks may all be NULL, except `random`. Callbacks may read the
 * board, write to its log, and call `sb_set` and its relatives and `sb_event`;
 * only `output` may not change components (SB_INVALID). None may call
 * `sb_press`, or a function that takes `now`.
 */
typedef struct sb_config {
    const char *id;       /* 1 to 63 lowercase letters, digits and hyphens */
    const char *name;     /* for display; NULL: the id */
    const char *mac;      /* "02:00:00:0a:1b:2c" */
    const char *version;  /* of the firmware, at most 32 bytes */
    const char *platform; /* "esp32c3", "linux" */
    const char *product;  /* the field `board` */
    const char *reset_reason; /* "power_on", "software", ...; NULL: unknown */

    const sb_component *components;
    unsigned component_count;

    const sb_channel *channels; /* of telemetry */
    unsigned channel_count;     /* 0 to 16; 0: no telemetry */
    uint32_t interval_us;       /* between two samples, at least 1 */

    unsigned controllers; /* slots in use; 0: SB_CONTROLLERS */

    /* Bytes of the driver's memory per connection, for Clients.List; 0: not
     * known. */
    size_t connection_bytes;

    void *context; /* given to every callback */

    /* Returns 32 random bits, different at each boot. Required. */
    uint32_t (*random)(void *context);

    /*
     * A client commands something. Return true to accept it; or call
     * `sb_refuse`, and return false. A cover that starts or stops calls
     * `sb_set_cover` here, so that the push comes before the answer.
     */
    bool (*command)(sb_board *board, const sb_command *command, void *context);

    /*
     * A switch, light, number, select or text has to show this state: at boot,
     * after each change, and during a fade every 20 ms.
     */
    void (*output)(sb_board *board, unsigned component, const sb_state *shown, void *context);

    /* A button was pressed, at the board or by a client. */
    void (*pressed)(sb_board *board, unsigned component, const char *event, void *context);

    /* Draw attention to the board for a few seconds. */
    void (*identify)(sb_board *board, void *context);

    /* The board has this name now: store and announce it. */
    void (*renamed)(sb_board *board, const char *name, void *context);

    /* The first reader of telemetry came (true), or the last one left. */
    void (*sampling)(sb_board *board, bool on, void *context);
} sb_config;

/* Kinds of channels that a client opens. */
typedef enum sb_channel_kind {
    SB_CHANNEL_RPC,       /* /rpc: a controller */
    SB_CHANNEL_LOG,       /* /log */
    SB_CHANNEL_TELEMETRY, /* /telemetry */
    SB_CHANNEL_ECHO       /* /ws: the driver echoes; the core lists and closes it */
} sb_channel_kind;

/* What to do on a connection. */
typedef enum sb_outgoing_kind {
    SB_SEND_TEXT,
    SB_SEND_BINARY,
    SB_SEND_PING, /* without payload */
    SB_SEND_CLOSE /* then end the connection */
} sb_outgoing_kind;

/* One thing to do on a connection. */
typedef struct sb_outgoing {
    sb_outgoing_kind kind;
    const uint8_t *data; /* the message or the reason of the close; not NUL-terminated */
    size_t length;
    uint16_t code; /* of the close */
} sb_outgoing;

/*
 * The driver.
 */

/*
 * Starts a board at `now`, usually 0. `config` must stay valid. Calls `output`
 * for each output. Returns SB_INVALID for an invalid configuration, and
 * SB_TOO_LARGE for one that does not fit; `sb_problem` then says what is wrong.
 * Returns SB_INVALID and writes nothing if the program and the library were
 * compiled with different SB_ sizes.
 */
static inline sb_status sb_init(sb_board *board, const sb_config *config, uint64_t now);

/* Why `sb_init` failed, as a sentence. */
static inline const char *sb_problem(const sb_board *board);

/* The same; `size` is what the program takes for the size of a board. */
sb_status sb_init_sized(sb_board *board, size_t size, const sb_config *config, uint64_t now);
const char *sb_problem_sized(const sb_board *board, size_t size);

/* Does what is due. Call it at `sb_deadline`. */
void sb_tick(sb_board *board, uint64_t now);

/* Sets the time of functions without `now`, if the last call with one is long
 * ago. Unlike `sb_tick` it pushes nothing, so that values which are set one
 * after another are in one push. */
void sb_set_time(sb_board *board, uint64_t now);

/* When `sb_tick` is due next, or SB_NEVER. It may be in the past. */
uint64_t sb_deadline(const sb_board *board);

/*
 * A WebSocket client has opened a channel. `level` counts for
 * SB_CHANNEL_LOG only.
 * `from` is its address, as "192.168.1.5:53211" or "[fe80::1]:53211", or NULL;
 * it is copied. On SB_OK, `client` is the client's number, from 1. Refuses with
 * SB_FULL, SB_REBOOTING or SB_NO_TELEMETRY, for which `sb_refusal` has the body.
 */
sb_status sb_open(sb_board *board, uint64_t now, sb_channel_kind kind, sb_level level,
                  const char *from, uint32_t *client);

/* Whether `sb_open` would refuse, without opening. */
sb_status sb_can_open(const sb_board *board, sb_channel_kind kind);

/* The connection has ended. Unknown numbers are ignored. */
void sb_disconnect(sb_board *board, uint64_t now, uint32_t client);

/*
 * A controller sent a text message. Returns SB_BUSY, without reading it, while
 * there is no room for what it causes: take all messages with `sb_next`, then
 * call again. Returns SB_CLOSED for a client that is closing.
 */
sb_status sb_receive(sb_board *board, uint64_t now, uint32_t client, const char *text,
                     size_t length);

/* Any frame of a client arrived, also a control frame. Called by `sb_receive`. */
void sb_heard(sb_board *board, uint64_t now, uint32_t client);

/* A pong arrived. */
void sb_pong(sb_board *board, uint64_t now, uint32_t client);

/*
 * What to do next on a client's connection; false if there is nothing. The data
 * is valid until the next call of any function with this board.
 */
bool sb_next(sb_board *board, uint64_t now, uint32_t client, sb_outgoing *outgoing);

/* Whether `sb_next` would return something. */
bool sb_has_next(const sb_board *board, uint32_t client);

/*
 * Whether the connection of a client is to end: `sb_next` has returned its close
 * or will. A driver whose sending is stalled then ends it without waiting.
 */
bool sb_is_closing(const sb_board *board, uint32_t client);

/*
 * Carries out one request of `POST /rpc`. `answer` is the body of the response,
 * valid until the next call of any function with this board; `length` is 0 for
 * a request without id (204).
 */
void sb_post(sb_board *board, uint64_t now, const char *text, size_t size, const char **answer,
             size_t *length);

/*
 * The JSON body of an HTTP response for SB_FULL (of a controller), SB_REBOOTING
 * or SB_NO_TELEMETRY; empty otherwise. Valid until the next call.
 */
const char *sb_refusal(sb_board *board, sb_status status, size_t *length);

/* Whether the board has to restart now: all clients know. */
bool sb_reboot_due(const sb_board *board);

/* Tells the core how many connections are open that are not channels. */
void sb_set_others(sb_board *board, unsigned others);

/* The name of the board. */
const char *sb_name(const sb_board *board);

/* The configuration of the board. */
const sb_config *sb_configuration(const sb_board *board);

/* Parses "error", "warn", "info" or "debug". */
bool sb_parse_level(const char *text, size_t length, sb_level *level);

/*
 * The application. `component` is an index into the table. Changes are pushed
 * by the next `sb_tick`, those of 100 ms after a push together at their end;
 * those made in a callback of a command, with its answer. All return SB_INVALID
 * for a component or value that does not fit.
 */

/* The state of a component, or NULL. Valid until it changes. */
const sb_state *sb_get(const sb_board *board, unsigned component);

/* The index of the component with this key ("light:0"), or -1. */
int sb_find(const sb_board *board, const char *key);

/*
 * Sets the fields in `fields`; those of them that are missing in
 * `state->fields` become unknown.
 */
sb_status sb_set(sb_board *board, unsigned component, uint16_t fields, const sb_state *state);

/* Sets `on` of a switch, binary_sensor or light. */
sb_status sb_set_on(sb_board *board, unsigned component, bool on);

/* Sets the value of a sensor or number; NaN makes it unknown. */
sb_status sb_set_value(sb_board *board, unsigned component, double value);

/* Sets the text of a text or text_sensor; NULL makes it unknown. */
sb_status sb_set_text(sb_board *board, unsigned component, const char *text);

/* Sets the option of a select, by index. */
sb_status sb_set_option(sb_board *board, unsigned component, uint8_t option);

/* Sets what a cover does; a `position` beyond 100 is unknown. */
sb_status sb_set_cover(sb_board *board, unsigned component, sb_movement movement,
                       uint8_t position);

/* A button was pressed at the board: "press", "double_press" or "long_press". */
sb_status sb_press(sb_board *board, unsigned component, const char *event);

/* An event component reports one of its events. */
sb_status sb_event(sb_board *board, unsigned component, const char *event);

/* Refuses a command, in the callback `command`: `reason` is a word for
 * programs, such as "interlocked", `message` a sentence for people. Both are
 * copied. Returns false, for `return sb_refuse(...)`. */
bool sb_refuse(sb_board *board, const char *reason, const char *message);

/* Renames the board at the board. */
sb_status sb_rename(sb_board *board, const char *name);

/* Writes a line to the log; more than 240 bytes are cut. */
void sb_log(sb_board *board, sb_level level, const char *message);

/* Writes a line made as by printf. */
void sb_logf(sb_board *board, sb_level level, const char *format, ...);

/* Whether telemetry has a reader. */
bool sb_sampling(const sb_board *board);

/*
 * Adds one sample of each channel, taken at `time_us` (microseconds since
 * boot). `gap`: samples before it were lost. Ignored while there is no reader.
 */
void sb_sample(sb_board *board, uint64_t time_us, const int16_t *samples, bool gap);

#ifdef __cplusplus
}
#endif

#include "switchboard_board.h"

static inline sb_status sb_init(sb_board *board, const sb_config *config, uint64_t now) {
    return sb_init_sized(board, sizeof *board, config, now);
}

static inline const char *sb_problem(const sb_board *board) {
    return sb_problem_sized(board, sizeof *board);
}

#endif
