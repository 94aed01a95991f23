/*
 * The server on BSD sockets: Linux, and lwIP on a chip. Runs in one task or
 * thread, the one that calls `sb_sockets_step`; call the functions of the board
 * in the same one, between two steps or in callbacks.
 *
 *     static sb_board board;
 *     static sb_sockets sockets;
 *
 *     sb_init(&board, &config, 0);
 *     sb_sockets_open(&sockets, &board, &sockets_config);
 *     while (sb_sockets_step(&sockets, 1000) == SB_SOCKETS_RUNNING) {
 *     }
 *
 * Allocates nothing itself: `sizeof(sb_sockets)` is all that it needs besides
 * the operating system's sockets, SB_CONNECTIONS + 2 of them.
 */
#ifndef SB_SOCKETS_H
#define SB_SOCKETS_H

#include "sb_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Uses select instead of poll. lwIP on ESP32 has both; select needs no more. */
#ifndef SB_USE_SELECT
#ifdef ESP_PLATFORM
#define SB_USE_SELECT 1
#else
#define SB_USE_SELECT 0
#endif
#endif

/* Other descriptors that `sb_sockets_step` waits for at most. */
#ifndef SB_WATCHES
#define SB_WATCHES 4
#endif

/* What `sb_sockets_step` did. */
typedef enum sb_sockets_status {
    SB_SOCKETS_RUNNING,
    /* The board has to restart now, and every client knows. */
    SB_SOCKETS_REBOOT,
    /* The server accepts nothing more: the network is gone. Close and open it
     * again. */
    SB_SOCKETS_FAILED
} sb_sockets_status;

/* Has to stay valid as long as the server is open. */
typedef struct sb_sockets_config {
    sb_server_config server;
    /* A numeric address to listen on, IPv4 or IPv6; NULL: 0.0.0.0. */
    const char *address;
    /* The port; 0: one that is free. */
    uint16_t port;
    /* Milliseconds since boot. Required. */
    uint64_t (*now)(void *context);
    /*
     * Called before a wait with true and after it with false; may be NULL. A
     * driver with several tasks holds a lock around `sb_sockets_step`, and
     * releases it for the wait.
     */
    void (*on_wait)(bool waiting, void *context);
    /* Given to `now` and `on_wait`. */
    void *context;
} sb_sockets_config;

/* Another descriptor. Internal. */
typedef struct sb_watch {
    int descriptor;
    void (*ready)(void *context);
    void *context;
} sb_watch;

/* A server. All fields are internal. */
typedef struct sb_sockets {
    const sb_sockets_config *config;
    int listener;
    uint64_t accept_after;
    int sockets[SB_CONNECTIONS + 1];
    sb_watch watches[SB_WATCHES];
    sb_server server;
} sb_sockets;

/* Listens; `size` is what the program takes for the size of a server. */
int sb_sockets_open_sized(sb_sockets *sockets, size_t size, sb_board *board,
                          const sb_sockets_config *config);

/*
 * Listens. Returns 0, or an errno: EINVAL for an invalid address or allowed
 * origin, for a page policy that is too long, and if the program and the library
 * were compiled with different SB_ sizes; EADDRINUSE, ...
 */
static inline int sb_sockets_open(sb_sockets *sockets, sb_board *board,
                                  const sb_sockets_config *config) {
    return sb_sockets_open_sized(sockets, sizeof *sockets, board, config);
}

/* The port on which it listens. */
uint16_t sb_sockets_port(const sb_sockets *sockets);

/*
 * Calls `ready` in `sb_sockets_step` whenever a descriptor can be read. False if
 * there are SB_WATCHES already.
 */
bool sb_sockets_watch(sb_sockets *sockets, int descriptor, void (*ready)(void *context),
                      void *context);

/* Ends a watch. */
void sb_sockets_unwatch(sb_sockets *sockets, int descriptor);

/*
 * Does what is due, then waits up to `timeout_ms` for something to do and does
 * that.
 */
sb_sockets_status sb_sockets_step(sb_sockets *sockets, uint32_t timeout_ms);

/* Closes everything at once, and forgets the watches. */
void sb_sockets_close(sb_sockets *sockets);

#ifdef __cplusplus
}
#endif

#endif
