#include "bench.h"

#include <stdio.h>
#include <string.h>

/* How long the cover takes from closed to open, and how often it reports its
   position. */
#define TRAVEL_MS 10000.0
#define REPORT_MS 500

/* A sample per millisecond, taken in groups. */
#define SAMPLE_US 1000
#define SAMPLES_MS 10

/* Samples older than this are lost: the program hung. */
#define HISTORY_US 1000000

static const char *const effects[] = {"none", "candle", "rainbow", NULL};
static const char *const modes[] = {"auto", "day", "night", NULL};
static const char *const rings[] = {"single_push", "double_push", "long_push", NULL};

const sb_component bench_components[BENCH_COMPONENTS] = {
    [MOTOR_FORWARD] = {.kind = SB_KIND_SWITCH,
                       .name = "Motor forward",
                       .icon = "mdi:engine",
                       .initial = {.fields = SB_ON}},
    [MOTOR_BACKWARD] = {.kind = SB_KIND_SWITCH,
                        .number = 1,
                        .name = "Motor backward",
                        .icon = "mdi:engine",
                        .extra = "\"interlocked_by\":\"switch:0\"",
                        .initial = {.fields = SB_ON}},
    [LIGHT] = {.kind = SB_KIND_LIGHT,
               .name = "Light",
               .icon = "mdi:lamp",
               .caps = SB_BRIGHTNESS | SB_RGB,
               .ct_warmest = 2200,
               .ct_coldest = 6500,
               .options = effects,
               .initial = {.fields = SB_ON | SB_BRIGHTNESS | SB_CT | SB_EFFECT,
                           .brightness = 60,
                           .ct_k = 3000}},
    [INDICATOR] = {.kind = SB_KIND_LIGHT,
                   .number = 1,
                   .name = "Indicator",
                   .icon = "mdi:led-on",
                   .initial = {.fields = SB_ON}},
    [BUTTON] = {.kind = SB_KIND_BUTTON,
                .name = "Button",
                .icon = "mdi:gesture-tap-button",
                .toggles = "light:0"},
    [MOTION] = {.kind = SB_KIND_BINARY_SENSOR,
                .name = "Motion",
                .icon = "mdi:motion-sensor",
                .device_class = "motion",
                .initial = {.fields = SB_ON}},
    [TEMPERATURE] = {.kind = SB_KIND_SENSOR,
                     .name = "Temperature",
                     .icon = "mdi:thermometer",
                     .device_class = "temperature",
                     .unit = "\xc2\xb0"
                             "C",
                     .state_class = "measurement",
                     .decimals = 1,
                     .initial = {.fields = SB_VALUE, .value = 22.5}},
    [SPEED] = {.kind = SB_KIND_NUMBER,
               .name = "Speed",
               .icon = "mdi:speedometer",
               .unit = "%",
               .max = 100,
               .step = 5,
               .initial = {.fields = SB_VALUE, .value = 50}},
    [MODE] = {.kind = SB_KIND_SELECT,
              .name = "Mode",
              .icon = "mdi:tune",
              .category = SB_CONFIG,
              .options = modes,
              .initial = {.fields = SB_OPTION}},
    [LABEL] = {.kind = SB_KIND_TEXT,
               .name = "Label",
               .icon = "mdi:form-textbox",
               .initial = {.fields = SB_TEXT, .text = "Hello"}},
    [BLIND] = {.kind = SB_KIND_COVER,
               .name = "Blind",
               .icon = "mdi:blinds",
               .device_class = "blind",
               .caps = SB_POSITION,
               .initial = {.fields = SB_MOVEMENT | SB_POSITION,
                           .movement = SB_COVER_OPEN,
                           .position = 100}},
    [DOORBELL] = {.kind = SB_KIND_EVENT,
                  .name = "Doorbell",
                  .icon = "mdi:doorbell",
                  .device_class = "doorbell",
                  .options = rings},
    [WEATHER] = {.kind = SB_KIND_TEXT_SENSOR,
                 .name = "Weather",
                 .icon = "mdi:weather-windy",
                 .initial = {.fields = SB_TEXT, .text = "calm"}},
};

const sb_channel bench_channels[2] = {
    {"Supply voltage", "V", 0.001, 3},
    {"Supply current", "A", 0.001, 3},
};

static uint8_t percent(double position) {
    return (uint8_t)(position + 0.5);
}

/* Reports what the cover does. */
static void report(const bench_hardware *bench, sb_board *board) {
    sb_movement movement = bench->position > 0 ? SB_COVER_OPEN : SB_COVER_CLOSED;
    if (bench->moving) {
        movement = bench->target > bench->position ? SB_COVER_OPENING : SB_COVER_CLOSING;
    }
    sb_set_cover(board, BLIND, movement, percent(bench->position));
}

static void advance(bench_hardware *bench, uint64_t now) {
    double way = 100.0 * (double)(now - bench->moved_at) / TRAVEL_MS;
    bench->moved_at = now;
    if (!bench->moving) {
        return;
    }
    double left = bench->target - bench->position;
    if (left <= way && left >= -way) {
        bench->position = bench->target;
        bench->moving = false;
    } else {
        bench->position += left > 0 ? way : -way;
    }
}

static void move_to(bench_hardware *bench, const sb_board *board, double target) {
    if (!bench->moving) {
        /* A command on standard input may have moved it. */
        bench->position = sb_get(board, BLIND)->position;
        bench->moved_at = bench->now;
    }
    bench->target = target;
    bench->moving = true;
    /* It may be there already. */
    advance(bench, bench->now);
    bench->report_at = bench->now + REPORT_MS;
}

bool bench_command(sb_board *board, const sb_command *command, void *context) {
    bench_hardware *hardware = context;
    switch (command->action) {
    case SB_ACTION_SET:
        if (command->component == MOTOR_BACKWARD && command->target->on &&
            sb_get(board, MOTOR_FORWARD)->on) {
            return sb_refuse(board, "interlocked",
                             "switch:1 is interlocked with switch:0, which must be off first");
        }
        return true;
    case SB_ACTION_OPEN:
        move_to(hardware, board, 100);
        break;
    case SB_ACTION_CLOSE:
        move_to(hardware, board, 0);
        break;
    case SB_ACTION_MOVE:
        move_to(hardware, board, command->position);
        break;
    case SB_ACTION_STOP:
        advance(hardware, hardware->now);
        hardware->moving = false;
        break;
    default:
        return true;
    }
    report(hardware, board);
    return true;
}

void bench_identify(sb_board *board, void *context) {
    (void)context;
    fprintf(stderr, "%s: here I am\n", sb_name(board));
}

void bench_init(bench_hardware *bench) {
    memset(bench, 0, sizeof *bench);
    bench->position = 100;
    bench->noise = 1;
}

/* Noise between -8 and 7. */
static int noise(bench_hardware *bench) {
    bench->noise = bench->noise * 1664525u + 1013904223u;
    return (int)(bench->noise >> 28) - 8;
}

/* A supply of 12 V with a ripple that grows with the load. */
static void sample(bench_hardware *bench, sb_board *board, uint64_t now) {
    uint64_t now_us = now * 1000;
    bool gap = false;
    if (!sb_sampling(board)) {
        bench->sample_us = now_us;
        return;
    }
    if (now_us > bench->sample_us + HISTORY_US) {
        bench->sample_us = now_us - HISTORY_US;
        gap = true;
    }
    int load = 33 + (sb_get(board, LIGHT)->on ? 5 * sb_get(board, LIGHT)->brightness : 0) +
               (sb_get(board, MOTOR_FORWARD)->on ? 375 : 0) +
               (sb_get(board, MOTOR_BACKWARD)->on ? 500 : 0);
    for (; bench->sample_us + SAMPLE_US <= now_us; bench->sample_us += SAMPLE_US) {
        int phase = (int)(bench->sample_us / SAMPLE_US % 10);
        int ripple = (phase < 5 ? phase : 10 - phase) * load / 100;
        int16_t samples[2] = {(int16_t)(12000 - load / 5 - ripple + noise(bench)),
                              (int16_t)(load + ripple + noise(bench))};
        sb_sample(board, bench->sample_us, samples, gap);
        gap = false;
    }
}

void bench_tick(bench_hardware *bench, sb_board *board, uint64_t now) {
    bool was_moving = bench->moving;
    bench->now = now;
    advance(bench, now);
    if (was_moving && (!bench->moving || now >= bench->report_at)) {
        bench->report_at = now + REPORT_MS;
        report(bench, board);
    }
    sample(bench, board, now);
}

uint64_t bench_deadline(const bench_hardware *bench, const sb_board *board) {
    uint64_t deadline = SB_NEVER;
    if (bench->moving) {
        double left = bench->target - bench->position;
        left = (left < 0 ? -left : left) * TRAVEL_MS / 100.0;
        uint64_t there = bench->moved_at + (uint64_t)left + 1;
        deadline = there < bench->report_at ? there : bench->report_at;
    }
    if (sb_sampling(board)) {
        uint64_t next = bench->now + SAMPLES_MS;
        deadline = next < deadline ? next : deadline;
    }
    return deadline;
}
