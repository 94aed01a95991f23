/*
 * Runs a board as a program on Linux, or another system with BSD sockets:
 * options, mDNS, standard input, restarts, and the loop. The bench program and
 * generated projects differ only in their boards.
 */
#ifndef HOST_H
#define HOST_H

#include "switchboard.h"

/* A program. */
typedef struct host_program {
    /*
     * The board. `name`, `mac`, `version`, `platform`, `product` and `random`
     * are filled in where they are NULL. `id`, `reset_reason` and `controllers`
     * are always replaced, and `name` by --name.
     */
    const sb_config *config;
    /* The id without --id; NULL: a random one. */
    const char *id;
    /* Called before the board starts, and before it starts again; may be NULL. */
    void (*boot)(void);
    /*
     * Called again and again, at the latest every `step_ms` and when `deadline`
     * says; reports what changed at the hardware. May be NULL.
     */
    void (*step)(sb_board *board, uint64_t now);
    uint32_t step_ms;
    /* When `step` is due; NULL: only every `step_ms`. */
    uint64_t (*deadline)(const sb_board *board);
    /* The page of `GET /`, as in `sb_server_config`; NULL for none. */
    const uint8_t *page;
    size_t page_length;
    const char *page_policy;
} host_program;

/*
 * Runs the program until `quit`, the end of standard input, or a signal; --help
 * lists its options. Returns its exit status.
 */
int host_run(int count, char **arguments, const host_program *program);

#endif
