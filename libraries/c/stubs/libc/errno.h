/* C11, 7.5; the numbers are newlib's. */
#pragma once

extern int sb_stub_errno;
#define errno sb_stub_errno

#define EINTR 4
#define EBADF 9
#define EAGAIN 11
#define EINVAL 22
#define EWOULDBLOCK EAGAIN
#define ENOTSOCK 108
#define EADDRINUSE 112
#define ECONNABORTED 113
