#include "sb_ws.h"

#include <string.h>

bool sb_ws_utf8_feed(sb_ws_utf8 *utf8, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = bytes[i];
        if (utf8->missing > 0) {
            if (byte < utf8->low || byte > utf8->high) {
                return false;
            }
            utf8->missing--;
            utf8->low = 0x80;
            utf8->high = 0xbf;
            continue;
        }
        if (byte < 0x80) {
            continue;
        }
        /* RFC 3629, section 4: no overlong forms (C0, C1, E0, F0), no
           surrogates (ED), nothing above U+10FFFF (F4). */
        if (byte < 0xc2 || byte > 0xf4) {
            return false;
        }
        utf8->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        utf8->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
        utf8->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    }
    return true;
}

bool sb_ws_utf8_valid(const uint8_t *bytes, size_t length) {
    sb_ws_utf8 utf8 = {0, 0, 0};
    return sb_ws_utf8_feed(&utf8, bytes, length) && utf8.missing == 0;
}

void sb_ws_begin(sb_ws *ws, uint8_t *message, uint32_t limit) {
    memset(ws, 0, sizeof *ws);
    ws->message = message;
    ws->limit = limit;
    ws->close_reason = "";
}

static sb_ws_event broken(sb_ws *ws, uint16_t code, const char *reason) {
    ws->close_code = code;
    ws->close_reason = reason;
    return SB_WS_BROKEN;
}

static sb_ws_event not_utf8(sb_ws *ws) {
    return broken(ws, SB_WS_INVALID, "a text message is UTF-8");
}

static uint8_t opcode_of(const sb_ws *ws) {
    return ws->header[0] & 0x0f;
}

static bool is_control(const sb_ws *ws) {
    return (ws->header[0] & 0x08) != 0;
}

/* Bytes of the header, as far as its first two are known. */
static uint8_t header_size(const sb_ws *ws) {
    if (ws->header_length < 2) {
        return 2;
    }
    uint8_t length = ws->header[1] & 0x7f;
    return (uint8_t)(2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + 4);
}

/* Checks the first two bytes of a header (section 5). */
static sb_ws_event check_start(sb_ws *ws) {
    uint8_t first = ws->header[0], second = ws->header[1], opcode = opcode_of(ws);
    if ((first & 0x70) != 0) {
        return broken(ws, SB_WS_PROTOCOL_ERROR,
                      "the reserved bits are zero without an extension");
    }
    if ((second & 0x80) == 0) {
        return broken(ws, SB_WS_PROTOCOL_ERROR, "a client masks its frames");
    }
    if (is_control(ws) && ((first & 0x80) == 0 || (second & 0x7f) > SB_WS_CONTROL)) {
        return broken(ws, SB_WS_PROTOCOL_ERROR,
                      "a control frame is one frame of at most 125 bytes");
    }
    if (opcode > SB_WS_PONG || (opcode > SB_WS_BINARY && opcode < SB_WS_CLOSE)) {
        return broken(ws, SB_WS_PROTOCOL_ERROR, "an opcode that RFC 6455 does not define");
    }
    if (opcode == SB_WS_CONTINUATION && ws->message_opcode == 0) {
        return broken(ws, SB_WS_PROTOCOL_ERROR, "there is no message to continue");
    }
    if ((opcode == SB_WS_TEXT || opcode == SB_WS_BINARY) && ws->message_opcode != 0) {
        return broken(ws, SB_WS_PROTOCOL_ERROR,
                      "a new message begins before the last has ended");
    }
    return SB_WS_MORE;
}

/* Begins a frame whose header is complete. */
static sb_ws_event begin_frame(sb_ws *ws) {
    uint8_t size = header_size(ws);
    uint64_t length = ws->header[1] & 0x7f;
    if (length > SB_WS_CONTROL) {
        length = 0;
        for (size_t i = 2; i + 4 < size; i++) {
            length = length << 8 | ws->header[i];
        }
    }
    if (is_control(ws)) {
        ws->control_length = 0;
    } else {
        if (opcode_of(ws) != SB_WS_CONTINUATION) {
            ws->message_opcode = opcode_of(ws);
            ws->length = 0;
            memset(&ws->utf8, 0, sizeof ws->utf8);
        }
        if (length > ws->limit - ws->length) {
            return broken(ws, SB_WS_TOO_BIG, "the message is longer than this channel takes");
        }
    }
    ws->left = (uint32_t)length;
    ws->mask_at = 0;
    ws->in_payload = true;
    return SB_WS_MORE;
}

static sb_ws_event take_header(sb_ws *ws, uint8_t byte) {
    ws->header[ws->header_length++] = byte;
    if (ws->header_length == 2) {
        sb_ws_event event = check_start(ws);
        if (event != SB_WS_MORE) {
            return event;
        }
    }
    return ws->header_length == header_size(ws) ? begin_frame(ws) : SB_WS_MORE;
}

/* Unmasks and stores a part of the payload, which is not longer than `left`.
   Control frames were checked to fit `control`, messages to fit `message`. */
static sb_ws_event take_payload(sb_ws *ws, const uint8_t *bytes, size_t length) {
    const uint8_t *mask = ws->header + ws->header_length - 4;
    uint8_t *to = is_control(ws) ? ws->control + ws->control_length : ws->message + ws->length;
    uint8_t at = ws->mask_at;
    for (size_t i = 0; i < length; i++) {
        to[i] = bytes[i] ^ mask[at];
        at = (at + 1) & 3;
    }
    ws->mask_at = at;
    ws->left -= (uint32_t)length;
    if (is_control(ws)) {
        ws->control_length = (uint8_t)(ws->control_length + length);
        return SB_WS_MORE;
    }
    ws->length += (uint32_t)length;
    if (ws->message_opcode == SB_WS_TEXT && !sb_ws_utf8_feed(&ws->utf8, to, length)) {
        return not_utf8(ws);
    }
    return SB_WS_MORE;
}

/* Sections 5.5.1 and 7.4. */
static sb_ws_event end_of_close(sb_ws *ws) {
    ws->close_code = 0;
    ws->close_reason = "";
    if (ws->control_length == 0) {
        return SB_WS_GOT_CLOSE;
    }
    if (ws->control_length == 1) {
        return broken(ws, SB_WS_PROTOCOL_ERROR, "a close frame begins with two bytes of code");
    }
    uint16_t code = (uint16_t)(ws->control[0] << 8 | ws->control[1]);
    /* 1004 to 1006 and 1015 must not appear in a frame; 1012 to 1014 were
       registered with IANA after the RFC. */
    if (!((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
          (code >= 3000 && code <= 4999))) {
        return broken(ws, SB_WS_PROTOCOL_ERROR, "a close code that may not be sent");
    }
    if (!sb_ws_utf8_valid(ws->control + 2, ws->control_length - 2u)) {
        return not_utf8(ws);
    }
    ws->close_code = code;
    return SB_WS_GOT_CLOSE;
}

static sb_ws_event end_of_frame(sb_ws *ws) {
    bool final = (ws->header[0] & 0x80) != 0;
    uint8_t opcode = opcode_of(ws);
    ws->in_payload = false;
    ws->header_length = 0;
    switch (opcode) {
    case SB_WS_PING:
        return SB_WS_GOT_PING;
    case SB_WS_PONG:
        return SB_WS_GOT_PONG;
    case SB_WS_CLOSE:
        return end_of_close(ws);
    default:
        break;
    }
    if (!final) {
        return SB_WS_MORE;
    }
    opcode = ws->message_opcode;
    ws->message_opcode = 0;
    if (opcode != SB_WS_TEXT) {
        return SB_WS_GOT_BINARY;
    }
    return ws->utf8.missing == 0 ? SB_WS_GOT_TEXT : not_utf8(ws);
}

sb_ws_event sb_ws_decode(sb_ws *ws, const uint8_t *bytes, size_t length, size_t *used) {
    size_t at = 0;
    sb_ws_event event = SB_WS_MORE;
    while (event == SB_WS_MORE && at < length) {
        if (!ws->in_payload) {
            event = take_header(ws, bytes[at++]);
        } else {
            size_t part = length - at < ws->left ? length - at : ws->left;
            event = take_payload(ws, bytes + at, part);
            at += part;
        }
        if (event == SB_WS_MORE && ws->in_payload && ws->left == 0) {
            event = end_of_frame(ws);
        }
    }
    *used = at;
    return event;
}

size_t sb_ws_header(uint8_t header[SB_WS_HEADER], uint8_t opcode, size_t payload) {
    header[0] = (uint8_t)(0x80 | opcode);
    if (payload <= SB_WS_CONTROL) {
        header[1] = (uint8_t)payload;
        return 2;
    }
    size_t bytes = payload <= 0xffff ? 2 : 8;
    header[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++) {
        header[2 + i] = (uint8_t)((uint64_t)payload >> (8 * (bytes - 1 - i)));
    }
    return 2 + bytes;
}

size_t sb_ws_close(uint8_t frame[2 + SB_WS_CONTROL], uint16_t code, const char *reason) {
    if (code == 0) {
        return sb_ws_header(frame, SB_WS_CLOSE, 0);
    }
    size_t length = strlen(reason);
    if (length > SB_WS_CONTROL - 2) {
        length = SB_WS_CONTROL - 2;
        while (length > 0 && ((uint8_t)reason[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    size_t at = sb_ws_header(frame, SB_WS_CLOSE, length + 2);
    frame[at++] = (uint8_t)(code >> 8);
    frame[at++] = (uint8_t)code;
    memcpy(frame + at, reason, length);
    return at + length;
}
