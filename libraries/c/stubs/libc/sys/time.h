/* POSIX, as newlib has it: 64 bits of seconds. */
#pragma once

struct timeval {
    long long tv_sec;
    long tv_usec;
};
