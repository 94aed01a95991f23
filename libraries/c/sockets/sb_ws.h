/*
 * WebSocket (RFC 6455) on a board's side: decodes the frames of a client,
 * assembles fragmented messages into a buffer of fixed size, and encodes frame
 * headers. Owns no socket, reads no clock and does not interpret messages.
 * Extensions are not supported.
 */
#ifndef SB_WS_H
#define SB_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest payload of a control frame, in bytes (section 5.5). */
#define SB_WS_CONTROL 125

/* Longest header of a frame that a server sends, in bytes. */
#define SB_WS_HEADER 10

/* Close codes (section 7.4, and IANA's registry). */
enum {
    SB_WS_NORMAL = 1000,
    SB_WS_GOING_AWAY = 1001,
    SB_WS_PROTOCOL_ERROR = 1002,
    SB_WS_UNSUPPORTED = 1003,
    SB_WS_INVALID = 1007,
    SB_WS_TOO_BIG = 1009,
    SB_WS_RESTART = 1012,
    SB_WS_TRY_LATER = 1013
};

/* Opcodes (section 5.2). */
enum {
    SB_WS_CONTINUATION = 0x0,
    SB_WS_TEXT = 0x1,
    SB_WS_BINARY = 0x2,
    SB_WS_CLOSE = 0x8,
    SB_WS_PING = 0x9,
    SB_WS_PONG = 0xa
};

/* What the decoded bytes have completed. */
typedef enum {
    /* Nothing yet: all bytes were used. */
    SB_WS_MORE,
    /* A text message, valid UTF-8: `message`, `length`. */
    SB_WS_GOT_TEXT,
    /* A binary message: `message`, `length`. */
    SB_WS_GOT_BINARY,
    /* A ping: `control`, `control_length`; to be answered with a pong. */
    SB_WS_GOT_PING,
    /* A pong. */
    SB_WS_GOT_PONG,
    /* The client closes: `close_code`, 0 if it sent none. */
    SB_WS_GOT_CLOSE,
    /* A violation: `close_code` and `close_reason` are to be sent. */
    SB_WS_BROKEN
} sb_ws_event;

/* Validates UTF-8 (RFC 3629) piece by piece. All zeros is the start. */
typedef struct {
    uint8_t missing; /* bytes of the current character that are to come */
    uint8_t low;     /* lowest value of the next byte */
    uint8_t high;    /* highest value of the next byte */
} sb_ws_utf8;

/* Decodes one connection. */
typedef struct {
    uint8_t *message;       /* the message so far; the caller's buffer */
    uint32_t limit;         /* its size: longer messages are refused */
    uint32_t length;        /* bytes of the message so far */
    uint32_t left;          /* bytes of the current frame that are to come */
    uint8_t header[14];     /* the current frame's header */
    uint8_t header_length;  /* bytes of it received */
    uint8_t mask_at;        /* index of the mask's next byte */
    bool in_payload;        /* whether the header is complete */
    uint8_t message_opcode; /* of the unfinished message; 0 without one */
    uint8_t control_length; /* bytes of the control frame's payload so far */
    uint8_t control[SB_WS_CONTROL];
    sb_ws_utf8 utf8;
    uint16_t close_code;
    const char *close_reason;
} sb_ws;

/* Feeds bytes; false as soon as they cannot be UTF-8. */
bool sb_ws_utf8_feed(sb_ws_utf8 *utf8, const uint8_t *bytes, size_t length);

/* Whether `bytes` are complete UTF-8. */
bool sb_ws_utf8_valid(const uint8_t *bytes, size_t length);

/*
 * Begins. `message` receives messages and has to stay valid; `limit` is its size
 * in bytes, and the longest message that is accepted.
 */
void sb_ws_begin(sb_ws *ws, uint8_t *message, uint32_t limit);

/*
 * Decodes until something is complete or all bytes are used. What is complete
 * stays valid until the next call. `used` receives how many of `bytes` were
 * used. After SB_WS_BROKEN and SB_WS_GOT_CLOSE nothing more may be decoded.
 */
sb_ws_event sb_ws_decode(sb_ws *ws, const uint8_t *bytes, size_t length, size_t *used);

/*
 * Encodes the header of an unfragmented, unmasked frame. Returns its length: 2,
 * 4 or 10 bytes.
 */
size_t sb_ws_header(uint8_t header[SB_WS_HEADER], uint8_t opcode, size_t payload);

/*
 * Encodes a close frame and returns its length. With the code 0 it has no code.
 * `reason` is UTF-8 and truncated to 123 bytes at a character's start.
 */
size_t sb_ws_close(uint8_t frame[2 + SB_WS_CONTROL], uint16_t code, const char *reason);

#ifdef __cplusplus
}
#endif

#endif
