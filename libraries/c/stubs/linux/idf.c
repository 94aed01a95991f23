/*
 * Enough of ESP-IDF on Linux to run the component and its examples for tests.
 *
 * The port is in PORT (0: any free one). When the board announces itself, it
 * prints {"id":…,"name":…,"address":…} as the bench program does. Standard
 * input takes `gpio PIN LEVEL`, and ends the program with `quit` or its end.
 * Outputs are reported on standard error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "driver/gpio.h"
#include "driver/ledc.h"
#include "driver/temperature_sensor.h"
#include "esp_app_desc.h"
#include "esp_event.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "esp_vfs_eventfd.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "mdns.h"
#include "nvs_flash.h"
#include "sdkconfig.h"

uint16_t stub_port(void) {
    const char *port = getenv("PORT");
    return (uint16_t)(port == NULL ? 0 : atoi(port));
}

const char *esp_err_to_name(esp_err_t code) {
    (void)code;
    return "error";
}

esp_reset_reason_t esp_reset_reason(void) {
    return getenv("RESTARTED") == NULL ? ESP_RST_POWERON : ESP_RST_SW;
}

void esp_restart(void) {
    setenv("RESTARTED", "1", 1);
    for (int fd = 3; fd < 256; fd++) {
        close(fd);
    }
    execl("/proc/self/exe", "board", (char *)NULL);
    abort();
}

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type) {
    (void)type;
    static const uint8_t address[6] = {0x02, 0x00, 0x00, 0x0a, 0x1b, 0x2c};
    memcpy(mac, address, sizeof address);
    return ESP_OK;
}

uint32_t esp_random(void) {
    uint32_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
        abort();
    }
    return bits;
}

const esp_app_desc_t *esp_app_get_description(void) {
    static const esp_app_desc_t description = {"0.1.0", "example"};
    return &description;
}

/* The log: standard error. */

static int log_to_stderr(const char *format, va_list args) {
    return vfprintf(stderr, format, args);
}

static vprintf_like_t log_function = log_to_stderr;

vprintf_like_t esp_log_set_vprintf(vprintf_like_t func) {
    return __atomic_exchange_n(&log_function, func, __ATOMIC_SEQ_CST);
}

void stub_log(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)__atomic_load_n(&log_function, __ATOMIC_SEQ_CST)(format, arguments);
    va_end(arguments);
}

unsigned stub_log_timestamp(void) {
    return (unsigned)(esp_timer_get_time() / 1000);
}

/* Time. */

static int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int64_t esp_timer_get_time(void) {
    static int64_t boot;
    if (boot == 0) {
        boot = monotonic_us() - 1;
    }
    return monotonic_us() - boot;
}

struct esp_timer {
    esp_timer_create_args_t args;
    uint64_t timeout_us;
};

esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args,
                           esp_timer_handle_t *out_handle) {
    static struct esp_timer timers[4];
    static size_t count;
    if (count == sizeof timers / sizeof timers[0]) {
        return ESP_ERR_NO_MEM;
    }
    timers[count].args = *create_args;
    *out_handle = &timers[count++];
    return ESP_OK;
}

static void *expire(void *argument) {
    const struct esp_timer *timer = argument;
    usleep((useconds_t)timer->timeout_us);
    timer->args.callback(timer->args.arg);
    return NULL;
}

esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us) {
    pthread_t thread;
    timer->timeout_us = timeout_us;
    if (pthread_create(&thread, NULL, expire, timer) != 0) {
        return ESP_FAIL;
    }
    pthread_detach(thread);
    return ESP_OK;
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer) {
    (void)timer;
    return ESP_ERR_INVALID_STATE;
}

/* FreeRTOS. */

typedef struct {
    TaskFunction_t run;
    void *argument;
} task;

static void *run_task(void *argument) {
    task *started = argument;
    started->run(started->argument);
    return NULL;
}

BaseType_t xTaskCreate(TaskFunction_t pxTaskCode, const char *const pcName,
                       const uint32_t usStackDepth, void *const pvParameters,
                       UBaseType_t uxPriority, TaskHandle_t *const pxCreatedTask) {
    (void)pcName;
    (void)usStackDepth;
    (void)uxPriority;
    static task tasks[4];
    static size_t count;
    pthread_t thread;
    if (count == sizeof tasks / sizeof tasks[0]) {
        return pdFALSE;
    }
    tasks[count] = (task){pxTaskCode, pvParameters};
    if (pthread_create(&thread, NULL, run_task, &tasks[count++]) != 0) {
        return pdFALSE;
    }
    pthread_detach(thread);
    if (pxCreatedTask != NULL) {
        *pxCreatedTask = NULL;
    }
    return pdPASS;
}

void vTaskDelay(const TickType_t xTicksToDelay) {
    usleep(xTicksToDelay * portTICK_PERIOD_MS * 1000);
}

SemaphoreHandle_t xSemaphoreCreateRecursiveMutexStatic(StaticSemaphore_t *pxMutexBuffer) {
    _Static_assert(sizeof(pthread_mutex_t) <= sizeof *pxMutexBuffer, "the mutex fits");
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init((pthread_mutex_t *)pxMutexBuffer, &attributes);
    return (SemaphoreHandle_t)pxMutexBuffer;
}

BaseType_t xSemaphoreTakeRecursive(SemaphoreHandle_t xMutex, TickType_t xBlockTime) {
    (void)xBlockTime;
    return pthread_mutex_lock((pthread_mutex_t *)xMutex) == 0 ? pdTRUE : pdFALSE;
}

BaseType_t xSemaphoreGiveRecursive(SemaphoreHandle_t xMutex) {
    return pthread_mutex_unlock((pthread_mutex_t *)xMutex) == 0 ? pdTRUE : pdFALSE;
}

static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t events_changed = PTHREAD_COND_INITIALIZER;

struct EventGroupDef_t {
    EventBits_t bits;
};

EventGroupHandle_t xEventGroupCreateStatic(StaticEventGroup_t *pxEventGroupBuffer) {
    EventGroupHandle_t group = (EventGroupHandle_t)pxEventGroupBuffer;
    group->bits = 0;
    return group;
}

EventBits_t xEventGroupSetBits(EventGroupHandle_t xEventGroup, const EventBits_t uxBitsToSet) {
    pthread_mutex_lock(&events_lock);
    xEventGroup->bits |= uxBitsToSet;
    EventBits_t bits = xEventGroup->bits;
    pthread_cond_broadcast(&events_changed);
    pthread_mutex_unlock(&events_lock);
    return bits;
}

EventBits_t xEventGroupWaitBits(EventGroupHandle_t xEventGroup,
                                const EventBits_t uxBitsToWaitFor,
                                const BaseType_t xClearOnExit,
                                const BaseType_t xWaitForAllBits, TickType_t xTicksToWait) {
    (void)xClearOnExit;
    (void)xWaitForAllBits;
    (void)xTicksToWait;
    pthread_mutex_lock(&events_lock);
    while ((xEventGroup->bits & uxBitsToWaitFor) != uxBitsToWaitFor) {
        pthread_cond_wait(&events_changed, &events_lock);
    }
    EventBits_t bits = xEventGroup->bits;
    pthread_mutex_unlock(&events_lock);
    return bits;
}

/* The network: Linux's own. The first attempt to join fails at once, the second
 * a little later. */

esp_event_base_t const WIFI_EVENT = "WIFI_EVENT";
esp_event_base_t const IP_EVENT = "IP_EVENT";

static struct {
    esp_event_base_t base;
    esp_event_handler_t handler;
} handlers[4];
static size_t handler_count;
static bool loop_created;

/* ESP-IDF calls all handlers in one task. */
static void emit(esp_event_base_t base, int32_t event, void *data) {
    static pthread_mutex_t loop = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_mutex_lock(&loop);
    for (size_t i = 0; i < handler_count; i++) {
        if (handlers[i].base == base) {
            handlers[i].handler(NULL, base, event, data);
        }
    }
    pthread_mutex_unlock(&loop);
}

esp_err_t esp_event_loop_create_default(void) {
    if (loop_created) {
        return ESP_ERR_INVALID_STATE;
    }
    loop_created = true;
    return ESP_OK;
}

esp_err_t esp_event_handler_instance_register(esp_event_base_t event_base, int32_t event_id,
                                              esp_event_handler_t event_handler,
                                              void *event_handler_arg,
                                              esp_event_handler_instance_t *instance) {
    (void)event_id;
    (void)event_handler_arg;
    (void)instance;
    if (handler_count == sizeof handlers / sizeof handlers[0]) {
        return ESP_ERR_NO_MEM;
    }
    handlers[handler_count].base = event_base;
    handlers[handler_count++].handler = event_handler;
    return ESP_OK;
}

esp_err_t esp_netif_init(void) {
    return ESP_OK;
}

esp_netif_t *esp_netif_create_default_wifi_sta(void) {
    static char netif;
    return (esp_netif_t *)&netif;
}

esp_err_t esp_wifi_init(const wifi_init_config_t *config) {
    (void)config;
    return loop_created ? ESP_OK : ESP_ERR_INVALID_STATE;
}

esp_err_t esp_wifi_set_mode(wifi_mode_t mode) {
    return mode == WIFI_MODE_STA ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf) {
    bool right = interface == WIFI_IF_STA && strcmp((char *)conf->sta.ssid, "home") == 0 &&
                 strcmp((char *)conf->sta.password, "correct horse") == 0;
    return right ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_wifi_set_ps(wifi_ps_type_t type) {
    (void)type;
    return ESP_OK;
}

esp_err_t esp_wifi_start(void) {
    emit(WIFI_EVENT, WIFI_EVENT_STA_START, NULL);
    return ESP_OK;
}

esp_err_t esp_wifi_connect(void) {
    static unsigned attempts;
    attempts++;
    if (attempts == 1) {
        return ESP_FAIL;
    }
    if (attempts == 2) {
        wifi_event_sta_disconnected_t lost = {.reason = 201};
        emit(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, &lost);
    } else {
        ip_event_got_ip_t got = {.ip_info.ip.addr = 0x0100007f};
        emit(IP_EVENT, IP_EVENT_STA_GOT_IP, &got);
    }
    return ESP_OK;
}

/* Flash: the environment, which survives `esp_restart`. */

esp_err_t nvs_flash_init(void) {
    static bool erased;
    bool first = !erased;
    erased = true;
    return first ? ESP_ERR_NVS_NO_FREE_PAGES : ESP_OK;
}

esp_err_t nvs_flash_erase(void) {
    return ESP_OK;
}

esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode,
                   nvs_handle_t *out_handle) {
    (void)namespace_name;
    *out_handle = 1;
    return open_mode == NVS_READONLY && getenv("NVS_name") == NULL ? ESP_ERR_NVS_NOT_FOUND : ESP_OK;
}

esp_err_t nvs_get_str(nvs_handle_t handle, const char *key, char *out_value, size_t *length) {
    (void)handle;
    (void)key;
    const char *value = getenv("NVS_name");
    if (value == NULL || strlen(value) >= *length) {
        return ESP_ERR_NVS_NOT_FOUND;
    }
    *length = strlen(value) + 1;
    memcpy(out_value, value, *length);
    return ESP_OK;
}

esp_err_t nvs_set_str(nvs_handle_t handle, const char *key, const char *value) {
    (void)handle;
    (void)key;
    return setenv("NVS_name", value, 1) == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t nvs_commit(nvs_handle_t handle) {
    (void)handle;
    return ESP_OK;
}

void nvs_close(nvs_handle_t handle) {
    (void)handle;
}

esp_err_t esp_vfs_eventfd_register(const esp_vfs_eventfd_config_t *config) {
    (void)config;
    return ESP_OK;
}

/* mDNS: says what it would announce. */

static bool mdns_started;
static bool mdns_named;

esp_err_t mdns_init(void) {
    mdns_started = true;
    return ESP_OK;
}

esp_err_t mdns_hostname_set(const char *hostname) {
    mdns_named = hostname != NULL && hostname[0] != '\0';
    return mdns_started && mdns_named ? ESP_OK : ESP_ERR_INVALID_ARG;
}

/* A text as JSON. */
static void print_json(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('"');
}

esp_err_t mdns_service_add(const char *instance_name, const char *service_type,
                           const char *proto, uint16_t port, mdns_txt_item_t txt[],
                           size_t num_items) {
    if (!mdns_named) {
        return ESP_ERR_INVALID_ARG;
    }
    const char *id = "";
    fprintf(stderr, "mdns %s.%s port=%u", service_type, proto, (unsigned)port);
    /* In reverse, as the component does: it puts each before the others. */
    for (size_t i = num_items; i-- > 0;) {
        fprintf(stderr, " %s=%s", txt[i].key, txt[i].value);
        if (strcmp(txt[i].key, "id") == 0) {
            id = txt[i].value;
        }
    }
    fprintf(stderr, "\n");
    char number[8];
    snprintf(number, sizeof number, "%u", (unsigned)port);
    setenv("PORT", number, 1);
    printf("{\"id\":");
    print_json(id);
    printf(",\"name\":");
    print_json(instance_name);
    printf(",\"address\":\"127.0.0.1:%s\"}\n", number);
    fflush(stdout);
    return ESP_OK;
}

esp_err_t mdns_service_remove(const char *service_type, const char *proto) {
    fprintf(stderr, "mdns goodbye %s.%s\n", service_type, proto);
    return ESP_OK;
}

esp_err_t mdns_service_instance_name_set(const char *service_type, const char *proto,
                                         const char *instance_name) {
    fprintf(stderr, "mdns %s.%s instance=%s\n", service_type, proto, instance_name);
    return ESP_OK;
}

esp_err_t mdns_service_txt_item_set(const char *service_type, const char *proto,
                                    const char *key, const char *value) {
    fprintf(stderr, "mdns %s.%s %s=%s\n", service_type, proto, key, value);
    return ESP_OK;
}

/* Pins. */

static int levels[64];

esp_err_t gpio_config(const gpio_config_t *pGPIOConfig) {
    for (int pin = 0; pin < 64; pin++) {
        if ((pGPIOConfig->pin_bit_mask >> pin & 1) != 0 &&
            pGPIOConfig->pull_up_en == GPIO_PULLUP_ENABLE) {
            __atomic_store_n(&levels[pin], 1, __ATOMIC_SEQ_CST);
        }
    }
    return ESP_OK;
}

esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode) {
    (void)gpio_num;
    (void)mode;
    return ESP_OK;
}

int gpio_get_level(gpio_num_t gpio_num) {
    return __atomic_load_n(&levels[(int)gpio_num & 63], __ATOMIC_SEQ_CST);
}

esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level) {
    fprintf(stderr, "gpio %d=%u\n", (int)gpio_num, (unsigned)level);
    return ESP_OK;
}

esp_err_t ledc_timer_config(const ledc_timer_config_t *timer_conf) {
    return timer_conf->freq_hz > 0 ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t ledc_channel_config(const ledc_channel_config_t *ledc_conf) {
    return ledc_conf->gpio_num >= 0 ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t ledc_set_duty(ledc_mode_t speed_mode, ledc_channel_t channel, uint32_t duty) {
    (void)speed_mode;
    fprintf(stderr, "ledc %d=%u\n", (int)channel, (unsigned)duty);
    return ESP_OK;
}

esp_err_t ledc_update_duty(ledc_mode_t speed_mode, ledc_channel_t channel) {
    (void)speed_mode;
    (void)channel;
    return ESP_OK;
}

esp_err_t temperature_sensor_install(const temperature_sensor_config_t *tsens_config,
                                     temperature_sensor_handle_t *ret_tsens) {
    *ret_tsens = NULL;
    return tsens_config->range_min < tsens_config->range_max ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t temperature_sensor_enable(temperature_sensor_handle_t tsens) {
    (void)tsens;
    return ESP_OK;
}

esp_err_t temperature_sensor_get_celsius(temperature_sensor_handle_t tsens, float *out_celsius) {
    (void)tsens;
    *out_celsius = 36.5F;
    return ESP_OK;
}

/* Standard input, and the program. */

static void *read_lines(void *argument) {
    (void)argument;
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "quit\n") != 0) {
        int pin;
        int level;
        if (sscanf(line, "gpio %d %d", &pin, &level) == 2) {
            __atomic_store_n(&levels[pin & 63], level, __ATOMIC_SEQ_CST);
        } else {
            fprintf(stderr, "not understood: %s", line);
        }
    }
    exit(0);
}

/* In Arduino, `app_main` runs `setup` and `loop`. */
void app_main(void);

int main(void) {
    pthread_t reader;
    (void)esp_timer_get_time();
    pthread_create(&reader, NULL, read_lines, NULL);
    app_main();
    pthread_join(reader, NULL);
    return 0;
}
