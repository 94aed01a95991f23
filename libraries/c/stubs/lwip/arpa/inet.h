/* ESP-IDF: components/lwip/port/include/arpa/inet.h */
#pragma once

#include "lwip/sockets.h"
