/*
 * The log of ESP-IDF, forwarded to the board's; not for users.
 */
#ifndef SB_ESP_LOG_H
#define SB_ESP_LOG_H

#include "switchboard.h"

/*
 * Keeps what is logged from now on until `sb_esp_forward_log`. `wake` is called
 * by the task that logs, which may have little stack: it does no more than to
 * wake the board's task. Further calls do nothing.
 */
void sb_esp_keep_log(void (*wake)(void));

/* Writes the lines that are kept to the board's log. */
void sb_esp_forward_log(sb_board *board);

#endif
