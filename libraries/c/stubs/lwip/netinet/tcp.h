/* ESP-IDF: components/lwip/port/include/netinet/tcp.h */
#pragma once

#include "lwip/sockets.h"
