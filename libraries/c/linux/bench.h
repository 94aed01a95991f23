/*
 * The bench program's board: one component of almost every kind, and a
 * simulation of the hardware behind them. It has the components and bindings of
 * `virtual-board --profile everything`, so that the same tests drive both.
 */
#ifndef BENCH_H
#define BENCH_H

#include "switchboard.h"

/* Indices into the table of components. */
enum {
    MOTOR_FORWARD,
    MOTOR_BACKWARD,
    LIGHT,
    INDICATOR,
    BUTTON,
    MOTION,
    TEMPERATURE,
    SPEED,
    MODE,
    LABEL,
    BLIND,
    DOORBELL,
    WEATHER,
    BENCH_COMPONENTS
};

/* The simulated hardware. */
typedef struct bench_hardware {
    bool moving;        /* the cover's motor runs */
    double position;    /* of the cover, 0 (closed) to 100 (open) */
    double target;      /* where it stops */
    uint64_t moved_at;  /* the time of `position` */
    uint64_t report_at; /* when the position is reported next, while moving */
    uint64_t now;       /* the time of the last tick */
    uint64_t sample_us; /* when the next sample is taken */
    uint32_t noise;
} bench_hardware;

/* The components, and the channels of telemetry. */
extern const sb_component bench_components[BENCH_COMPONENTS];
extern const sb_channel bench_channels[2];

/* Callbacks of `sb_config`; `context` is the bench. */
bool bench_command(sb_board *board, const sb_command *command, void *context);
void bench_identify(sb_board *board, void *context);

/* The hardware after a start. */
void bench_init(bench_hardware *bench);

/* Moves the cover and takes samples. */
void bench_tick(bench_hardware *bench, sb_board *board, uint64_t now);

/* When `bench_tick` is due next, or SB_NEVER. */
uint64_t bench_deadline(const bench_hardware *bench, const sb_board *board);

#endif
