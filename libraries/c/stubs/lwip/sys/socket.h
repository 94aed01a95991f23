/* ESP-IDF: components/lwip/port/include/sys/socket.h */
#pragma once

#include "lwip/sockets.h"
