/*
 * Checks before the start: that the configuration is valid, and that
 * every message of the board fits, computed from the largest values.
 */
#include "core.h"

#include <string.h>

#if SB_COMPONENTS < 1 || SB_COMPONENTS > 255
#error "SB_COMPONENTS is 1 to 255"
#endif
#if SB_CONTROLLERS < 1
#error "SB_CONTROLLERS has to be at least 1"
#endif

static sb_status invalid(sb_board *board, const char *what, const char *rule) {
    (void)sbi_fail(board, 0, "invalid", "%s: %s", what, rule);
    return SB_INVALID;
}

static bool is_id(const char *id) {
    size_t length = strlen(id);
    if (length == 0 || length > 63) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char c = id[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

/* A text of the configuration: 1 to `most` bytes, without control characters. */
static bool is_text(const char *text, size_t most) {
    return text != NULL && text[0] != '\0' && strlen(text) <= most &&
           sbi_is_line(text, strlen(text));
}

static sb_status check_identity(sb_board *board) {
    const sb_config *config = board->config;
    if (config->id == NULL || !is_id(config->id)) {
        return invalid(board, "id", "1 to 63 lowercase letters, digits and hyphens");
    }
    if (config->name != NULL && !is_text(config->name, SB_NAME_BYTES)) {
        return invalid(board, "name", "1 to 63 bytes without control characters");
    }
    if (!is_text(config->mac, 17) || strlen(config->mac) != 17) {
        return invalid(board, "mac", "as in 02:00:00:0a:1b:2c");
    }
    if (!is_text(config->version, 32) || !is_text(config->platform, 32) ||
        !is_text(config->product, 64)) {
        return invalid(board, "version, platform, product",
                       "1 to 32, 32 and 64 bytes without control characters");
    }
    if (config->reset_reason != NULL && !is_text(config->reset_reason, 32)) {
        return invalid(board, "reset_reason", "1 to 32 bytes without control characters");
    }
    return config->random != NULL ? SB_OK : invalid(board, "random", "is required");
}

static sb_status check_channels(sb_board *board) {
    const sb_config *config = board->config;
    if (config->channel_count > 16) {
        return invalid(board, "channel_count", "0 to 16");
    }
    if (config->channel_count > 0 && config->interval_us == 0) {
        return invalid(board, "interval_us", "at least 1");
    }
    for (unsigned i = 0; i < config->channel_count; i++) {
        if (!is_text(config->channels[i].name, 63)) {
            return invalid(board, "channels", "a name has 1 to 63 bytes");
        }
    }
    return SB_OK;
}

/* Whether a client can choose each of these words: a parameter has no more
 * bytes (`sbi_json_equals`). */
static bool are_words(const char *const *words) {
    for (unsigned i = 0; i < sbi_count(words); i++) {
        if (strlen(words[i]) > SB_TEXT_BYTES || !sbi_is_line(words[i], strlen(words[i]))) {
            return false;
        }
    }
    return true;
}

/* What is wrong with a component; NULL if nothing is. */
static const char *problem_of(const sb_component *component) {
    if ((unsigned)component->kind > SB_KIND_EVENT) {
        return "kind is one of sb_kind";
    }
    if (!is_text(component->name, 63)) {
        return "name has 1 to 63 bytes without control characters";
    }
    if (component->kind == SB_KIND_NUMBER &&
        !(component->min < component->max && component->step > 0)) {
        return "a number needs min < max and step > 0";
    }
    bool chooses = component->kind == SB_KIND_SELECT || component->kind == SB_KIND_EVENT;
    if (chooses && sbi_count(component->options) == 0) {
        return "options are required";
    }
    if (sbi_count(component->options) > UINT8_MAX || sbi_count(component->palettes) > UINT8_MAX) {
        return "a list has at most 255 words";
    }
    if (!are_words(component->options) || !are_words(component->palettes)) {
        return "options and palettes have at most 255 bytes without control characters";
    }
    if (component->kind == SB_KIND_LIGHT && component->ct_warmest > component->ct_coldest) {
        return "ct_warmest is at most ct_coldest";
    }
    if (component->kind == SB_KIND_SENSOR && component->decimals > 9) {
        return "decimals is at most 9";
    }
    if (!sbi_state_fits(component, sbi_fields(component) & component->initial.fields,
                        &component->initial)) {
        return "its initial state has a value that it does not accept";
    }
    return NULL;
}

static sb_status invalid_component(sb_board *board, unsigned at, const char *rule) {
    (void)sbi_fail(board, 0, "invalid", "component %u: %s", at, rule);
    return SB_INVALID;
}

static bool is_toggled(const sb_board *board, const char *key) {
    int at = sb_find(board, key);
    if (at < 0) {
        return false;
    }
    sb_kind kind = board->config->components[at].kind;
    return kind == SB_KIND_SWITCH || kind == SB_KIND_LIGHT;
}

static sb_status check_component(sb_board *board, unsigned at) {
    const sb_component *component = &board->config->components[at];
    const char *problem = problem_of(component);
    if (problem != NULL) {
        return invalid_component(board, at, problem);
    }
    for (unsigned i = 0; i < at; i++) {
        const sb_component *other = &board->config->components[i];
        if (other->kind == component->kind && other->number == component->number) {
            return invalid_component(board, at, "another one has the same key");
        }
    }
    if (component->toggles != NULL && !is_toggled(board, component->toggles)) {
        return invalid_component(board, at, "toggles is the key of a switch or light");
    }
    return SB_OK;
}

static sb_status check_count(sb_board *board) {
    const sb_config *config = board->config;
    unsigned texts = 0;
    for (unsigned at = 0; at < config->component_count && at < SB_COMPONENTS; at++) {
        sb_kind kind = config->components[at].kind;
        texts += kind == SB_KIND_TEXT || kind == SB_KIND_TEXT_SENSOR ? 1u : 0u;
    }
    if (config->component_count > SB_COMPONENTS) {
        (void)sbi_fail(board, 0, "too_large", "%u components; SB_COMPONENTS is %u",
                       config->component_count, (unsigned)SB_COMPONENTS);
        return SB_TOO_LARGE;
    }
    if (texts > SB_TEXTS) {
        (void)sbi_fail(board, 0, "too_large", "%u texts; SB_TEXTS is %u", texts,
                       (unsigned)SB_TEXTS);
        return SB_TOO_LARGE;
    }
    return SB_OK;
}

sb_status sbi_check_config(sb_board *board) {
    sb_status status = check_identity(board);
    if (status == SB_OK) {
        status = check_channels(board);
    }
    if (status == SB_OK) {
        status = check_count(board);
    }
    for (unsigned at = 0; status == SB_OK && at < board->config->component_count; at++) {
        status = check_component(board, at);
    }
    return status;
}

static size_t longest_word(const char *const *words) {
    size_t longest = 4; /* null */
    for (unsigned i = 0; i < sbi_count(words); i++) {
        sb_writer w = sbi_writer(NULL, 0);
        sbi_json_text(&w, words[i]);
        longest = w.length > longest ? w.length : longest;
    }
    return longest;
}

/* Most bytes of the value of a field. */
static size_t longest_value(const sb_component *component, uint16_t field) {
    switch (field) {
    case SB_RGB:
        return sizeof "[255,255,255]" - 1;
    case SB_EFFECT:
    case SB_OPTION:
        return longest_word(component->options);
    case SB_PALETTE:
        return longest_word(component->palettes);
    case SB_MOVEMENT:
        return sizeof "\"stopped\"" - 1;
    case SB_TEXT:
        return 2 * SB_TEXT_BYTES + 2; /* an escaped character takes two bytes */
    case SB_VALUE:
        return sizeof "-1.2345678901234567e-308" - 1;
    default:
        return 5; /* false, 65535 */
    }
}

size_t sbi_largest_state(const sb_component *component) {
    sb_state empty;
    memset(&empty, 0, sizeof empty);
    sb_writer w = sbi_writer(NULL, 0);
    sbi_write_state(&w, component, &empty); /* null has four bytes */
    size_t largest = w.length;
    for (unsigned bit = 0; bit < 16; bit++) {
        uint16_t field = (uint16_t)(1u << bit);
        if ((sbi_fields(component) & field) != 0) {
            largest += longest_value(component, field) - 4;
        }
    }
    return largest;
}

static sb_status too_large(sb_board *board, const char *what, size_t bytes) {
    (void)sbi_fail(board, 0, "too_large", "%s may need %u bytes; SB_MESSAGE_OUT is %u", what,
                   (unsigned)bytes, (unsigned)SB_MESSAGE_OUT);
    return SB_TOO_LARGE;
}

sb_status sbi_check_sizes(sb_board *board) {
    const sb_config *config = board->config;
    /* The envelope of a response or a push, with the largest numbers. */
    size_t states = 256;
    for (unsigned at = 0; at < config->component_count; at++) {
        const sb_component *component = &config->components[at];
        if (sbi_has_state(component->kind)) {
            states += sbi_largest_state(component);
        }
        sb_writer w = sbi_writer(NULL, 0);
        sbi_write_description(&w, component);
        if (w.length + 256 > SB_MESSAGE_OUT) {
            return too_large(board, component->name, w.length + 256);
        }
    }
    if (states > SB_MESSAGE_OUT) {
        return too_large(board, "the state of all components", states);
    }
    sb_writer w = sbi_writer(NULL, 0);
    sbi_write_info(&w, board);
    /* The name may become longer, and each of its characters may be escaped. */
    size_t info = w.length + 2 * SB_NAME_BYTES + 128;
    if (info > SB_MESSAGE_OUT) {
        return too_large(board, "Device.GetInfo", info);
    }
    if (sbi_has_telemetry(board)) {
        w.length = sbi_telemetry_description(board) + 20;
        if (w.length > SB_MESSAGE_OUT || w.length > SB_FRAME_BYTES) {
            return too_large(board, "the description of telemetry", w.length);
        }
    }
    return SB_OK;
}
