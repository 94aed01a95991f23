#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "press BOARD button:0 [press|double_press|long_press], set BOARD switch:1 on=true, quit; "
    "BOARD is a name, \"a name\" or an id";

static command_result fail(char problem[256], const char *text, const char *what) {
    snprintf(problem, 256, text, what, usage);
    return COMMAND_FAILED;
}

static char *skip_spaces(char *text) {
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

/* Ends the first word and returns what follows it. */
static char *split_word(char *text) {
    char *end = text + strcspn(text, " \t");
    if (*end != '\0') {
        *end++ = '\0';
    }
    return skip_spaces(end);
}

/* Takes a board's name, which may contain spaces, from the start of a text: in
   quotation marks, or up to a word with a colon. Returns what follows. */
static char *take_board(char *text, char **name) {
    if (*text == '"') {
        *name = text + 1;
        char *end = strchr(*name, '"');
        if (end == NULL) {
            return NULL;
        }
        *end = '\0';
        return skip_spaces(end + 1);
    }
    *name = text;
    char *at = text;
    while (*at != '\0') {
        at += strcspn(at, " \t");
        char *next = skip_spaces(at);
        size_t word = strcspn(next, " \t");
        if (*next == '\0' || memchr(next, ':', word) != NULL) {
            *at = '\0';
            return next;
        }
        at = next;
    }
    return at;
}

static command_result press(sb_board *board, unsigned component, char *event, char problem[256]) {
    char *rest = split_word(event);
    if (*rest != '\0') {
        return fail(problem, "%s is unexpected after press", rest);
    }
    bool button = sb_configuration(board)->components[component].kind == SB_KIND_BUTTON;
    sb_status status = button ? sb_press(board, component, *event == '\0' ? "press" : event)
                              : sb_event(board, component, event);
    if (status == SB_OK) {
        return COMMAND_DONE;
    }
    return *event == '\0'
               ? fail(problem, "%s needs an event after the component, unless it is a button", "press")
               : fail(problem, "%s is not an event of this component", event);
}

/* Reads true or false. */
static bool read_bool(const char *value, bool *to) {
    *to = strcmp(value, "true") == 0;
    return *to || strcmp(value, "false") == 0;
}

/* Reads a number in these limits. */
static bool read_number(const char *value, double min, double max, double *to) {
    char *end = NULL;
    *to = strtod(value, &end);
    return end != value && *end == '\0' && *to >= min && *to <= max;
}

static bool read_whole(const char *value, double max, unsigned *to) {
    double number = 0;
    bool good = read_number(value, 0, max, &number);
    *to = good ? (unsigned)number : 0;
    return good;
}

static bool read_color(const char *value, sb_state *state) {
    unsigned red, green, blue;
    char end;
    if (sscanf(value, "[%u,%u,%u%c", &red, &green, &blue, &end) != 4 || end != ']' || red > 255 ||
        green > 255 || blue > 255) {
        return false;
    }
    state->red = (uint8_t)red;
    state->green = (uint8_t)green;
    state->blue = (uint8_t)blue;
    return true;
}

/* The index of a word in a list. */
static bool read_option(const char *const *options, const char *value, uint8_t *index) {
    for (uint8_t i = 0; options != NULL && options[i] != NULL; i++) {
        if (strcmp(options[i], value) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool read_movement(const char *value, uint8_t *movement) {
    static const char *const words[] = {
        [SB_COVER_OPEN] = "open",
        [SB_COVER_OPENING] = "opening",
        [SB_COVER_CLOSED] = "closed",
        [SB_COVER_CLOSING] = "closing",
        [SB_COVER_STOPPED] = "stopped",
        NULL,
    };
    return read_option(words, value, movement);
}

static bool read_value(const sb_component *component, const char *value, sb_state *state,
                       uint16_t *field) {
    switch (component->kind) {
    case SB_KIND_SENSOR:
    case SB_KIND_NUMBER:
        *field = SB_VALUE;
        return read_number(value, -1e300, 1e300, &state->value);
    case SB_KIND_SELECT:
        *field = SB_OPTION;
        return read_option(component->options, value, &state->option);
    case SB_KIND_TEXT:
    case SB_KIND_TEXT_SENSOR:
        *field = SB_TEXT;
        state->text = value;
        return true;
    default:
        return false;
    }
}

/* Reads one field; false if the component does not have it. */
static bool read_field(const sb_component *component, const char *name, const char *value,
                       sb_state *state, uint16_t *fields) {
    uint16_t field = 0;
    unsigned whole = 0;
    bool good = false, null = strcmp(value, "null") == 0;
    if (strcmp(name, "on") == 0) {
        field = SB_ON;
        good = read_bool(value, &state->on);
    } else if (strcmp(name, "brightness") == 0) {
        field = SB_BRIGHTNESS;
        good = read_whole(value, 100, &whole);
        state->brightness = (uint8_t)whole;
    } else if (strcmp(name, "rgb") == 0) {
        field = SB_RGB;
        good = read_color(value, state);
    } else if (strcmp(name, "ct_k") == 0) {
        field = SB_CT;
        good = read_whole(value, 65535, &whole);
        state->ct_k = (uint16_t)whole;
    } else if (strcmp(name, "effect") == 0) {
        field = SB_EFFECT;
        good = read_option(component->options, value, &state->effect);
    } else if (strcmp(name, "state") == 0) {
        field = SB_MOVEMENT;
        good = read_movement(value, &state->movement);
    } else if (strcmp(name, "position") == 0) {
        field = SB_POSITION;
        good = read_whole(value, 100, &whole);
        state->position = (uint8_t)whole;
    } else if (strcmp(name, "value") == 0) {
        good = read_value(component, null ? "0" : value, state, &field) || (null && field != 0);
    }
    *fields |= field;
    if (good && !null) {
        state->fields |= field;
    }
    return field != 0 && (good || null);
}

/* Takes a value from the start of a text: in quotation marks, or a word.
   Returns what follows it. */
static char *take_value(char *text, char **value) {
    if (*text == '"') {
        char *end = strchr(text + 1, '"');
        if (end != NULL && (end[1] == ' ' || end[1] == '\0')) {
            *value = text + 1;
            *end = '\0';
            return skip_spaces(end + 1);
        }
    }
    *value = text;
    return split_word(text);
}

static command_result set(sb_board *board, unsigned component, char *rest, char problem[256]) {
    const sb_component *what = &sb_configuration(board)->components[component];
    sb_state state;
    uint16_t fields = 0;
    memset(&state, 0, sizeof state);
    if (*rest == '\0') {
        return fail(problem, "set needs fields after the component, for example on=true%s", "");
    }
    while (*rest != '\0') {
        char *name = rest, *value = NULL;
        size_t length = strcspn(rest, "= \t");
        if (rest[length] != '=' || length == 0) {
            split_word(rest);
            return fail(problem, "%s is not a field; fields are name=value, for example on=true",
                        rest);
        }
        rest[length] = '\0';
        rest = take_value(rest + length + 1, &value);
        if (!read_field(what, name, value, &state, &fields)) {
            return fail(problem, "%s cannot be set to this", name);
        }
    }
    return sb_set(board, component, fields, &state) == SB_OK
               ? COMMAND_DONE
               : fail(problem, "this component cannot be set to this%s", "");
}

command_result command_run(sb_board *board, char *line, char problem[256]) {
    char *word = skip_spaces(line);
    word[strcspn(word, "\r\n")] = '\0';
    char *rest = split_word(word);
    bool presses = strcmp(word, "press") == 0;
    if (*word == '\0') {
        return COMMAND_DONE;
    }
    if (strcmp(word, "quit") == 0) {
        return *rest == '\0' ? COMMAND_QUIT : fail(problem, "%s is unexpected after quit", rest);
    }
    if (!presses && strcmp(word, "set") != 0) {
        return fail(problem, "%s is not a command. Accepted: %s", word);
    }
    char *name = NULL;
    char *key = take_board(rest, &name);
    if (key == NULL) {
        return fail(problem, "the name %s has no closing quotation mark", name);
    }
    if (*name == '\0') {
        return fail(problem, "%s needs a board. Accepted: %s", word);
    }
    if (strcmp(name, sb_configuration(board)->id) != 0 && strcmp(name, sb_name(board)) != 0) {
        return fail(problem, "no board has the name or id %s", name);
    }
    rest = split_word(key);
    int component = sb_find(board, key);
    if (*key == '\0' || component < 0) {
        return fail(problem, "%s is not a component of this board, for example switch:1", key);
    }
    return presses ? press(board, (unsigned)component, rest, problem)
                   : set(board, (unsigned)component, rest, problem);
}
