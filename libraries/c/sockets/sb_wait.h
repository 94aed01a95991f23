/*
 * Waits for descriptors by poll or select; not for users.
 */
#ifndef SB_WAIT_H
#define SB_WAIT_H

#include "sb_sockets.h"

#if SB_USE_SELECT
#include <sys/select.h>
#include <sys/time.h>

/* Descriptors that are waited for. */
typedef struct sb_wait {
    fd_set readable;
    fd_set writable;
    int highest;
} sb_wait;

static inline void sb_wait_begin(sb_wait *wait) {
    FD_ZERO(&wait->readable);
    FD_ZERO(&wait->writable);
    wait->highest = -1;
}

static inline void sb_wait_add(sb_wait *wait, int descriptor, bool read, bool write) {
    if (descriptor < 0 || descriptor >= (int)FD_SETSIZE) {
        return;
    }
    if (read) {
        FD_SET(descriptor, &wait->readable);
    }
    if (write) {
        FD_SET(descriptor, &wait->writable);
    }
    if ((read || write) && descriptor > wait->highest) {
        wait->highest = descriptor;
    }
}

/* Whether anything is ready. */
static inline bool sb_wait_for(sb_wait *wait, uint32_t timeout_ms) {
    struct timeval timeout;
    timeout.tv_sec = (long)(timeout_ms / 1000);
    timeout.tv_usec = (long)(timeout_ms % 1000 * 1000);
    return select(wait->highest + 1, &wait->readable, &wait->writable, NULL, &timeout) > 0;
}

static inline bool sb_wait_is_ready(const sb_wait *wait, int descriptor) {
    return descriptor >= 0 && descriptor <= wait->highest &&
           (FD_ISSET(descriptor, &wait->readable) || FD_ISSET(descriptor, &wait->writable));
}

#else
#include <poll.h>

/* Descriptors that are waited for. */
typedef struct sb_wait {
    struct pollfd descriptors[SB_CONNECTIONS + 2 + SB_WATCHES];
    nfds_t count;
} sb_wait;

static inline void sb_wait_begin(sb_wait *wait) {
    wait->count = 0;
}

static inline void sb_wait_add(sb_wait *wait, int descriptor, bool read, bool write) {
    struct pollfd *at = &wait->descriptors[wait->count++];
    at->fd = descriptor;
    at->events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    at->revents = 0;
}

/* Whether anything is ready. */
static inline bool sb_wait_for(sb_wait *wait, uint32_t timeout_ms) {
    int timeout = timeout_ms < 3600000u ? (int)timeout_ms : 3600000;
    return poll(wait->descriptors, wait->count, timeout) > 0;
}

static inline bool sb_wait_is_ready(const sb_wait *wait, int descriptor) {
    for (nfds_t i = 0; i < wait->count; i++) {
        if (wait->descriptors[i].fd == descriptor) {
            return wait->descriptors[i].revents != 0;
        }
    }
    return false;
}

#endif

#endif
