#include "sdkconfig.h"
#include "soc/soc_caps.h"

/* Also with a second chip for Wi-Fi (esp_wifi_remote). */
#if SOC_WIFI_SUPPORTED || CONFIG_ESP_WIFI_REMOTE_ENABLED

#include "sb_esp.h"

#include <string.h>

#include "esp_event.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "nvs_flash.h"

#define CONNECTED ((EventBits_t)1)

/* Pauses between attempts, in milliseconds: doubled up to the second. */
#define FIRST_PAUSE 500u
#define LONGEST_PAUSE 30000u

static const char *const TAG = "sb_wifi";

static StaticEventGroup_t events_memory;
static EventGroupHandle_t events;
static esp_timer_handle_t retry;
static uint32_t pause_ms = FIRST_PAUSE;

/* Half of the pause is random, so that boards do not all return at once after
 * the access point has restarted. */
static void retry_later(void) {
    uint64_t wait_ms = pause_ms / 2 + esp_random() % (pause_ms / 2);
    (void)esp_timer_stop(retry);
    (void)esp_timer_start_once(retry, wait_ms * 1000);
    pause_ms = pause_ms >= LONGEST_PAUSE / 2 ? LONGEST_PAUSE : pause_ms * 2;
}

/* If the attempt cannot even begin, no event says so. */
static void connect_again(void *argument) {
    (void)argument;
    esp_err_t error = esp_wifi_connect();
    if (error != ESP_OK) {
        ESP_LOGW(TAG, "cannot connect: %s", esp_err_to_name(error));
        retry_later();
    }
}

static void on_event(void *argument, esp_event_base_t base, int32_t event, void *data) {
    (void)argument;
    if (base == WIFI_EVENT && event == WIFI_EVENT_STA_START) {
        connect_again(NULL);
    } else if (base == WIFI_EVENT && event == WIFI_EVENT_STA_DISCONNECTED) {
        const wifi_event_sta_disconnected_t *lost = data;
        ESP_LOGW(TAG, "not connected to %s (reason %d)", CONFIG_SWITCHBOARD_WIFI_SSID,
                 lost->reason);
        retry_later();
    } else if (base == IP_EVENT && event == IP_EVENT_STA_GOT_IP) {
        const ip_event_got_ip_t *got = data;
        ESP_LOGI(TAG, "address " IPSTR, IP2STR(&got->ip_info.ip));
        pause_ms = FIRST_PAUSE;
        (void)esp_timer_stop(retry);
        (void)xEventGroupSetBits(events, CONNECTED);
    }
}

static esp_err_t start_nvs(void) {
    esp_err_t error = nvs_flash_init();
    if (error == ESP_ERR_NVS_NO_FREE_PAGES || error == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        error = nvs_flash_erase();
        if (error == ESP_OK) {
            error = nvs_flash_init();
        }
    }
    return error;
}

static esp_err_t start_station(wifi_config_t *network) {
    const wifi_init_config_t defaults = WIFI_INIT_CONFIG_DEFAULT();
    const esp_timer_create_args_t timer = {.callback = connect_again, .name = "sb_wifi"};
    esp_err_t error = esp_wifi_init(&defaults);
    if (error == ESP_OK) {
        error = esp_timer_create(&timer, &retry);
    }
    if (error == ESP_OK) {
        error = esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_event, NULL,
                                                    NULL);
    }
    if (error == ESP_OK) {
        error = esp_event_handler_instance_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_event, NULL,
                                                    NULL);
    }
    if (error == ESP_OK) {
        error = esp_wifi_set_mode(WIFI_MODE_STA);
    }
    if (error == ESP_OK) {
        error = esp_wifi_set_config(WIFI_IF_STA, network);
    }
#if !CONFIG_SWITCHBOARD_WIFI_POWER_SAVE
    /* With it, commands wait for the next beacon, and multicast gets lost. */
    if (error == ESP_OK) {
        error = esp_wifi_set_ps(WIFI_PS_NONE);
    }
#endif
    return error == ESP_OK ? esp_wifi_start() : error;
}

esp_err_t sb_wifi_start(void) {
    static const char ssid[] = CONFIG_SWITCHBOARD_WIFI_SSID;
    static const char password[] = CONFIG_SWITCHBOARD_WIFI_PASSWORD;
    wifi_config_t network = {0};
    /* Both fields may be filled to the last byte, without a NUL. */
    if (sizeof ssid == 1 || sizeof ssid - 1 > sizeof network.sta.ssid ||
        sizeof password - 1 > sizeof network.sta.password) {
        ESP_LOGE(TAG, "set the network's name and password in menuconfig, under Switchboard");
        return ESP_ERR_INVALID_ARG;
    }
    memcpy(network.sta.ssid, ssid, sizeof ssid - 1);
    memcpy(network.sta.password, password, sizeof password - 1);

    esp_err_t error = start_nvs();
    if (error == ESP_OK) {
        error = esp_netif_init();
    }
    if (error != ESP_OK) {
        return error;
    }
    error = esp_event_loop_create_default();
    /* The application may have created it already. */
    if (error != ESP_OK && error != ESP_ERR_INVALID_STATE) {
        return error;
    }
    if (esp_netif_create_default_wifi_sta() == NULL) {
        return ESP_FAIL;
    }
    events = xEventGroupCreateStatic(&events_memory);
    error = start_station(&network);
    if (error == ESP_OK) {
        (void)xEventGroupWaitBits(events, CONNECTED, pdFALSE, pdTRUE, portMAX_DELAY);
    }
    return error;
}

#endif
