/*
 * Counts allocations: the core makes none, not even at its start. The program
 * is linked so that malloc and its relatives are those below; a board is
 * started, four controllers use every method, and a reader reads log and
 * telemetry.
 */
#include <stdlib.h>

#include "bed.h"

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);

static unsigned allocations;

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    allocations++;
    return __real_realloc(memory, size);
}

static const char *const requests[] = {
    BED_REQUEST("Device.Subscribe", "{}"),
    BED_REQUEST("Device.GetInfo", "{}"),
    BED_REQUEST("Device.GetComponents", "{\"offset\":1,\"limit\":3}"),
    BED_REQUEST("Device.GetStatus", "{}"),
    BED_REQUEST("Device.SetName", "{\"name\":\"L\\u00e4mp\"}"),
    BED_REQUEST("Device.Identify", "{}"),
    BED_REQUEST("Log.Subscribe", "{\"level\":\"debug\"}"),
    BED_REQUEST("Sys.Ping", "{}"),
    BED_REQUEST("Switch.Set", "{\"id\":0,\"on\":true}"),
    BED_REQUEST("Switch.Toggle", "{\"id\":0}"),
    BED_REQUEST("Light.Set", "{\"id\":0,\"on\":true,\"brightness\":6e1,\"transition_ms\":100}"),
    BED_REQUEST("Light.Set", "{\"id\":0,\"rgb\":[1,2,3],\"effect\":\"candle\"}"),
    BED_REQUEST("Cover.Open", "{\"id\":0}"),
    BED_REQUEST("Cover.Close", "{\"id\":0}"),
    BED_REQUEST("Cover.Stop", "{\"id\":0}"),
    BED_REQUEST("Cover.Set", "{\"id\":0,\"position\":40}"),
    BED_REQUEST("Number.Set", "{\"id\":0,\"value\":33.3333}"),
    BED_REQUEST("Select.Set", "{\"id\":0,\"value\":\"night\"}"),
    BED_REQUEST("Text.Set", "{\"id\":0,\"value\":\"\\ud83d\\ude00\"}"),
    BED_REQUEST("Button.Press", "{\"id\":0,\"event\":\"double_press\"}"),
    BED_REQUEST("Clients.List", "{}"),
    BED_REQUEST("Clients.Close", "{\"id\":77}"),
    BED_REQUEST("No.Such", "{}"),
    "{\"jsonrpc\":\"2.0\",\"id\":1e400",
};

#define REQUESTS (sizeof requests / sizeof requests[0])

static unsigned taken, pushes, results; /* messages */

static bool starts_with(const sb_outgoing *out, const char *text) {
    return out->length >= strlen(text) && memcmp(out->data, text, strlen(text)) == 0;
}

static void take_all(uint64_t now, uint32_t client) {
    sb_outgoing out;
    while (sb_next(&bed, now, client, &out)) {
        taken++;
        pushes += starts_with(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"NotifyStatus\"") ? 1u : 0u;
        results += starts_with(&out, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\"") ? 1u : 0u;
    }
}

/* The controller first takes what the requests of the others caused. */
static void receive(uint64_t now, uint32_t client, const char *request) {
    take_all(now, client);
    EXPECT(sb_receive(&bed, now, client, request, strlen(request)) == SB_OK);
}

int main(void) {
    static const int16_t samples[2] = {1, 2};
    uint32_t clients[SB_CONTROLLERS + 2];
    /* printf allocates its buffer with the first text. */
    printf("counting\n");
    allocations = 0;

    bed_start();
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        clients[i] = bed_connect(1);
        receive(1, clients[i], requests[0]);
    }
    sb_open(&bed, 1, SB_CHANNEL_LOG, SB_DEBUG, NULL, &clients[SB_CONTROLLERS]);
    sb_open(&bed, 1, SB_CHANNEL_TELEMETRY, SB_INFO, NULL, &clients[SB_CONTROLLERS + 1]);
    uint64_t now = 2;
    for (unsigned round = 0; round < 20 * REQUESTS; round++, now += 500) {
        for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
            receive(now, clients[i], requests[(round + 5 * i) % REQUESTS]);
        }
        const char *posted = requests[round % REQUESTS], *answer;
        size_t length;
        sb_post(&bed, now, posted, strlen(posted), &answer, &length);
        sb_sample(&bed, now * 1000, samples, false);
        sb_set_value(&bed, BED_SENSOR, (double)now / 3);
        sb_logf(&bed, SB_INFO, "%u", (unsigned)now);
        for (unsigned i = 0; i < SB_CONTROLLERS + 2; i++) {
            sb_pong(&bed, now, clients[i]);
            take_all(now + 200, clients[i]);
        }
    }
    receive(now, clients[0], BED_REQUEST("Device.Reboot", "{}"));
    for (unsigned i = 0; i < SB_CONTROLLERS + 2; i++) {
        take_all(now + 200, clients[i]);
    }
    unsigned counted = allocations;
    printf("%u allocations, %u messages, %u pushes, %u results\n", counted, taken, pushes, results);
    EXPECT(counted == 0);
    /* Each controller is pushed at least the sensor's value in each round, and
     * all of its requests but two, which are refused, have a result. */
    EXPECT(pushes > SB_CONTROLLERS * 19 * REQUESTS);
    EXPECT(results > SB_CONTROLLERS * 19 * (REQUESTS - 4));
    return expect_end();
}
