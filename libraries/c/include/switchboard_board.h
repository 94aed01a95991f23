/*
 * The memory of a board: included by switchboard.h, so that applications can
 * declare an `sb_board`. Its members are private and may change.
 */
#ifndef SWITCHBOARD_BOARD_H
#define SWITCHBOARD_BOARD_H

#ifndef JSMN_HEADER
#define JSMN_HEADER
#define SB_JSMN_HEADER
#endif
#ifndef JSMN_STRICT
#define JSMN_STRICT
#endif
#include "jsmn.h"
#ifdef SB_JSMN_HEADER
#undef JSMN_HEADER
#undef SB_JSMN_HEADER
#endif

/* Room that only the event `rebooting` takes: it is a client's last message. */
#define SB_QUEUE_RESERVE 256

/* Who caused a change. */
typedef struct sb_cause {
    uint8_t kind; /* an sb_cause_kind of core.h */
    uint32_t client;
} sb_cause;

/* Fields of components that changed and were not pushed yet. */
typedef struct sb_changes {
    uint16_t fields[SB_COMPONENTS];
    bool any;
    sb_cause cause;
} sb_changes;

/* What is known of a connection of any kind. */
typedef struct sb_contact {
    uint32_t number; /* 0: free */
    uint8_t kind;    /* an sb_channel_kind */
    uint8_t closing; /* an sb_closing of core.h */
    uint16_t close_code;
    const char *close_reason;
    bool has_pong;
    bool ping_due;
    uint64_t since;
    uint64_t heard;
    uint64_t pong;
    uint64_t next_ping;
    char from[56];
} sb_contact;

/* The position of a reader of the log. */
typedef struct sb_log_reader {
    bool reading;
    uint8_t level;
    uint64_t passed; /* lines of its level before its position, read or lost */
    uint64_t lost;
} sb_log_reader;

/* A controller. */
typedef struct sb_controller {
    sb_contact contact;
    bool subscribed;
    uint8_t queued;
    uint16_t lengths[SB_QUEUED + 1];
    size_t used;
    uint64_t sent; /* the last seq in a message to it */
    sb_changes coalesced;
    sb_log_reader log;
    char queue[SB_QUEUE_BYTES + SB_QUEUE_RESERVE];
} sb_controller;

/* A reader of the log or the telemetry, or an echo. */
typedef struct sb_reader {
    sb_contact contact;
    sb_log_reader log;
    uint64_t next_frame;
    uint64_t lost_frames;
    uint64_t lost_lines; /* to report before the next line */
    bool described;
} sb_reader;

/* A fade of a light. */
typedef struct sb_fade {
    bool running;
    sb_state from;
    uint64_t began;
    uint64_t next;
    uint32_t duration;
} sb_fade;

/* A refusal: an error of JSON-RPC. */
typedef struct sb_error {
    int code;
    char reason[32];
    char message[608];
} sb_error;

struct sb_board {
    const sb_config *config;
    uint64_t now;
    uint64_t boot;
    unsigned slots; /* for controllers */
    uint32_t epoch;
    uint64_t seq;
    uint32_t last_number;
    unsigned others;
    char name[SB_NAME_BYTES + 1];
    sb_state states[SB_COMPONENTS];
    sb_fade fades[SB_COMPONENTS];
    char texts[SB_TEXTS > 0 ? SB_TEXTS : 1][SB_TEXT_BYTES + 1];
    uint8_t text_slots[SB_COMPONENTS];
    uint8_t toggles[SB_COMPONENTS]; /* index of a component, or UINT8_MAX */
    sb_changes batch;
    uint64_t batch_due;
    uint64_t batch_earliest; /* no batch is due earlier */
    bool in_command;
    bool in_output;
    sb_cause cause;
    bool refused;
    sb_error error;
    uint8_t reboot;
    uint32_t reboot_by; /* number of the controller; 0: a POST */
    uint64_t reboot_at;
    sb_controller controllers[SB_CONTROLLERS];
    sb_reader readers[SB_READERS > 0 ? SB_READERS : 1];
    struct {
        char bytes[SB_LOG_BYTES];
        size_t used;
        uint64_t dropped[4];
        unsigned debug_readers;
    } log;
#if SB_TELEMETRY_BYTES > 0
    struct {
        uint8_t bytes[SB_TELEMETRY_BYTES];
        size_t used;
        unsigned kept;
        uint64_t total;
        unsigned readers;
        uint64_t due;
        uint8_t frame[SB_FRAME_BYTES];
        size_t frame_used;
        bool gap;
    } telemetry;
#endif
    jsmntok_t tokens[SB_TOKENS];
    char scratch[SB_MESSAGE_OUT + 1];
};

#endif
