/* ESP-IDF: components/lwip/port/include/netinet/in.h */
#pragma once

#include "lwip/sockets.h"
