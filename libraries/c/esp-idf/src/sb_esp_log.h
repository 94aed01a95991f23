/*
 * The log of ESP-IDF, forwarded to the board's; not for users.
 */
#ifndef SB_ESP_LOG_H
#define SB_ESP_LOG_H

#include "switchboard.h"

/*
 * Forwards what is logged from now on. Lines that are written while the board is
 * busy are left out: a task that logs never waits.
 */
void sb_esp_forward_log(void);

/* As `sb_esp_lock`, but NULL if the board is busy. Of sb_esp.c. */
sb_board *sb_esp_try_lock(void);

#endif
