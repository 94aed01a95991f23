/* POSIX, as newlib has it. */
#pragma once

#include <sys/time.h>

#define FD_SETSIZE 64

typedef struct {
    unsigned long fds_bits[FD_SETSIZE / 32];
} fd_set;

#define FD_ZERO(p) __builtin_memset((p), 0, sizeof(*(p)))
#define FD_SET(n, p) ((p)->fds_bits[(n) / 32] |= 1UL << ((n) % 32))
#define FD_CLR(n, p) ((p)->fds_bits[(n) / 32] &= ~(1UL << ((n) % 32)))
#define FD_ISSET(n, p) (((p)->fds_bits[(n) / 32] >> ((n) % 32) & 1UL) != 0)

int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *errorfds,
           struct timeval *timeout);
