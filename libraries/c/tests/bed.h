/* A board with the usual components for tests of the core. */
#ifndef BED_H
#define BED_H

#include "expect.h"
#include "switchboard.h"

/* Indices of the components. */
enum {
    BED_SWITCH,
    BED_LOCKED_SWITCH, /* refused while BED_SWITCH is on */
    BED_LAMP,
    BED_PLAIN_LIGHT,
    BED_BUTTON,
    BED_SENSOR,
    BED_NUMBER,
    BED_SELECT,
    BED_TEXT,
    BED_COVER,
    BED_DOORBELL,
    BED_COMPONENTS
};

static const char *const bed_effects[] = {"none", "candle", NULL};
static const char *const bed_modes[] = {"auto", "day", "night", NULL};
static const char *const bed_rings[] = {"single_push", "double_push", NULL};

static const sb_component bed_components[] = {
    SB_SWITCH(0, "Motor forward"),
    SB_SWITCH(1, "Motor backward"),
    {.kind = SB_KIND_LIGHT,
     .number = 0,
     .name = "Lamp",
     .caps = SB_BRIGHTNESS | SB_RGB,
     .ct_warmest = 2200,
     .ct_coldest = 6500,
     .options = bed_effects,
     .initial = {.fields = SB_ON | SB_BRIGHTNESS | SB_CT | SB_EFFECT,
                 .brightness = 60,
                 .ct_k = 3000}},
    SB_LIGHT(1, "Indicator"),
    SB_BUTTON(0, "Button", "light:0"),
    SB_SENSOR(0, "Temperature", "temperature", "\xc2\xb0"
                                               "C",
              1),
    SB_NUMBER(0, "Speed", "%", 0, 100, 5),
    SB_SELECT(0, "Mode", bed_modes),
    SB_TEXT_FIELD(0, "Label", "Hello"),
    SB_COVER(0, "Blind", "blind"),
    SB_EVENTS(0, "Doorbell", "doorbell", bed_rings),
};

static const sb_channel bed_channels[] = {{.name = "Voltage", .unit = "V", .scale = 0.001,
                                           .decimals = 3},
                                          {.name = "Count", .decimals = -1}};

static sb_board bed;
static unsigned bed_outputs;     /* calls of `output` */
static sb_state bed_shown;       /* what the lamp showed last */
static unsigned bed_presses;     /* calls of `pressed` */
static const char *bed_refusal;  /* why every command is refused; NULL: it is not */
static bool bed_press_sets_text; /* a press changes two components */
static char bed_message[8192];   /* what `bed_next` returned, with a NUL */

static uint32_t bed_random(void *context) {
    (void)context;
    return 0x5f3a91c2;
}

static bool bed_command(sb_board *board, const sb_command *command, void *context) {
    (void)context;
    if (bed_refusal != NULL) {
        return sb_refuse(board, "broken", bed_refusal);
    }
    if (command->component == BED_LOCKED_SWITCH && command->target->on &&
        sb_get(board, BED_SWITCH)->on) {
        return sb_refuse(board, "interlocked", "Motor forward is on");
    }
    if (command->action == SB_ACTION_OPEN) {
        return sb_set_cover(board, BED_COVER, SB_COVER_OPENING, 0) == SB_OK;
    }
    return true;
}

static void bed_output(sb_board *board, unsigned component, const sb_state *shown,
                       void *context) {
    (void)board;
    (void)context;
    bed_outputs++;
    if (component == BED_LAMP) {
        bed_shown = *shown;
    }
}

static void bed_pressed(sb_board *board, unsigned component, const char *event, void *context) {
    (void)component;
    (void)event;
    (void)context;
    bed_presses++;
    if (bed_press_sets_text) {
        EXPECT(sb_set_text(board, BED_TEXT, "pressed") == SB_OK);
    }
}

static const sb_config bed_config = {
    .id = "lamp-0a1b2c",
    .name = "Desk lamp",
    .mac = "02:00:00:0a:1b:2c",
    .version = "0.1.0",
    .platform = "test",
    .product = "bed",
    .components = bed_components,
    .component_count = BED_COMPONENTS,
    .channels = bed_channels,
    .channel_count = 2,
    .interval_us = 1000,
    .random = bed_random,
    .command = bed_command,
    .output = bed_output,
    .pressed = bed_pressed,
};

static inline void bed_start(void) {
    bed_outputs = 0;
    bed_presses = 0;
    bed_press_sets_text = false;
    if (!EXPECT(sb_init(&bed, &bed_config, 0) == SB_OK)) {
        printf("%s\n", sb_problem(&bed));
    }
}

static inline uint32_t bed_connect(uint64_t now) {
    uint32_t client = 0;
    EXPECT(sb_open(&bed, now, SB_CHANNEL_RPC, SB_INFO, "192.168.1.5:53211", &client) == SB_OK);
    return client;
}

/* The next text of a client in `bed_message`; "" without one, "ping", or
 * "close CODE REASON". */
static inline const char *bed_next(uint64_t now, uint32_t client) {
    sb_outgoing out;
    bed_message[0] = '\0';
    if (!sb_next(&bed, now, client, &out)) {
        return bed_message;
    }
    int length = (int)out.length;
    if (out.kind == SB_SEND_PING) {
        snprintf(bed_message, sizeof bed_message, "ping");
    } else if (out.kind == SB_SEND_CLOSE) {
        snprintf(bed_message, sizeof bed_message, "close %u %.*s", (unsigned)out.code, length,
                 (const char *)out.data);
    } else {
        snprintf(bed_message, sizeof bed_message, "%.*s", length, (const char *)out.data);
    }
    return bed_message;
}

/* Sends a request whose answer is the next text. */
static inline const char *bed_call(uint64_t now, uint32_t client, const char *request) {
    EXPECT(sb_receive(&bed, now, client, request, strlen(request)) == SB_OK);
    return bed_next(now, client);
}

static inline const char *bed_post(uint64_t now, const char *request) {
    const char *answer;
    size_t length;
    sb_post(&bed, now, request, strlen(request), &answer, &length);
    snprintf(bed_message, sizeof bed_message, "%.*s", (int)length, answer);
    return bed_message;
}

static inline bool bed_has(const char *part) {
    return strstr(bed_message, part) != NULL;
}

/* A request with the id 1. */
#define BED_REQUEST(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"

static inline uint32_t bed_subscribe(uint64_t now) {
    uint32_t client = bed_connect(now);
    bed_call(now, client, BED_REQUEST("Device.Subscribe", "{}"));
    EXPECT(bed_has("\"seq\":"));
    return client;
}

#endif
