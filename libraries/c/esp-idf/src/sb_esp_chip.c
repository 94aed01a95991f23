#include "sb_esp_chip.h"

#include <stdio.h>
#include <string.h>

#include "esp_mac.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "nvs.h"
#include "sdkconfig.h"

/* Reasons for a reset that came with ESP-IDF 5.1.4 and 5.2.2. */
#define KNOWS_LOCKUP (ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 2))
#define KNOWS_USB                                              \
    (KNOWS_LOCKUP || (ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 1, 4) && \
                      ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(5, 2, 0)))

#define NAMESPACE "switchboard"
#define NAME_KEY "name"

static char id[sizeof "sb-000000"];
static char mac_text[sizeof "00:00:00:00:00:00"];
static char name[SB_NAME_BYTES + 1];

static uint32_t random_bits(void *context) {
    (void)context;
    return esp_random();
}

/* The words of the protocol for ESP-IDF's reasons; NULL for what it does not
 * know. */
static const char *reset_reason(esp_reset_reason_t reason) {
    switch (reason) {
    case ESP_RST_POWERON:
        return "power_on";
    case ESP_RST_EXT:
        return "external";
    case ESP_RST_SW:
        return "software";
    case ESP_RST_PANIC:
        return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
        return "watchdog";
    case ESP_RST_DEEPSLEEP:
        return "deep_sleep";
    case ESP_RST_BROWNOUT:
        return "brownout";
#if KNOWS_USB
    case ESP_RST_USB:
        return "usb";
    case ESP_RST_JTAG:
        return "jtag";
#endif
#if KNOWS_LOCKUP
    case ESP_RST_PWR_GLITCH:
        return "power_glitch";
    case ESP_RST_CPU_LOCKUP:
        return "cpu_lockup";
#endif
    default:
        return NULL;
    }
}

static bool load_name(void) {
    nvs_handle_t handle;
    if (nvs_open(NAMESPACE, NVS_READONLY, &handle) != ESP_OK) {
        return false;
    }
    size_t size = sizeof name;
    bool found = nvs_get_str(handle, NAME_KEY, name, &size) == ESP_OK && name[0] != '\0';
    nvs_close(handle);
    return found;
}

void sb_esp_describe(sb_config *config) {
    uint8_t mac[6] = {0};
    (void)esp_read_mac(mac, ESP_MAC_WIFI_STA);
    snprintf(id, sizeof id, "sb-%02x%02x%02x", mac[3], mac[4], mac[5]);
    snprintf(mac_text, sizeof mac_text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
             mac[3], mac[4], mac[5]);
    if (config->id == NULL) {
        config->id = id;
    }
    if (config->mac == NULL) {
        config->mac = mac_text;
    }
    if (load_name()) {
        config->name = name;
    }
    if (config->platform == NULL) {
        config->platform = CONFIG_IDF_TARGET;
    }
    if (config->reset_reason == NULL) {
        config->reset_reason = reset_reason(esp_reset_reason());
    }
    if (config->random == NULL) {
        config->random = random_bits;
    }
}

bool sb_esp_store_name(const char *new_name) {
    nvs_handle_t handle;
    if (nvs_open(NAMESPACE, NVS_READWRITE, &handle) != ESP_OK) {
        return false;
    }
    bool stored = nvs_set_str(handle, NAME_KEY, new_name) == ESP_OK && nvs_commit(handle) == ESP_OK;
    nvs_close(handle);
    return stored;
}

uint64_t sb_esp_now(void) {
    return (uint64_t)esp_timer_get_time() / 1000;
}
