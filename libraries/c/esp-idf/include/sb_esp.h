/*
 * Switchboard on ESP-IDF: one task that serves the board on the sockets of
 * lwIP, and its announcement by mDNS. Needs ESP-IDF 5.1 or later.
 *
 *     static const sb_component components[] = {SB_LIGHT(0, "Lamp")};
 *
 *     static void show(sb_board *board, unsigned component, const sb_state *shown,
 *                      void *context) {
 *         gpio_set_level(LED, shown->on);
 *     }
 *
 *     void app_main(void) {
 *         static const sb_config config = {
 *             .name = "Lamp", .components = components, .component_count = 1, .output = show};
 *         ESP_ERROR_CHECK(sb_wifi_start());
 *         ESP_ERROR_CHECK(sb_esp_start(&config));
 *     }
 *
 * Never run: this port was type-checked against headers that declare what it
 * uses, and runs on Linux against an imitation of ESP-IDF. It has not run on a
 * chip.
 */
#ifndef SB_ESP_H
#define SB_ESP_H

#include "esp_err.h"
#include "switchboard.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Starts the board and its task. Call it after the network
 * (`sb_wifi_start` or your own) and NVS (`nvs_flash_init`). `config` is copied;
 * what it points to must stay valid.
 *
 * Fields that are NULL are filled in: `id` is `sb-` and the last six digits of
 * the MAC address, `mac`, `version`, `platform`, `product` and `reset_reason`
 * are what the chip and the image say, `random` is the chip's. A name that
 * `Device.SetName` stored in NVS (namespace `switchboard`) replaces `name`.
 *
 * Callbacks run with the board locked, in the board's task or in one that holds
 * the lock: keep them short, and do not wait in them.
 *
 * Returns ESP_ERR_INVALID_ARG for a configuration that `sb_init` refuses, whose
 * reason is logged; ESP_ERR_INVALID_STATE if the board runs already;
 * ESP_ERR_NO_MEM without memory for the server or the task; ESP_FAIL if the port
 * is in use. After an error other than ESP_ERR_INVALID_STATE it may be called
 * again.
 */
esp_err_t sb_esp_start(const sb_config *config);

/*
 * Locks the board for calls from other tasks, such as `sb_set_value`, and
 * returns it. The lock is recursive. Hold it briefly: no client is served in
 * the meantime. Only after `sb_esp_start`.
 */
sb_board *sb_esp_lock(void);

/* Unlocks the board, and wakes its task to send what changed. */
void sb_esp_unlock(void);

/*
 * Joins the Wi-Fi network of menuconfig (Component config > Switchboard) as a
 * station, waits until there is an address, and stays connected from then on:
 * after a loss it retries forever, at most every 30 s. Initializes NVS,
 * esp_netif and the default event loop, if they are not yet. If NVS is full or
 * of another version, it is erased, as ESP-IDF recommends.
 *
 * Returns the error of ESP-IDF; ESP_ERR_INVALID_ARG without a network name or
 * if name or password are too long. It does not return while there is no
 * network.
 */
esp_err_t sb_wifi_start(void);

#ifdef __cplusplus
}
#endif

#endif
