/* POSIX */
#pragma once

#include <stddef.h>

typedef int ssize_t;
