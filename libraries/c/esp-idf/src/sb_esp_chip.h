/*
 * What the chip knows about itself, for ESP-IDF and Arduino alike.
 */
#ifndef SB_ESP_CHIP_H
#define SB_ESP_CHIP_H

#include "switchboard.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Fills the fields of `config` that the chip knows and that are NULL: `id`,
 * `mac`, `platform`, `reset_reason` and `random`. A name that
 * `sb_esp_store_name` stored in NVS (namespace `switchboard`) replaces `name`.
 * The texts stay valid. Initialize NVS first, for the name.
 */
void sb_esp_describe(sb_config *config);

/* Stores the name of the board in NVS. Returns false if that failed. */
bool sb_esp_store_name(const char *name);

/* Milliseconds since boot. */
uint64_t sb_esp_now(void);

/*
 * Announces the board by mDNS, which is initialized if it is not yet, or after
 * a change of its name. Returns false if that failed.
 */
bool sb_esp_announce(const sb_board *board, uint16_t port);

/* Withdraws the announcement, so that controllers learn that the board is
 * gone. */
void sb_esp_withdraw(void);

#ifdef __cplusplus
}
#endif

#endif
