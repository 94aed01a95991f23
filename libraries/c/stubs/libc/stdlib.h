/* C11, 7.22 */
#pragma once

#include <stddef.h>

_Noreturn void abort(void);
void *calloc(size_t nmemb, size_t size);
