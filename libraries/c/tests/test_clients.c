/* Clients: pushes and gaps, slow ones, silent ones, the log and telemetry. */
#include "../src/core.h"
#include "bed.h"

static void the_changes_of_one_pass_are_one_push_at_once_after_a_silence(void) {
    bed_start();
    uint32_t client = bed_subscribe(1000);
    sb_set_value(&bed, BED_SENSOR, 20);
    sb_set_time(&bed, 1003);
    sb_set_on(&bed, BED_SWITCH, true);
    sb_set_time(&bed, 1006);
    sb_set_text(&bed, BED_TEXT, "warm");
    EXPECT(sb_deadline(&bed) <= 1006);
    bed_next(1006, client);
    EXPECT(bed_has("\"sensor:0\":{\"value\":20}") && bed_has("\"switch:0\":{\"on\":true}"));
    EXPECT(bed_has("warm") && bed_has("\"prev\":0,\"seq\":1") && !bed_has("light:0"));
    EXPECT(bed_next(1006, client)[0] == '\0');
}

static void changes_after_a_push_are_collected_until_it_is_100_ms_old(void) {
    bed_start();
    uint32_t client = bed_subscribe(1000);
    sb_set_value(&bed, BED_SENSOR, 20);
    bed_next(1000, client);
    EXPECT(bed_has("\"value\":20"));
    sb_tick(&bed, 1050);
    sb_set_value(&bed, BED_SENSOR, 21);
    sb_set_on(&bed, BED_SWITCH, true);
    EXPECT(sb_deadline(&bed) == 1100);
    EXPECT(bed_next(1099, client)[0] == '\0');
    bed_next(1100, client);
    EXPECT(bed_has("\"sensor:0\":{\"value\":21}") && bed_has("\"switch:0\":{\"on\":true}"));
    EXPECT(bed_has("\"prev\":1,\"seq\":2") && !bed_has("light:0"));
    /* What an answer must be up to date with is a push too. */
    sb_tick(&bed, 1150);
    sb_set_value(&bed, BED_SENSOR, 22);
    bed_post(1150, BED_REQUEST("Device.GetStatus", "{}"));
    sb_set_value(&bed, BED_SENSOR, 23);
    bed_next(1150, client);
    EXPECT(bed_has("\"value\":22"));
    EXPECT(sb_deadline(&bed) == 1250);
    bed_next(1250, client);
    EXPECT(bed_has("\"value\":23"));
}

/* Runs the board at its deadlines up to a time, each `late` ms too late. Counts
 * the pushes; the last one is in `bed_message`. */
static unsigned pushes_until(uint64_t end, unsigned late, uint32_t client) {
    static char last[sizeof bed_message];
    unsigned pushes = 0;
    while (sb_deadline(&bed) + late <= end) {
        uint64_t due = sb_deadline(&bed) + late;
        while (bed_next(due, client)[0] != '\0') {
            pushes++;
            memcpy(last, bed_message, sizeof last);
        }
        sb_tick(&bed, due);
    }
    memcpy(bed_message, last, sizeof last);
    return pushes;
}

static void a_sensor_that_is_read_every_100_ms_has_a_push_for_each_reading(void) {
    /* Readings and ticks that are some ms early or late. */
    static const uint64_t jitter[] = {5, 2, 8, 0, 5, 9, 1};
    for (unsigned late = 0; late <= 5; late += 5) {
        bed_start();
        uint32_t client = bed_subscribe(1000);
        unsigned pushes = 0;
        for (unsigned i = 0; i < 100; i++) {
            uint64_t at = 1000 + 100 * (uint64_t)i + jitter[i % 7];
            pushes += pushes_until(at, late, client);
            sb_set_time(&bed, at);
            sb_set_value(&bed, BED_SENSOR, i);
        }
        pushes += pushes_until(11100, late, client);
        EXPECT(pushes == 100);
        EXPECT(bed_has("\"value\":99"));
    }
}

static void a_sensor_that_is_read_more_often_has_ten_pushes_per_second(void) {
    bed_start();
    uint32_t client = bed_subscribe(1000);
    unsigned pushes = 0;
    for (unsigned i = 0; i < 100; i++) {
        uint64_t at = 1000 + 30 * (uint64_t)i;
        pushes += pushes_until(at, 0, client);
        sb_set_time(&bed, at);
        sb_set_value(&bed, BED_SENSOR, i);
    }
    pushes += pushes_until(3999, 0, client);
    EXPECT(pushes == 30);
    EXPECT(pushes_until(4100, 0, client) == 1 || bed_has("\"value\":99"));
}

static void a_change_of_several_causes_names_no_source(void) {
    bed_start();
    uint32_t slow = bed_subscribe(1);
    for (unsigned i = 0; i < 12; i++) {
        bed_post(2, BED_REQUEST("Switch.Toggle", "{\"id\":0}"));
    }
    sb_set_value(&bed, BED_SENSOR, 5);
    bed_post(2, BED_REQUEST("Switch.Toggle", "{\"id\":0}"));
    for (unsigned i = 1; i <= 8; i++) {
        bed_next(3, slow);
        EXPECT(bed_has("\"source\":\"client:0\""));
    }
    bed_next(3, slow);
    EXPECT(bed_has("\"prev\":8,\"seq\":14") && !bed_has("source"));
    EXPECT(bed_has("\"switch:0\":{\"on\":true}") && bed_has("\"sensor:0\":{\"value\":5}"));
    EXPECT(bed_next(3, slow)[0] == '\0');
}

static void an_event_that_finds_no_room_closes_the_slow_client_only(void) {
    bed_start();
    uint32_t slow = bed_subscribe(1);
    uint32_t fast = bed_subscribe(1);
    for (unsigned i = 0; i < 8; i++) {
        EXPECT(sb_event(&bed, BED_DOORBELL, "single_push") == SB_OK);
        bed_next(2, fast);
        EXPECT(bed_has("single_push"));
    }
    EXPECT(sb_event(&bed, BED_DOORBELL, "double_push") == SB_OK);
    EXPECT(strcmp(bed_next(2, slow), "close 1013 too slow") == 0);
    EXPECT(bed_next(2, slow)[0] == '\0');
    bed_next(2, fast);
    EXPECT(bed_has("double_push"));
}

static void a_request_waits_until_there_is_room_for_what_it_causes(void) {
    static const char ping[] = BED_REQUEST("Sys.Ping", "{}");
    bed_start();
    uint32_t client = bed_subscribe(1);
    EXPECT(sb_receive(&bed, 1, client, ping, sizeof ping - 1) == SB_OK);
    unsigned read = 1;
    while (read < 20 && sb_receive(&bed, 1, client, ping, sizeof ping - 1) == SB_OK) {
        read++;
    }
    EXPECT(read <= 8);
    for (unsigned i = 0; i < read; i++) {
        bed_next(1, client);
        EXPECT(bed_has("uptime_ms"));
    }
    EXPECT(sb_receive(&bed, 1, client, ping, sizeof ping - 1) == SB_OK);
}

static void nothing_is_pushed_before_the_subscription_nor_twice_after_two(void) {
    bed_start();
    uint32_t client = bed_connect(1);
    bed_post(2, BED_REQUEST("Switch.Toggle", "{\"id\":0}"));
    EXPECT(bed_next(2, client)[0] == '\0');
    bed_call(3, client, BED_REQUEST("Device.Subscribe", "{}"));
    EXPECT(bed_has("\"seq\":1") && bed_has("\"client\":1"));
    bed_call(3, client, BED_REQUEST("Device.Subscribe", "{}"));
    bed_post(4, BED_REQUEST("Switch.Toggle", "{\"id\":0}"));
    bed_next(4, client);
    EXPECT(bed_has("\"prev\":1,\"seq\":2"));
    EXPECT(bed_next(4, client)[0] == '\0');
}

static void one_controller_too_many_is_refused(void) {
    bed_start();
    uint32_t client = 0;
    for (unsigned i = 0; i < SB_CONTROLLERS; i++) {
        client = bed_connect(1);
    }
    EXPECT(sb_open(&bed, 1, SB_CHANNEL_RPC, SB_INFO, NULL, &client) == SB_FULL);
    size_t length;
    EXPECT(strstr(sb_refusal(&bed, SB_FULL, &length), "all_places_taken") != NULL);
    sb_disconnect(&bed, 2, client);
    EXPECT(sb_open(&bed, 2, SB_CHANNEL_RPC, SB_INFO, NULL, &client) == SB_OK);
}

static void a_silent_client_is_pinged_and_then_closed(void) {
    bed_start();
    uint32_t client = bed_subscribe(1000);
    EXPECT(sb_deadline(&bed) == 21000);
    sb_tick(&bed, 20999);
    EXPECT(!sb_has_next(&bed, client));
    EXPECT(strcmp(bed_next(21000, client), "ping") == 0);
    sb_pong(&bed, 21500, client);
    EXPECT(bed_next(41499, client)[0] == '\0');
    EXPECT(strcmp(bed_next(41500, client), "ping") == 0);
    EXPECT(strcmp(bed_next(81500, client), "close 1001 silent for 60 s") == 0);
}

static void a_restart_tells_everyone(void) {
    static const char ping[] = BED_REQUEST("Sys.Ping", "{}");
    bed_start();
    uint32_t first = bed_subscribe(1);
    uint32_t second = bed_connect(1);
    bed_call(2, first, BED_REQUEST("Device.Reboot", "{}"));
    EXPECT(bed_has("\"result\":{\"seq\":0}"));
    bed_next(2, second);
    EXPECT(bed_has("\"component\":\"sys:0\",\"event\":\"rebooting\""));
    EXPECT(strcmp(bed_next(2, second), "close 1012 restarting") == 0);
    EXPECT(sb_receive(&bed, 2, first, ping, sizeof ping - 1) == SB_CLOSED);
    bed_post(2, ping);
    EXPECT(bed_has("-32002") && bed_has("\"reason\":\"rebooting\""));
    EXPECT(sb_can_open(&bed, SB_CHANNEL_RPC) == SB_REBOOTING);
    EXPECT(!sb_reboot_due(&bed));
    sb_disconnect(&bed, 3, first);
    sb_disconnect(&bed, 3, second);
    EXPECT(sb_reboot_due(&bed));
}

/* The event takes bytes of its own, beyond those of other messages: what was
 * merged before it does not follow. */
static void a_restart_ends_a_queue_that_is_full(void) {
    static const uint16_t lengths[] = {1, SB_MESSAGE_OUT, SB_MESSAGE_OUT, 1023};
    bed_start();
    sb_controller *slow = sbi_controller(&bed, bed_subscribe(1));
    memcpy(slow->lengths, lengths, sizeof lengths);
    slow->queued = 4;
    slow->used = 2 * SB_MESSAGE_OUT + 1024;
    slow->coalesced.any = true;
    slow->coalesced.fields[BED_LAMP] = SB_ON | SB_BRIGHTNESS | SB_RGB;
    bed_post(2, BED_REQUEST("Device.Reboot", "{}"));
    bed_next(2, slow->contact.number);
    EXPECT(slow->queued == 4 && slow->used <= sizeof slow->queue);
    for (unsigned i = 0; i < 4; i++) {
        bed_next(2, slow->contact.number);
    }
    EXPECT(bed_has("\"event\":\"rebooting\""));
    EXPECT(strcmp(bed_next(2, slow->contact.number), "close 1012 restarting") == 0);
}

static void clients_are_listed_and_closed(void) {
    bed_start();
    uint32_t first = bed_connect(1);
    uint32_t second = bed_connect(2);
    bed_call(3, second, BED_REQUEST("Clients.List", "{}"));
    EXPECT(bed_has("\"total\":2") && bed_has("{\"id\":1,\"kind\":\"rpc\",\"from\":"
                                             "\"192.168.1.5:53211\",\"since_ms\":1"));
    EXPECT(bed_has("\"you\":true"));
    bed_call(3, second, BED_REQUEST("Clients.Close", "{\"id\":2}"));
    EXPECT(bed_has("your_own"));
    bed_call(3, second, BED_REQUEST("Clients.Close", "{\"id\":1}"));
    EXPECT(bed_has("\"result\":{}"));
    bed_next(3, first);
    EXPECT(strncmp(bed_message, "close 1000 ", 11) == 0);
}

static void the_log_keeps_the_last_lines_and_counts_lost_ones(void) {
    bed_start();
    uint32_t reader = 0;
    EXPECT(sb_open(&bed, 1, SB_CHANNEL_LOG, SB_WARN, NULL, &reader) == SB_OK);
    EXPECT(bed_next(1, reader)[0] == '\0');
    sb_log(&bed, SB_WARN, "no address\tfor 60 s");
    sb_heard(&bed, 86400999, reader);
    EXPECT(strcmp(bed_next(86400999, reader), "0.001 warn  no address for 60 s") == 0);
    for (unsigned i = 0; i < 300; i++) {
        sb_logf(&bed, SB_ERROR, "line %u of many, which do not all fit", i);
    }
    bed_next(86400999, reader);
    EXPECT(bed_has("lines were lost"));
    bed_next(86400999, reader);
    EXPECT(bed_has("86400.999 error line "));
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    uint32_t client = bed_connect(86401000);
    bed_call(86401000, client, BED_REQUEST("Log.Subscribe", "{\"level\":\"error\"}"));
    EXPECT(bed_has("{\"level\":\"error\"}"));
    while (bed_next(86401000, client)[0] != '\0') {
        EXPECT(bed_has("NotifyLog") && strlen(bed_message) <= SB_MESSAGE_OUT);
    }
    sb_log(&bed, SB_ERROR, longest);
    bed_next(86401000, client);
    EXPECT(bed_has("\"lost\":0") && bed_has("x\xe2\x80\xa6\"}]"));
}

static void debug_lines_are_made_only_while_they_are_read(void) {
    bed_start();
    uint32_t client = bed_connect(1);
    bed_post(1, BED_REQUEST("Switch.Toggle", "{\"id\":0}"));
    bed_call(1, client, BED_REQUEST("Log.Subscribe", "{\"level\":\"debug\"}"));
    bed_post(1, BED_REQUEST("Switch.Set", "{\"id\":0,\"on\":true}"));
    bed_next(1, client);
    EXPECT(!bed_has("Switch.Toggle") && bed_has("client:0 Switch.Set {\\\"id\\\":0"));
}

static void telemetry_is_frames_of_samples(void) {
    bed_start();
    uint32_t reader = 0;
    int16_t samples[] = {-2, 258};
    EXPECT(!sb_sampling(&bed));
    EXPECT(sb_open(&bed, 1000, SB_CHANNEL_TELEMETRY, SB_INFO, NULL, &reader) == SB_OK);
    EXPECT(sb_sampling(&bed));
    bed_next(1000, reader);
    EXPECT(bed_has("{\"telemetry\":1,") && bed_has("\"scale\":0.001,\"accuracy_decimals\":3"));
    sb_sample(&bed, 1000000, samples, true);
    sb_sample(&bed, 1001000, samples, false);
    sb_tick(&bed, 1050);
    sb_outgoing out;
    static const uint8_t expected[] = {1, 1, 1, 2, 0, 0, 0, 0, 0x40, 0x42, 0x0f, 0,
                                       0, 0, 0, 0, 0xe8, 3, 0, 0, 2, 0, 0, 0,
                                       0xfe, 0xff, 2, 1, 0xfe, 0xff, 2, 1};
    EXPECT(sb_next(&bed, 1050, reader, &out) && out.kind == SB_SEND_BINARY);
    EXPECT(out.length == sizeof expected && memcmp(out.data, expected, sizeof expected) == 0);
    EXPECT(!sb_next(&bed, 1050, reader, &out));
    for (unsigned i = 0; i < 5000; i++) {
        sb_sample(&bed, 2000000 + i * 1000, samples, false);
    }
    EXPECT(sb_next(&bed, 1060, reader, &out) && out.length <= SB_FRAME_BYTES && out.data[4] > 1);
    sb_disconnect(&bed, 1070, reader);
    EXPECT(!sb_sampling(&bed));
}

static void frames_keep_their_rate_if_some_are_late(void) {
    bed_start();
    uint32_t reader = 0;
    EXPECT(sb_open(&bed, 1000, SB_CHANNEL_TELEMETRY, SB_INFO, NULL, &reader) == SB_OK);
    EXPECT(bed.telemetry.due == 1050);
    sb_tick(&bed, 1057);
    EXPECT(bed.telemetry.due == 1100);
    sb_tick(&bed, 1300);
    EXPECT(bed.telemetry.due == 1350);
}

int main(void) {
    the_changes_of_one_pass_are_one_push_at_once_after_a_silence();
    changes_after_a_push_are_collected_until_it_is_100_ms_old();
    a_sensor_that_is_read_every_100_ms_has_a_push_for_each_reading();
    a_sensor_that_is_read_more_often_has_ten_pushes_per_second();
    a_change_of_several_causes_names_no_source();
    an_event_that_finds_no_room_closes_the_slow_client_only();
    a_request_waits_until_there_is_room_for_what_it_causes();
    nothing_is_pushed_before_the_subscription_nor_twice_after_two();
    one_controller_too_many_is_refused();
    a_silent_client_is_pinged_and_then_closed();
    a_restart_tells_everyone();
    a_restart_ends_a_queue_that_is_full();
    clients_are_listed_and_closed();
    the_log_keeps_the_last_lines_and_counts_lost_ones();
    debug_lines_are_made_only_while_they_are_read();
    telemetry_is_frames_of_samples();
    frames_keep_their_rate_if_some_are_late();
    return expect_end();
}
