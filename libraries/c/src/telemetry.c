/*
 * Telemetry: frames of samples, and where each reader is. Samples are taken
 * only while there are readers; a slow one loses whole frames.
 *
 * A kept frame is stored as its length (2 bytes) and its bytes.
 */
#include "core.h"

#include <string.h>

#define HEAD 24

bool sbi_has_telemetry(const sb_board *board) {
#if SB_TELEMETRY_BYTES > 0
    return board->config->channel_count > 0;
#else
    (void)board;
    return false;
#endif
}

#if SB_TELEMETRY_BYTES > 0

#if SB_TELEMETRY_BYTES < SB_FRAME_BYTES + 2
#error "SB_TELEMETRY_BYTES has to be at least SB_FRAME_BYTES + 2, which is 1402, or 0"
#endif

static void put_number(uint8_t *to, uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(number >> (8 * i));
    }
}

static size_t row_bytes(const sb_board *board) {
    return board->config->channel_count * sizeof(int16_t);
}

static size_t length_at(const sb_board *board, size_t at) {
    return board->telemetry.bytes[at] | (size_t)board->telemetry.bytes[at + 1] << 8;
}

void sbi_open_telemetry(sb_board *board, sb_reader *reader) {
    reader->next_frame = board->telemetry.total;
    if (board->telemetry.readers++ == 0) {
        board->telemetry.frame_used = 0;
        board->telemetry.gap = false;
        board->telemetry.due = board->now + SBI_TELEMETRY_INTERVAL;
        if (board->config->sampling != NULL) {
            board->config->sampling(board, true, board->config->context);
        }
    }
}

void sbi_close_telemetry(sb_board *board) {
    if (--board->telemetry.readers > 0) {
        return;
    }
    board->telemetry.used = 0;
    board->telemetry.kept = 0;
    board->telemetry.frame_used = 0;
    if (board->config->sampling != NULL) {
        board->config->sampling(board, false, board->config->context);
    }
}

bool sb_sampling(const sb_board *board) {
    return board->telemetry.readers > 0;
}

static void drop_oldest(sb_board *board) {
    size_t size = length_at(board, 0) + 2;
    board->telemetry.used -= size;
    board->telemetry.kept--;
    memmove(board->telemetry.bytes, board->telemetry.bytes + size, board->telemetry.used);
}

/* Keeps the frame that is being filled, if it has samples. */
static void end_frame(sb_board *board) {
    size_t length = board->telemetry.frame_used;
    if (length <= HEAD) {
        return;
    }
    uint8_t *frame = board->telemetry.frame;
    put_number(frame + 4, board->telemetry.total & UINT32_MAX, 4);
    put_number(frame + 20, (length - HEAD) / row_bytes(board), 2);
    while (board->telemetry.used + length + 2 > SB_TELEMETRY_BYTES) {
        drop_oldest(board);
    }
    uint8_t *to = board->telemetry.bytes + board->telemetry.used;
    put_number(to, length, 2);
    memcpy(to + 2, frame, length);
    board->telemetry.used += length + 2;
    board->telemetry.kept++;
    board->telemetry.total++;
    board->telemetry.frame_used = 0;
}

static void begin_frame(sb_board *board, uint64_t time_us) {
    uint8_t *frame = board->telemetry.frame;
    memset(frame, 0, HEAD);
    frame[0] = 1; /* version */
    frame[1] = board->telemetry.gap ? 1 : 0;
    frame[2] = 1; /* signed 16-bit integers */
    frame[3] = (uint8_t)board->config->channel_count;
    put_number(frame + 8, time_us, 8);
    put_number(frame + 16, board->config->interval_us, 4);
    board->telemetry.frame_used = HEAD;
    board->telemetry.gap = false;
}

void sb_sample(sb_board *board, uint64_t time_us, const int16_t *samples, bool gap) {
    if (!sb_sampling(board)) {
        return;
    }
    if (gap) {
        end_frame(board);
        board->telemetry.gap = true;
    }
    if (board->telemetry.frame_used == 0) {
        begin_frame(board, time_us);
    }
    for (unsigned i = 0; i < board->config->channel_count; i++) {
        put_number(board->telemetry.frame + board->telemetry.frame_used, (uint16_t)samples[i], 2);
        board->telemetry.frame_used += 2;
    }
    if (board->telemetry.frame_used + row_bytes(board) > SB_FRAME_BYTES) {
        end_frame(board);
    }
}

void sbi_end_frame(sb_board *board) {
    if (sb_sampling(board) && board->now >= board->telemetry.due) {
        end_frame(board);
        board->telemetry.due += SBI_TELEMETRY_INTERVAL;
        if (board->telemetry.due <= board->now) {
            board->telemetry.due = board->now + SBI_TELEMETRY_INTERVAL;
        }
    }
}

uint64_t sbi_telemetry_deadline(const sb_board *board) {
    return sb_sampling(board) ? board->telemetry.due : SB_NEVER;
}

static uint64_t oldest(const sb_board *board) {
    return board->telemetry.total - board->telemetry.kept;
}

bool sbi_telemetry_unread(const sb_board *board, const sb_reader *reader) {
    return reader->next_frame < board->telemetry.total;
}

/* The position of a kept frame. */
static size_t position(const sb_board *board, uint64_t number) {
    size_t at = 0;
    for (uint64_t i = oldest(board); i < number && at < board->telemetry.used; i++) {
        at += length_at(board, at) + 2;
    }
    return at;
}

void sbi_telemetry_unread_size(const sb_board *board, const sb_reader *reader, uint64_t *frames,
                               uint64_t *bytes) {
    uint64_t first = reader->next_frame > oldest(board) ? reader->next_frame : oldest(board);
    *frames = board->telemetry.total - first;
    *bytes = board->telemetry.used - position(board, first) - 2 * *frames;
}

const uint8_t *sbi_telemetry_frame(sb_board *board, sb_reader *reader, size_t *length) {
    if (reader->next_frame < oldest(board)) {
        reader->lost_frames += oldest(board) - reader->next_frame;
        reader->next_frame = oldest(board);
    }
    size_t at = position(board, reader->next_frame);
    if (at >= board->telemetry.used) {
        return NULL;
    }
    reader->next_frame++;
    *length = length_at(board, at);
    return board->telemetry.bytes + at + 2;
}

size_t sbi_telemetry_description(sb_board *board) {
    const sb_config *config = board->config;
    sb_writer w = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    sbi_format(&w, "{\"telemetry\":1,\"epoch\":\"%08x\",\"uptime_ms\":%llu,\"interval_us\":%u",
               (unsigned)board->epoch, (unsigned long long)sbi_uptime(board),
               (unsigned)config->interval_us);
    sbi_str(&w, ",\"channels\":[");
    for (unsigned i = 0; i < config->channel_count; i++) {
        const sb_channel *channel = &config->channels[i];
        sbi_str(&w, i > 0 ? ",{\"name\":" : "{\"name\":");
        sbi_json_text(&w, channel->name);
        if (channel->unit != NULL) {
            sbi_str(&w, ",\"unit_of_measurement\":");
            sbi_json_text(&w, channel->unit);
        }
        if (channel->scale > 0 || channel->scale < 0) {
            sbi_str(&w, ",\"scale\":");
            sbi_number(&w, channel->scale);
        }
        if (channel->decimals >= 0) {
            sbi_format(&w, ",\"accuracy_decimals\":%d", channel->decimals);
        }
        sbi_put(&w, '}');
    }
    sbi_str(&w, "]}");
    return w.length;
}

#else

void sbi_open_telemetry(sb_board *board, sb_reader *reader) {
    (void)board;
    (void)reader;
}

void sbi_close_telemetry(sb_board *board) {
    (void)board;
}

bool sb_sampling(const sb_board *board) {
    (void)board;
    return false;
}

void sb_sample(sb_board *board, uint64_t time_us, const int16_t *samples, bool gap) {
    (void)board;
    (void)time_us;
    (void)samples;
    (void)gap;
}

void sbi_end_frame(sb_board *board) {
    (void)board;
}

uint64_t sbi_telemetry_deadline(const sb_board *board) {
    (void)board;
    return SB_NEVER;
}

bool sbi_telemetry_unread(const sb_board *board, const sb_reader *reader) {
    (void)board;
    (void)reader;
    return false;
}

void sbi_telemetry_unread_size(const sb_board *board, const sb_reader *reader, uint64_t *frames,
                               uint64_t *bytes) {
    (void)board;
    (void)reader;
    *frames = 0;
    *bytes = 0;
}

const uint8_t *sbi_telemetry_frame(sb_board *board, sb_reader *reader, size_t *length) {
    (void)board;
    (void)reader;
    *length = 0;
    return NULL;
}

size_t sbi_telemetry_description(sb_board *board) {
    (void)board;
    return 0;
}

#endif
