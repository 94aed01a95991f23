/* ESP-IDF: components/esp_netif/include/esp_netif.h and esp_netif_types.h */
#pragma once

#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esp_netif_obj esp_netif_t;

typedef struct {
    uint32_t addr;
} esp_ip4_addr_t;

typedef struct {
    esp_ip4_addr_t ip;
    esp_ip4_addr_t netmask;
    esp_ip4_addr_t gw;
} esp_netif_ip_info_t;

typedef struct {
    esp_netif_t *esp_netif;
    esp_netif_ip_info_t ip_info;
    int ip_changed;
} ip_event_got_ip_t;

typedef enum {
    IP_EVENT_STA_GOT_IP,
    IP_EVENT_STA_LOST_IP,
} ip_event_t;

extern esp_event_base_t const IP_EVENT;

#define IPSTR "%d.%d.%d.%d"
#define IP2STR(ipaddr)                                                            \
    (int)((ipaddr)->addr & 255), (int)((ipaddr)->addr >> 8 & 255),                \
        (int)((ipaddr)->addr >> 16 & 255), (int)((ipaddr)->addr >> 24 & 255)

esp_err_t esp_netif_init(void);
esp_netif_t *esp_netif_create_default_wifi_sta(void);

#ifdef __cplusplus
}
#endif
