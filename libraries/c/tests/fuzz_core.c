/*
 * What clients and an application may do to the core, in any order and at any
 * time. An input is a sequence of actions; each begins with a byte that says
 * which. Whatever happens, each message is JSON of a limited length, and what a
 * subscriber is sent has no gap.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../src/core.h"
#include "bed.h"

#define CLIENTS 6

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

typedef struct input {
    const uint8_t *bytes;
    size_t left;
} input;

/* A client, and the last seq that it was sent; -1 before it has subscribed. */
typedef struct client {
    uint32_t number;
    sb_channel_kind kind;
    long long seq;
} client;

static client clients[CLIENTS];
static uint64_t now;

static uint8_t take(input *in) {
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->bytes++;
}

static void require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "%s: %s\n", what, bed_message);
        abort();
    }
}

static long long number_after(const char *name) {
    const char *at = strstr(bed_message, name);
    return at != NULL ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static bool begins(const char *with) {
    return strncmp(bed_message, with, strlen(with)) == 0;
}

static void check_text(client *to) {
    size_t length = strlen(bed_message);
    size_t at;
    require(length <= SB_MESSAGE_OUT, "too long");
    require(sbi_is_utf8(bed_message, length), "not UTF-8");
    if (to->kind != SB_CHANNEL_RPC) {
        return;
    }
    require(sbi_json_check(bed_message, length, &at) == SBI_JSON_OK, "not JSON");
    if (begins("{\"jsonrpc\":\"2.0\",\"method\":\"NotifyStatus\"")) {
        require(to->seq >= 0 && number_after("\"prev\":") == to->seq, "a gap");
        require(number_after("\"seq\":") > to->seq, "no progress");
        to->seq = number_after("\"seq\":");
    } else if (begins("{\"jsonrpc\":\"2.0\",\"id\":\"subscribe\"") && to->seq < 0) {
        to->seq = number_after("\"seq\":");
    }
}

static void drain(client *from, unsigned most) {
    for (unsigned i = 0; i < most && from->number != 0; i++) {
        sb_outgoing out;
        if (!sb_next(&bed, now, from->number, &out)) {
            return;
        }
        const sb_controller *controller = sbi_const_controller(&bed, from->number);
        require(controller == NULL || controller->used <= sizeof controller->queue, "overflow");
        if (out.kind == SB_SEND_CLOSE) {
            sb_disconnect(&bed, now, from->number);
            from->number = 0;
        } else if (out.kind == SB_SEND_TEXT) {
            require(out.length < sizeof bed_message, "too long");
            memcpy(bed_message, out.data, out.length);
            bed_message[out.length] = '\0';
            check_text(from);
        } else if (out.kind == SB_SEND_BINARY) {
            require(out.length <= SB_FRAME_BYTES, "a long frame");
        }
    }
}

static void send(client *from, const char *text, size_t length) {
    /* In memory of its own, so that the sanitizer sees its end. */
    char *copy = malloc(length + 1);
    memcpy(copy, text, length);
    if (sb_receive(&bed, now, from->number, copy, length) == SB_BUSY) {
        drain(from, SB_QUEUED + 2);
        (void)sb_receive(&bed, now, from->number, copy, length);
    }
    free(copy);
}

/* A request with parameters from the input. */
static void request(input *in, client *from) {
    static const char *const methods[] = {
        "Device.GetInfo", "Device.GetComponents", "Device.GetStatus", "Device.SetName",
        "Device.Identify", "Switch.Set", "Switch.Toggle", "Light.Set", "Cover.Open", "Cover.Set",
        "Number.Set", "Select.Set", "Text.Set", "Button.Press", "Log.Subscribe", "Clients.List",
        "Clients.Close", "Device.Reboot",
    };
    static const char *const names[] = {
        "id", "on", "brightness", "rgb", "ct_k", "effect", "transition_ms", "value", "position",
        "event", "level", "name", "offset", "limit", "white", "palette",
    };
    static const char *const values[] = {
        "0", "1", "true", "false", "null", "100", "6e1", "[1,2,3]", "\"candle\"", "\"day\"",
        "\"press\"", "\"debug\"", "3000", "-1", "1e300", "\"\\u00e9\\\"\"", "[]", "{}", "2.5",
        "\"off\"",
    };
    char text[512];
    sb_writer w = sbi_writer(text, sizeof text);
    sbi_format(&w, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"params\":{",
               (unsigned)take(in), methods[take(in) % 18]);
    unsigned count = take(in) % 4u;
    sbi_str(&w, "\"id\":0");
    for (unsigned i = 0; i < count; i++) {
        sbi_format(&w, ",\"%s\":%s", names[take(in) % 16], values[take(in) % 20]);
    }
    sbi_str(&w, "}}");
    send(from, text, w.length);
}

static void report(input *in) {
    unsigned component = take(in) % (BED_COMPONENTS + 1);
    sb_state state = {.fields = (uint16_t)(take(in) | take(in) << 8),
                      .on = (take(in) & 1) != 0,
                      .brightness = take(in),
                      .effect = take(in) & 3,
                      .position = take(in),
                      .movement = take(in) & 7,
                      .option = take(in) & 3,
                      .ct_k = (uint16_t)(take(in) * 32u),
                      .value = (double)take(in) / 3};
    char text[12];
    for (unsigned i = 0; i < sizeof text - 1; i++) {
        text[i] = (char)take(in);
    }
    text[sizeof text - 1] = '\0';
    state.text = text;
    uint16_t fields = (uint16_t)(take(in) | take(in) << 8);
    (void)sb_set(&bed, component, fields, &state);
}

static void open_channel(input *in, client *as) {
    if (as->number == 0) {
        as->kind = (sb_channel_kind)(take(in) & 3);
        as->seq = -1;
        if (sb_open(&bed, now, as->kind, (sb_level)(take(in) & 3), "[::1]:1", &as->number) !=
            SB_OK) {
            as->number = 0;
        }
    }
}

static void post(const uint8_t *bytes, size_t size) {
    const char *answer;
    size_t length;
    size_t at;
    sb_post(&bed, now, (const char *)bytes, size, &answer, &length);
    require(length == 0 || sbi_json_check(answer, length, &at) == SBI_JSON_OK, "not JSON");
}

static void burst(unsigned count) {
    static const int16_t samples[2] = {1, 2};
    for (unsigned i = 0; i < count; i++) {
        sb_sample(&bed, now * 1000, samples, (i & 64) != 0);
        sb_logf(&bed, (sb_level)(i & 3), "line %u", i);
    }
}

static void act(input *in) {
    static const char subscribe[] =
        "{\"jsonrpc\":\"2.0\",\"id\":\"subscribe\",\"method\":\"Device.Subscribe\"}";
    uint8_t action = take(in);
    client *one = &clients[take(in) % CLIENTS];
    size_t length;
    switch (action % 12) {
    case 0:
        open_channel(in, one);
        break;
    case 1:
        send(one, subscribe, sizeof subscribe - 1);
        break;
    case 2:
    case 3:
        request(in, one);
        break;
    case 4:
        length = take(in) * 2u;
        length = length < in->left ? length : in->left;
        send(one, (const char *)in->bytes, length);
        in->bytes += length;
        in->left -= length;
        break;
    case 5:
        post(in->bytes, in->left);
        break;
    case 6:
        drain(one, take(in) % 12u);
        break;
    case 7:
        report(in);
        break;
    case 8:
        (void)sb_press(&bed, BED_BUTTON, sbi_button_events[take(in) % 3]);
        (void)sb_event(&bed, BED_DOORBELL, bed_rings[take(in) & 1]);
        break;
    case 9:
        now += take(in) * 300u;
        sb_tick(&bed, now);
        break;
    case 10:
        burst(take(in));
        break;
    default:
        sb_disconnect(&bed, now, one->number);
        one->number = 0;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    input in = {bytes, size};
    bed_start();
    memset(clients, 0, sizeof clients);
    now = 0;
    while (in.left > 0 && !sb_reboot_due(&bed)) {
        act(&in);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        drain(&clients[i], 64);
    }
    return 0;
}
