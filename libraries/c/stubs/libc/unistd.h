/* POSIX */
#pragma once

#include <stddef.h>
#include <sys/types.h>

int close(int fd);
ssize_t read(int fd, void *buf, size_t nbyte);
ssize_t write(int fd, const void *buf, size_t nbyte);
