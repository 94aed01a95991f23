#include "sb_esp.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp_app_desc.h"
#include "esp_log.h"
#include "esp_system.h"
#include "esp_vfs_eventfd.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "sb_esp_chip.h"
#include "sb_esp_log.h"
#include "sb_sockets.h"
#include "sdkconfig.h"

/* How long the task waits if nothing wakes it, in milliseconds. */
#define LONGEST_WAIT 10000

/* The pause before the server is opened again, if it failed. */
#define REOPEN_MS 1000

static const char *const TAG = "switchboard";

static sb_board board;
/* On the heap: the memory for variables of a classic ESP32 is small, and part of
 * its heap cannot be used for them. */
static sb_sockets *sockets;
static sb_config board_config;
static sb_sockets_config server_config;
static void (*renamed_by_user)(sb_board *board, const char *name, void *context);

static StaticSemaphore_t lock_memory;
static SemaphoreHandle_t lock;
/* How often it is taken; guarded by it. */
static unsigned depth;

/* Wakes the task from its wait; -1: the task looks only at its next
 * deadline. */
static int wake = -1;

static uint64_t now_of(void *context) {
    (void)context;
    return sb_esp_now();
}

static void take_lock(void) {
    (void)xSemaphoreTakeRecursive(lock, portMAX_DELAY);
    depth++;
}

static void give_lock(void) {
    depth--;
    (void)xSemaphoreGiveRecursive(lock);
}

/* The board is unlocked exactly while its task waits. */
static void on_wait(bool waiting, void *context) {
    (void)context;
    if (waiting) {
        give_lock();
    } else {
        take_lock();
    }
}

static void wake_task(void) {
    if (wake >= 0) {
        const uint64_t one = 1;
        (void)write(wake, &one, sizeof one);
    }
}

static void woken(void *context) {
    (void)context;
    uint64_t count;
    (void)read(wake, &count, sizeof count);
}

static void renamed(sb_board *renamed_board, const char *name, void *context) {
    if (!sb_esp_store_name(name)) {
        sb_log(renamed_board, SB_ERROR, "the name could not be stored");
    }
    (void)sb_esp_announce(renamed_board, sb_sockets_port(sockets));
    if (renamed_by_user != NULL) {
        renamed_by_user(renamed_board, name, context);
    }
}

static int open_server(void) {
    int error = sb_sockets_open(sockets, &board, &server_config);
    if (error == 0 && wake >= 0) {
        (void)sb_sockets_watch(sockets, wake, woken, NULL);
    }
    return error;
}

static void reopen_server(void) {
    int error = open_server();
    if (error != 0) {
        ESP_LOGW(TAG, "the server cannot listen: %s", strerror(error));
    }
}

static void restart(void) {
    sb_esp_withdraw();
    sb_sockets_close(sockets);
    /* lwIP still has to send what was written last. */
    vTaskDelay(pdMS_TO_TICKS(100));
    esp_restart();
}

static void serve(void *argument) {
    (void)argument;
    take_lock();
    for (;;) {
        sb_esp_forward_log(&board);
        switch (sb_sockets_step(sockets, LONGEST_WAIT)) {
        case SB_SOCKETS_RUNNING:
            break;
        case SB_SOCKETS_REBOOT:
            restart();
            break;
        case SB_SOCKETS_FAILED:
            sb_sockets_close(sockets);
            on_wait(true, NULL);
            vTaskDelay(pdMS_TO_TICKS(REOPEN_MS));
            on_wait(false, NULL);
            reopen_server();
            break;
        }
    }
}

/* Without a descriptor to wake it, the task sends changes of other tasks
 * late. */
static void open_wake(void) {
    const esp_vfs_eventfd_config_t config = ESP_VFS_EVENTD_CONFIG_DEFAULT();
    esp_err_t error = esp_vfs_eventfd_register(&config);
    /* The application may have registered it already. */
    if (error == ESP_OK || error == ESP_ERR_INVALID_STATE) {
        wake = eventfd(0, 0);
    }
    if (wake < 0) {
        ESP_LOGW(TAG, "no eventfd: changes may be sent late");
    }
}

static void fill_in(const sb_config *config) {
    const esp_app_desc_t *image = esp_app_get_description();
    board_config = *config;
    sb_esp_describe(&board_config);
    if (board_config.version == NULL) {
        board_config.version = image->version;
    }
    if (board_config.product == NULL) {
        board_config.product = image->project_name;
    }
    board_config.connection_bytes = sizeof(sb_conn);
#if SB_TELEMETRY_BYTES == 0
    if (board_config.channel_count > 0) {
        ESP_LOGW(TAG, "telemetry is off: switch it on in menuconfig, under Switchboard");
    }
#endif
    renamed_by_user = config->renamed;
    board_config.renamed = renamed;

    server_config.port = CONFIG_SWITCHBOARD_PORT;
    server_config.now = now_of;
    server_config.on_wait = on_wait;
}

/* What sb_esp_start does once the lock exists. */
static esp_err_t start(void) {
    if (sb_init(&board, &board_config, sb_esp_now()) != SB_OK) {
        ESP_LOGE(TAG, "%s", sb_problem(&board));
        return ESP_ERR_INVALID_ARG;
    }
    if (sockets == NULL) {
        sockets = calloc(1, sizeof *sockets);
    }
    if (sockets == NULL) {
        return ESP_ERR_NO_MEM;
    }
    if (wake < 0) {
        open_wake();
    }
    int error = open_server();
    if (error != 0) {
        ESP_LOGE(TAG, "port %d: %s", CONFIG_SWITCHBOARD_PORT, strerror(error));
        return ESP_FAIL;
    }
    if (!sb_esp_announce(&board, sb_sockets_port(sockets))) {
        ESP_LOGW(TAG, "mDNS cannot announce the board");
    }
    ESP_LOGI(TAG, "%s (%s) on port %d", sb_name(&board), board_config.id,
             sb_sockets_port(sockets));
#if CONFIG_SWITCHBOARD_LOG
    sb_esp_keep_log(wake_task);
#endif
    if (xTaskCreate(serve, "switchboard", CONFIG_SWITCHBOARD_TASK_STACK, NULL,
                    CONFIG_SWITCHBOARD_TASK_PRIORITY, NULL) != pdPASS) {
        sb_esp_withdraw();
        sb_sockets_close(sockets);
        return ESP_ERR_NO_MEM;
    }
    return ESP_OK;
}

esp_err_t sb_esp_start(const sb_config *config) {
    if (lock != NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    fill_in(config);
    lock = xSemaphoreCreateRecursiveMutexStatic(&lock_memory);
    /* `output` runs in it; the new task waits until it is over. */
    take_lock();
    esp_err_t error = start();
    give_lock();
    if (error != ESP_OK) {
        lock = NULL;
    }
    return error;
}

sb_board *sb_esp_lock(void) {
    take_lock();
    /* Not in a callback, where the board is not told the time. What is due is
     * left to the board's task, after all changes within this lock. */
    if (depth == 1) {
        sb_set_time(&board, sb_esp_now());
    }
    return &board;
}

void sb_esp_unlock(void) {
    give_lock();
    wake_task();
}
