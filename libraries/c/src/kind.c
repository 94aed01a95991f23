/* Kinds of components: their names and fields, and both as JSON. */
#include "core.h"

#include <string.h>

const char *const sbi_button_events[] = {"press", "double_press", "long_press", NULL};
const char *const sbi_cover_states[] = {"open", "opening", "closed", "closing", "stopped", NULL};

const char *sbi_kind_name(sb_kind kind) {
    static const char *const names[] = {
        "switch", "binary_sensor", "light", "cover",  "sensor", "number",
        "select", "text",          "text_sensor", "button", "event",
    };
    return (unsigned)kind <= SB_KIND_EVENT ? names[kind] : "";
}

bool sbi_has_state(sb_kind kind) {
    return kind != SB_KIND_BUTTON && kind != SB_KIND_EVENT;
}

bool sbi_is_output(sb_kind kind) {
    return kind == SB_KIND_SWITCH || kind == SB_KIND_LIGHT || kind == SB_KIND_NUMBER ||
           kind == SB_KIND_SELECT || kind == SB_KIND_TEXT;
}

static uint16_t light_fields(const sb_component *light) {
    uint16_t fields = light->caps & (SB_BRIGHTNESS | SB_RGB | SB_WHITE);
    fields |= SB_ON;
    if (light->ct_warmest > 0) {
        fields |= SB_CT;
    }
    if (sbi_count(light->options) > 0) {
        fields |= SB_EFFECT;
    }
    if (sbi_count(light->palettes) > 0) {
        fields |= SB_PALETTE;
    }
    return fields;
}

uint16_t sbi_fields(const sb_component *component) {
    switch (component->kind) {
    case SB_KIND_SWITCH:
    case SB_KIND_BINARY_SENSOR:
        return SB_ON;
    case SB_KIND_LIGHT:
        return light_fields(component);
    case SB_KIND_COVER:
        return SB_MOVEMENT | SB_POSITION;
    case SB_KIND_SENSOR:
    case SB_KIND_NUMBER:
        return SB_VALUE;
    case SB_KIND_SELECT:
        return SB_OPTION;
    case SB_KIND_TEXT:
    case SB_KIND_TEXT_SENSOR:
        return SB_TEXT;
    default:
        return 0;
    }
}

const char *sbi_field_name(uint16_t field) {
    switch (field) {
    case SB_ON:
        return "on";
    case SB_BRIGHTNESS:
        return "brightness";
    case SB_RGB:
        return "rgb";
    case SB_CT:
        return "ct_k";
    case SB_WHITE:
        return "white";
    case SB_EFFECT:
        return "effect";
    case SB_PALETTE:
        return "palette";
    case SB_MOVEMENT:
        return "state";
    case SB_POSITION:
        return "position";
    default:
        return "value";
    }
}

unsigned sbi_count(const char *const *words) {
    unsigned count = 0;
    while (words != NULL && words[count] != NULL) {
        count++;
    }
    return count;
}

int sbi_word(const char *const *words, const char *word) {
    for (unsigned i = 0; i < sbi_count(words); i++) {
        if (strcmp(words[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void sbi_write_key(sb_writer *w, const sb_component *component) {
    sbi_format(w, "%s:%u", sbi_kind_name(component->kind), (unsigned)component->number);
}

void sbi_write_words(sb_writer *w, const char *const *words) {
    sbi_put(w, '[');
    for (unsigned i = 0; i < sbi_count(words); i++) {
        if (i > 0) {
            sbi_put(w, ',');
        }
        sbi_json_text(w, words[i]);
    }
    sbi_put(w, ']');
}

static void write_optional(sb_writer *w, const char *name, const char *text) {
    if (text != NULL) {
        sbi_format(w, ",\"%s\":", name);
        sbi_json_text(w, text);
    }
}

/* One capability, after a comma if there was one before. */
static void write_cap(sb_writer *w, bool *any, const char *name) {
    sbi_format(w, "%s\"%s\":", *any ? "," : "", name);
    *any = true;
}

static void write_caps(sb_writer *w, const sb_component *component) {
    uint16_t fields = sbi_fields(component);
    bool any = false;
    sbi_str(w, ",\"caps\":{");
    static const uint16_t plain[] = {SB_BRIGHTNESS, SB_RGB, SB_WHITE};
    for (unsigned i = 0; i < 3 && component->kind == SB_KIND_LIGHT; i++) {
        if ((fields & plain[i]) != 0) {
            write_cap(w, &any, sbi_field_name(plain[i]));
            sbi_str(w, "true");
        }
    }
    if ((fields & SB_CT) != 0) {
        write_cap(w, &any, "ct_k");
        sbi_format(w, "[%u,%u]", (unsigned)component->ct_warmest,
                   (unsigned)component->ct_coldest);
    }
    if ((fields & SB_EFFECT) != 0) {
        write_cap(w, &any, "effects");
        sbi_write_words(w, component->options);
    }
    if ((fields & SB_PALETTE) != 0) {
        write_cap(w, &any, "palettes");
        sbi_write_words(w, component->palettes);
    }
    if (component->kind == SB_KIND_COVER) {
        write_cap(w, &any, "position");
        sbi_str(w, "true");
    }
    sbi_put(w, '}');
}

static bool has_caps(const sb_component *component) {
    if (component->kind == SB_KIND_COVER) {
        return (component->caps & SB_POSITION) != 0;
    }
    return component->kind == SB_KIND_LIGHT && sbi_fields(component) != SB_ON;
}

void sbi_write_description(sb_writer *w, const sb_component *component) {
    sbi_str(w, "{\"key\":\"");
    sbi_write_key(w, component);
    sbi_format(w, "\",\"kind\":\"%s\",\"name\":", sbi_kind_name(component->kind));
    sbi_json_text(w, component->name);
    write_optional(w, "device_class", component->device_class);
    write_optional(w, "unit_of_measurement", component->unit);
    if (component->kind == SB_KIND_SENSOR) {
        sbi_format(w, ",\"accuracy_decimals\":%u", (unsigned)component->decimals);
        write_optional(w, "state_class", component->state_class);
    }
    if (component->category != SB_PRIMARY) {
        write_optional(w, "entity_category",
                       component->category == SB_CONFIG ? "config" : "diagnostic");
    }
    write_optional(w, "icon", component->icon);
    if (component->kind == SB_KIND_EVENT) {
        sbi_str(w, ",\"event_types\":");
        sbi_write_words(w, component->options);
    }
    if (has_caps(component)) {
        write_caps(w, component);
    }
    if (component->extra != NULL) {
        sbi_format(w, ",%s", component->extra);
    }
    sbi_put(w, '}');
}

static void write_word(sb_writer *w, const char *const *words, unsigned index) {
    if (index < sbi_count(words)) {
        sbi_json_text(w, words[index]);
    } else {
        sbi_str(w, "null");
    }
}

static void write_value(sb_writer *w, const sb_component *component, const sb_state *state,
                        uint16_t field) {
    switch (field) {
    case SB_ON:
        sbi_str(w, state->on ? "true" : "false");
        break;
    case SB_BRIGHTNESS:
        sbi_unsigned(w, state->brightness);
        break;
    case SB_RGB:
        sbi_format(w, "[%u,%u,%u]", (unsigned)state->red, (unsigned)state->green,
                   (unsigned)state->blue);
        break;
    case SB_CT:
        sbi_unsigned(w, state->ct_k);
        break;
    case SB_WHITE:
        sbi_unsigned(w, state->white);
        break;
    case SB_EFFECT:
        write_word(w, component->options, state->effect);
        break;
    case SB_PALETTE:
        write_word(w, component->palettes, state->palette);
        break;
    case SB_MOVEMENT:
        write_word(w, sbi_cover_states, state->movement);
        break;
    case SB_POSITION:
        sbi_unsigned(w, state->position);
        break;
    case SB_OPTION:
        write_word(w, component->options, state->option);
        break;
    case SB_TEXT:
        sbi_json_text(w, state->text);
        break;
    default:
        sbi_number(w, state->value);
        break;
    }
}

/* Members without the braces; a comma before each but the first. */
static void write_members(sb_writer *w, const sb_component *component, const sb_state *state,
                          uint16_t fields) {
    bool any = false;
    for (unsigned bit = 0; bit < 16; bit++) {
        uint16_t field = (uint16_t)(1u << bit);
        if ((fields & field) == 0) {
            continue;
        }
        sbi_format(w, "%s\"%s\":", any ? "," : "", sbi_field_name(field));
        any = true;
        if ((state->fields & field) == 0) {
            sbi_str(w, "null");
        } else {
            write_value(w, component, state, field);
        }
    }
}

void sbi_write_fields(sb_writer *w, const sb_component *component, const sb_state *state,
                      uint16_t fields) {
    sbi_str(w, ",\"");
    sbi_write_key(w, component);
    sbi_str(w, "\":{");
    write_members(w, component, state, fields);
    sbi_put(w, '}');
}

void sbi_write_state(sb_writer *w, const sb_component *component, const sb_state *state) {
    sbi_str(w, ",\"");
    sbi_write_key(w, component);
    sbi_str(w, "\":{");
    write_members(w, component, state, sbi_fields(component));
    if (component->kind == SB_KIND_NUMBER) {
        sbi_str(w, ",\"min\":");
        sbi_number(w, component->min);
        sbi_str(w, ",\"max\":");
        sbi_number(w, component->max);
        sbi_str(w, ",\"step\":");
        sbi_number(w, component->step);
    } else if (component->kind == SB_KIND_SELECT) {
        sbi_str(w, ",\"options\":");
        sbi_write_words(w, component->options);
    }
    sbi_put(w, '}');
}
