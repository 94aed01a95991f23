/* Requests and their answers, commands, and what the application does. */
#include "bed.h"

static void an_id_is_sent_back_as_it_was_written(void) {
    bed_start();
    bed_post(1, "{\"jsonrpc\":\"2.0\",\"id\":9223372036854775807,\"method\":\"Sys.Ping\"}");
    EXPECT(bed_has("\"id\":9223372036854775807,"));
    bed_post(1, "{\"jsonrpc\":\"2.0\",\"id\":\"\\u00e9\\\"\",\"method\":\"Sys.Ping\"}");
    EXPECT(bed_has("\"id\":\"\\u00e9\\\"\","));
    static const char too_long[] =
        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"";
    static const char *const bad[] = {"null", "1.0",  "1e0", "9223372036854775808",
                                      "true", "[1]", "{}",  too_long};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char request[256];
        snprintf(request, sizeof request, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"Sys.Ping\"}",
                 bad[i]);
        bed_post(1, request);
        EXPECT_FOR(bad[i], bed_has("\"id\":null") && bed_has("\"reason\":\"bad_id\""));
    }
}

static void each_error_has_its_code_and_reason(void) {
    static const struct {
        const char *request;
        const char *code;
        const char *reason;
    } cases[] = {
        {"{", "-32700", "not_json"},
        {"\xff", "-32700", "not_utf8"},
        {"[[[[[[[[[[[[[[[[[", "-32700", "nested_too_deeply"},
        {"[]", "-32600", "batch"},
        {"7", "-32600", "not_an_object"},
        {"{\"id\":1,\"method\":\"Sys.Ping\"}", "-32600", "not_json_rpc"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", "-32600", "no_method"},
        {BED_REQUEST("Sys.Ping", "[1]"), "-32602", "params_not_by_name"},
        {BED_REQUEST("Sys.Ping", "null"), "-32602", "params_not_by_name"},
        {BED_REQUEST("No.Such", "{}"), "-32601", "no_such_method"},
        {BED_REQUEST("Sys.Ping\\u0000", "{}"), "-32601", "no_such_method"},
        {BED_REQUEST("Light.Set", "{\"on\":true}"), "-32602", "missing"},
        {BED_REQUEST("Light.Set", "{\"id\":null,\"on\":true}"), "-32602", "missing"},
        {BED_REQUEST("Light.Set", "{\"id\":-1,\"on\":true}"), "-32001", "not_found"},
        {BED_REQUEST("Light.Set", "{\"id\":0.5,\"on\":true}"), "-32602", "out_of_range"},
        {BED_REQUEST("Light.Set", "{\"id\":0}"), "-32602", "missing"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"on\":1}"), "-32602", "wrong_type"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"brightness\":60.5}"), "-32602", "out_of_range"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"brightness\":\"60\"}"), "-32602", "wrong_type"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"rgb\":[0,0]}"), "-32602", "out_of_range"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"rgb\":[0,0,256]}"), "-32602", "out_of_range"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"rgb\":[\"0\",0]}"), "-32602", "wrong_type"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"effect\":\"x\"}"), "-32602", "not_an_option"},
        {BED_REQUEST("Light.Set", "{\"id\":0,\"on\":true,\"transition_ms\":10001}"), "-32602",
         "out_of_range"},
        {BED_REQUEST("Light.Set", "{\"id\":1,\"brightness\":5}"), "-32602", "not_supported"},
        {BED_REQUEST("Light.Set", "{\"id\":1,\"brightness\":\"\"}"), "-32602", "wrong_type"},
        {BED_REQUEST("Text.Set", "{\"id\":0,\"value\":\"a\\nb\"}"), "-32602",
         "control_character"},
        {BED_REQUEST("Device.SetName", "{\"name\":\"\"}"), "-32602", "out_of_range"},
        {BED_REQUEST("Device.Subscribe", "{}"), "-32003", "needs_a_websocket"},
        {BED_REQUEST("Clients.Close", "{\"id\":99}"), "-32001", "not_found"},
        {BED_REQUEST("Clients.Close", "{\"id\":0}"), "-32602", "out_of_range"},
    };
    bed_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[64];
        bed_post(1, cases[i].request);
        snprintf(expected, sizeof expected, "\"code\":%s,", cases[i].code);
        EXPECT_FOR(cases[i].request, bed_has(expected));
        snprintf(expected, sizeof expected, "\"reason\":\"%s\"", cases[i].reason);
        EXPECT_FOR(cases[i].request, bed_has(expected));
    }
}

static void a_request_without_an_id_is_carried_out_and_not_answered(void) {
    bed_start();
    bed_post(1, "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Toggle\",\"params\":{\"id\":0}}");
    EXPECT(bed_message[0] == '\0' && sb_get(&bed, BED_SWITCH)->on);
    bed_post(1, "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Toggle\",\"params\":[1]}");
    EXPECT(bed_message[0] == '\0');
}

static void the_last_of_two_values_counts_and_unknown_ones_do_not(void) {
    bed_start();
    bed_post(1, BED_REQUEST("Light.Set", "{\"id\":9,\"id\":0,\"x\":[{}],\"bri\\u0067htness\":1,"
                                         "\"brightness\":6e1,\"brightness\":70.0}"));
    EXPECT(bed_has("\"result\"") && sb_get(&bed, BED_LAMP)->brightness == 70);
}

static void a_push_precedes_the_answer_and_a_change_of_nothing_pushes_nothing(void) {
    bed_start();
    uint32_t client = bed_subscribe(1);
    bed_call(2, client, BED_REQUEST("Light.Set", "{\"id\":0,\"on\":true,\"rgb\":[1,2,3]}"));
    EXPECT(bed_has("\"prev\":0,\"seq\":1") && bed_has("\"source\":\"client:1\""));
    EXPECT(bed_has("\"light:0\":{\"on\":true,\"rgb\":[1,2,3],\"ct_k\":null}"));
    bed_next(2, client);
    EXPECT(bed_has("\"result\":{\"seq\":1,\"was_on\":false}"));
    bed_call(3, client, BED_REQUEST("Light.Set", "{\"id\":0,\"on\":true}"));
    EXPECT(bed_has("\"result\":{\"seq\":1,\"was_on\":true}"));
    EXPECT(bed_next(3, client)[0] == '\0');
}

static void the_application_can_refuse(void) {
    bed_start();
    uint32_t client = bed_subscribe(1);
    EXPECT(sb_set_on(&bed, BED_SWITCH, true) == SB_OK);
    bed_next(1, client);
    EXPECT(bed_has("\"source\":\"physical\""));
    bed_call(2, client, BED_REQUEST("Switch.Set", "{\"id\":1,\"on\":true}"));
    EXPECT(bed_has("-32003") && bed_has("interlocked") && bed_has("Motor forward is on"));
    EXPECT(!sb_get(&bed, BED_LOCKED_SWITCH)->on);
}

static void a_long_reason_for_people_is_cut_and_still_fits(void) {
    char quotes[SB_MESSAGE_OUT];
    memset(quotes, '"', sizeof quotes - 1);
    quotes[sizeof quotes - 1] = '\0';
    bed_start();
    bed_refusal = quotes;
    bed_post(1, BED_REQUEST("Switch.Set", "{\"id\":0,\"on\":true}"));
    bed_refusal = NULL;
    EXPECT(bed_has("\"reason\":\"broken\"") && bed_has("\\\"\xe2\x80\xa6\","));
    EXPECT(strlen(bed_message) <= SB_MESSAGE_OUT);
}

static void a_press_is_an_event_and_one_push_of_all_it_causes(void) {
    bed_start();
    bed_press_sets_text = true;
    uint32_t client = bed_subscribe(1);
    EXPECT(sb_press(&bed, BED_BUTTON, "press") == SB_OK && bed_presses == 1);
    bed_next(2, client);
    EXPECT(bed_has("NotifyEvent") && bed_has("\"component\":\"button:0\",\"event\":\"press\""));
    bed_next(2, client);
    EXPECT(bed_has("NotifyStatus") && bed_has("\"source\":\"physical\""));
    EXPECT(bed_has("\"light:0\":{\"on\":true}") && bed_has("\"text:0\":{\"value\":\"pressed\"}"));
    bed_call(3, client, BED_REQUEST("Button.Press", "{\"id\":0,\"event\":\"long_press\"}"));
    EXPECT(bed_has("NotifyEvent") && bed_has("\"source\":\"client:1\""));
    bed_next(3, client);
    EXPECT(bed_has("\"result\":{\"seq\":1}"));
    EXPECT(sb_press(&bed, BED_BUTTON, "shake") == SB_INVALID);
    EXPECT(sb_press(&bed, BED_LAMP, "press") == SB_INVALID);
}

static void a_cover_pushes_its_movement_before_the_answer(void) {
    bed_start();
    uint32_t client = bed_subscribe(1);
    bed_call(2, client, BED_REQUEST("Cover.Open", "{\"id\":0}"));
    EXPECT(bed_has("\"cover:0\":{\"state\":\"opening\"}") && bed_has("\"client:1\""));
    bed_next(2, client);
    EXPECT(bed_has("\"result\":{\"seq\":1}"));
}

static void a_light_fades_and_reports_its_target_at_once(void) {
    bed_start();
    bed_post(1000, BED_REQUEST("Light.Set", "{\"id\":0,\"on\":true,\"brightness\":100,"
                                            "\"transition_ms\":1000}"));
    EXPECT(sb_get(&bed, BED_LAMP)->brightness == 100 && bed_shown.brightness == 0);
    EXPECT(sb_deadline(&bed) == 1020);
    sb_tick(&bed, 1500);
    EXPECT(bed_shown.brightness == 50 && bed_shown.on);
    bed_post(1500, BED_REQUEST("Light.Set", "{\"id\":0,\"on\":false,\"transition_ms\":100}"));
    EXPECT(bed_shown.brightness == 50);
    sb_tick(&bed, 1550);
    EXPECT(bed_shown.brightness == 25);
    sb_tick(&bed, 1600);
    EXPECT(!bed_shown.on && sb_deadline(&bed) == SB_NEVER);
}

static void what_the_application_sets_has_to_fit(void) {
    sb_state state = {.fields = SB_BRIGHTNESS, .brightness = 101};
    bed_start();
    EXPECT(sb_set(&bed, BED_LAMP, SB_BRIGHTNESS, &state) == SB_INVALID);
    EXPECT(sb_set(&bed, BED_PLAIN_LIGHT, SB_BRIGHTNESS, &state) == SB_INVALID);
    EXPECT(sb_set_on(&bed, BED_SENSOR, true) == SB_INVALID);
    EXPECT(sb_set_on(&bed, 200, true) == SB_INVALID);
    EXPECT(sb_set_option(&bed, BED_SELECT, 3) == SB_INVALID);
    EXPECT(sb_set_text(&bed, BED_TEXT, "a\tb") == SB_INVALID);
    EXPECT(sb_set_value(&bed, BED_NUMBER, 101) == SB_INVALID);
    EXPECT(sb_event(&bed, BED_DOORBELL, "press") == SB_INVALID);
    EXPECT(sb_set_value(&bed, BED_SENSOR, 21.54) == SB_OK);
    EXPECT(sb_get(&bed, BED_SENSOR)->value > 21.49 && sb_get(&bed, BED_SENSOR)->value < 21.51);
    EXPECT(sb_set_value(&bed, BED_SENSOR, 0.0 / (bed_outputs - bed_outputs)) == SB_OK);
    EXPECT((sb_get(&bed, BED_SENSOR)->fields & SB_VALUE) == 0);
}

static void components_come_in_pages_that_fit(void) {
    bed_start();
    bed_post(1, BED_REQUEST("Device.GetComponents", "{\"offset\":2,\"limit\":1.0}"));
    EXPECT(bed_has("\"offset\":2,\"total\":11,\"components\":[{\"key\":\"light:0\""));
    EXPECT(!bed_has("light:1"));
    bed_post(1, BED_REQUEST("Device.GetComponents", "{\"offset\":1e300}"));
    EXPECT(bed_has("\"components\":[]"));
}

static void the_first_state_is_as_if_it_was_set(void) {
    static const sb_component components[] = {
        {.kind = SB_KIND_LIGHT,
         .name = "Lamp",
         .caps = SB_RGB,
         .ct_warmest = 2200,
         .ct_coldest = 6500,
         .initial = {.fields = SB_RGB | SB_CT, .red = 255, .ct_k = 3000}},
        {.kind = SB_KIND_NUMBER,
         .name = "Speed",
         .max = 100,
         .step = 5,
         .initial = {.fields = SB_VALUE, .value = 33}},
    };
    sb_config config = bed_config;
    config.components = components;
    config.component_count = 2;
    EXPECT(sb_init(&bed, &config, 0) == SB_OK);
    EXPECT(sb_get(&bed, 0)->fields == SB_RGB && sb_get(&bed, 0)->red == 255);
    bed_post(1, BED_REQUEST("Device.GetStatus", "{}"));
    EXPECT(bed_has("\"rgb\":[255,0,0]") && bed_has("\"ct_k\":null"));
    EXPECT(bed_has("\"number:0\":{\"value\":35,"));
}

static void a_program_with_other_sizes_than_the_library_is_refused(void) {
    bed_start();
    uint64_t before = bed.now = 7;
    EXPECT(sb_init_sized(&bed, sizeof bed - 1, &bed_config, 0) == SB_INVALID);
    EXPECT(bed.now == before && sb_get(&bed, BED_SWITCH) != NULL);
    EXPECT(strstr(sb_problem_sized(&bed, sizeof bed - 1), "different SB_ sizes") != NULL);
}

/* A select with this option besides others. */
static sb_status start_with_option(const char *option) {
    static const char *options[] = {"auto", NULL, NULL};
    static sb_component select;
    static sb_config config;
    options[1] = option;
    select = bed_components[BED_SELECT];
    config = bed_config;
    select.options = options;
    config.components = &select;
    config.component_count = 1;
    return sb_init(&bed, &config, 0);
}

static void an_option_that_cannot_be_chosen_is_refused(void) {
    char option[SB_TEXT_BYTES + 2];
    memset(option, 'x', sizeof option);
    option[SB_TEXT_BYTES + 1] = '\0';
    EXPECT(start_with_option(option) == SB_INVALID && strstr(sb_problem(&bed), "255 bytes"));
    EXPECT(start_with_option("a\nb") == SB_INVALID);
    EXPECT(start_with_option("\xff") == SB_INVALID);
    option[SB_TEXT_BYTES] = '\0';
    EXPECT(start_with_option(option) == SB_OK);
    char request[SB_TEXT_BYTES + 128];
    snprintf(request, sizeof request, BED_REQUEST("Select.Set", "{\"id\":0,\"value\":\"%s\"}"),
             option);
    bed_post(1, request);
    EXPECT(bed_has("\"result\":") && sb_get(&bed, 0)->option == 1);
}

static void a_board_that_does_not_fit_is_refused(void) {
    static sb_component many[SB_COMPONENTS + 1];
    sb_config config = bed_config;
    config.component_count = 2;
    config.components = many;
    many[0] = bed_components[BED_SWITCH];
    many[1] = bed_components[BED_SWITCH];
    EXPECT(sb_init(&bed, &config, 0) == SB_INVALID && strstr(sb_problem(&bed), "same key"));
    many[1].kind = (sb_kind)11;
    EXPECT(sb_init(&bed, &config, 0) == SB_INVALID && strstr(sb_problem(&bed), "sb_kind"));
    config.component_count = SB_COMPONENTS + 1;
    EXPECT(sb_init(&bed, &config, 0) == SB_TOO_LARGE);
    for (unsigned i = 0; i < SB_TEXTS + 1; i++) {
        many[i] = bed_components[BED_TEXT];
        many[i].number = (uint16_t)i;
    }
    config.component_count = SB_TEXTS + 1;
    EXPECT(sb_init(&bed, &config, 0) == SB_TOO_LARGE && strstr(sb_problem(&bed), "SB_TEXTS"));
    config = bed_config;
    config.id = "Lamp";
    EXPECT(sb_init(&bed, &config, 0) == SB_INVALID);
    config = bed_config;
    config.random = NULL;
    EXPECT(sb_init(&bed, &config, 0) == SB_INVALID);
}

int main(void) {
    an_id_is_sent_back_as_it_was_written();
    each_error_has_its_code_and_reason();
    a_request_without_an_id_is_carried_out_and_not_answered();
    the_last_of_two_values_counts_and_unknown_ones_do_not();
    a_push_precedes_the_answer_and_a_change_of_nothing_pushes_nothing();
    the_application_can_refuse();
    a_long_reason_for_people_is_cut_and_still_fits();
    a_press_is_an_event_and_one_push_of_all_it_causes();
    a_cover_pushes_its_movement_before_the_answer();
    a_light_fades_and_reports_its_target_at_once();
    what_the_application_sets_has_to_fit();
    components_come_in_pages_that_fit();
    the_first_state_is_as_if_it_was_set();
    a_program_with_other_sizes_than_the_library_is_refused();
    an_option_that_cannot_be_chosen_is_refused();
    a_board_that_does_not_fit_is_refused();
    return expect_end();
}
