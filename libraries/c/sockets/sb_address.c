#include "sb_address.h"

#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

sb_address sb_address_v4(const uint8_t ip[4], uint16_t port) {
    sb_address address = {{0}, port};
    memcpy(address.ip, mapped, sizeof mapped);
    memcpy(address.ip + sizeof mapped, ip, 4);
    return address;
}

void sb_address_text(const sb_address *address, char text[SB_ADDRESS_TEXT]) {
    const uint8_t *ip = address->ip;
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        snprintf(text, SB_ADDRESS_TEXT, "%u.%u.%u.%u:%u", ip[12], ip[13], ip[14], ip[15],
                 address->port);
        return;
    }
    /* RFC 5952, section 4.2: the first of the longest runs of two or more zeros
       is left out. */
    int zeros_at = -1, zeros = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && ip[2 * (i + run)] == 0 && ip[2 * (i + run) + 1] == 0) {
            run++;
        }
        if (run > zeros) {
            zeros = run;
            zeros_at = i;
        }
    }
    size_t at = 0;
    text[at++] = '[';
    for (int i = 0; i < 8; i++) {
        if (i == zeros_at) {
            at += (size_t)snprintf(text + at, SB_ADDRESS_TEXT - at, "::");
            i += zeros - 1;
            continue;
        }
        bool colon = i > 0 && text[at - 1] != ':';
        at += (size_t)snprintf(text + at, SB_ADDRESS_TEXT - at, colon ? ":%x" : "%x",
                               (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    snprintf(text + at, SB_ADDRESS_TEXT - at, "]:%u", address->port);
}
