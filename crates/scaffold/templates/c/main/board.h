/*
 * The board: its components, and what they do. It knows neither ESP-IDF nor
 * Linux, so that it runs on both.
 */
#ifndef BOARD_H
#define BOARD_H

#include "switchboard.h"

/* The order of the table of components. */
enum {
    {{each index}}
    BOARD_COMPONENTS
};

/* How often `board_step` is called. */
#define BOARD_STEP_MS 20

/* What the board is, for `sb_init` and `sb_esp_start`. */
extern const sb_config board_config;

/* Reports what changed at the hardware. `now` is in milliseconds since boot. */
void board_step(sb_board *board, uint64_t now);

#endif
