/*
 * The lines that a program reads from standard input: the same as those
 * of `virtual-board`.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "switchboard.h"

/* Bytes of the longest line that is read. */
#define COMMAND_LINE 1024

/* What a line led to. */
typedef enum command_result {
    COMMAND_DONE,
    COMMAND_QUIT,
    COMMAND_FAILED /* `problem` says why */
} command_result;

/*
 * Carries out a line, which is changed. `problem` receives a sentence if it
 * fails.
 */
command_result command_run(sb_board *board, char *line, char problem[256]);

#endif
