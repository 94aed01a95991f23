/* Declarations that the files of the core share. Not for applications. */
#ifndef SWITCHBOARD_CORE_H
#define SWITCHBOARD_CORE_H

#include "switchboard.h"

#include "json.h"
#include "writer.h"

/* Limits of docs/protocol.md. Times are in milliseconds. */
#define SBI_REQUEST_ID 64
/* Shorter if the answer would not fit: each character may be escaped, and up to
 * 300 bytes surround them. */
#define SBI_ERROR_MESSAGE (SB_MESSAGE_OUT >= 1500 ? 600 : (SB_MESSAGE_OUT - 300) / 2)
#define SBI_LOG_LINE 240
#define SBI_TELEMETRY_INTERVAL 50
#define SBI_TRANSITION 10000
#define SBI_BATCH 100 /* between two batches of changes */
#define SBI_PING_AFTER 20000
#define SBI_DROP_AFTER 60000
#define SBI_REBOOT_AFTER 500

/* Bytes after the list of a page: its end and that of the response. */
#define SBI_ENVELOPE_END 3

/* The most messages that one request adds to a queue: the batch before it, its
 * event, its change and its answer. */
#define SBI_ROOM_FOR_A_REQUEST 4

/* Codes of errors. */
#define SBI_PARSE_ERROR (-32700)
#define SBI_INVALID_REQUEST (-32600)
#define SBI_NO_METHOD (-32601)
#define SBI_INVALID_PARAMS (-32602)
#define SBI_NOT_FOUND (-32001)
#define SBI_UNAVAILABLE (-32002)
#define SBI_PRECONDITION (-32003)
#define SBI_EXHAUSTED (-32005)

typedef enum sb_cause_kind {
    SBI_SEVERAL, /* more than one cause: no `source` */
    SBI_CLIENT,
    SBI_PHYSICAL
} sb_cause_kind;

typedef enum sb_closing {
    SBI_OPEN,
    SBI_CLOSE_PENDING, /* after the queued messages */
    SBI_CLOSE_SENT
} sb_closing;

typedef enum sb_rebooting {
    SBI_RUNNING,
    SBI_REBOOT_REQUESTED, /* the answer is not queued yet */
    SBI_REBOOT_DUE        /* all clients were told, or are being told */
} sb_rebooting;

/* A request that is being carried out. */
typedef struct sb_request {
    sb_json json;
    int params;      /* token of the object, or -1 */
    uint32_t caller; /* number of the controller; 0 for POST */
    const char *method;
    const char *id; /* as JSON; NULL for a notification */
    size_t id_length;
} sb_request;

/* What a command sets of a component. `state.text` points to `text`. */
typedef struct sb_change {
    uint16_t fields;
    uint32_t transition;
    sb_state state;
    char text[SB_TEXT_BYTES + 1];
} sb_change;

/* board.c */
uint64_t sbi_uptime(const sb_board *board);
sb_cause sbi_client_cause(uint32_t client);
sb_cause sbi_physical(void);
void sbi_write_source(sb_writer *w, sb_cause cause);
void sbi_announce_reboot(sb_board *board);

/* error.c */
bool sbi_fail(sb_board *board, int code, const char *reason, const char *format, ...)
    SBI_PRINTF(4, 5);
void sbi_write_error(sb_writer *w, const sb_board *board, const char *id, size_t id_length);
/* Space for an excerpt: 40 characters of at most four bytes, and "…". */
#define SBI_EXCERPT 168
const char *sbi_clip(char buffer[SBI_EXCERPT], const char *text, size_t length);

/* kind.c */
const char *sbi_kind_name(sb_kind kind);
bool sbi_has_state(sb_kind kind);
bool sbi_is_output(sb_kind kind);
uint16_t sbi_fields(const sb_component *component);
const char *sbi_field_name(uint16_t field);
unsigned sbi_count(const char *const *words);
int sbi_word(const char *const *words, const char *word);
extern const char *const sbi_button_events[];
extern const char *const sbi_cover_states[];
void sbi_write_key(sb_writer *w, const sb_component *component);
void sbi_write_words(sb_writer *w, const char *const *words);
void sbi_write_description(sb_writer *w, const sb_component *component);
void sbi_write_fields(sb_writer *w, const sb_component *component, const sb_state *state,
                      uint16_t fields);
void sbi_write_state(sb_writer *w, const sb_component *component, const sb_state *state);
size_t sbi_largest_state(const sb_component *component);

/* check.c */
bool sbi_is_line(const char *text, size_t length);
sb_status sbi_check_config(sb_board *board);

sb_status sbi_check_sizes(sb_board *board);

/* app.c */
bool sbi_state_fits(const sb_component *component, uint16_t fields, const sb_state *state);
void sbi_normalize(const sb_component *component, uint16_t *fields, sb_state *state);
void sbi_rename(sb_board *board, const char *name, sb_cause cause);

/* change.c */
uint16_t sbi_differing(const sb_state *a, const sb_state *b, uint16_t fields);
void sbi_copy_fields(sb_state *to, const sb_state *from, uint16_t fields);
void sbi_store(sb_board *board, unsigned at, const sb_state *from, uint16_t fields);
void sbi_apply(sb_board *board, unsigned at, const sb_state *target, uint16_t fields,
               uint32_t transition, sb_cause cause);
void sbi_add_to_batch(sb_board *board, unsigned at, uint16_t fields, sb_cause cause);
void sbi_merge(sb_changes *into, const sb_changes *changes);
void sbi_flush(sb_board *board);
void sbi_begin_command(sb_board *board, sb_cause cause);
void sbi_end_command(sb_board *board);
/* Asks the application whether it accepts a command. */
bool sbi_ask(sb_board *board, const sb_command *command);
/* Sets an output within a command; false if the application refuses. */
bool sbi_set_output(sb_board *board, unsigned at, const sb_state *state, uint16_t fields,
                    uint32_t transition);
void sbi_pressed(sb_board *board, unsigned at, const char *event);

/* fade.c */
void sbi_start_fade(sb_board *board, unsigned at, const sb_state *from, uint32_t duration);
void sbi_shown(const sb_board *board, unsigned at, sb_state *shown);
void sbi_step_fades(sb_board *board);
uint64_t sbi_fade_deadline(const sb_board *board);
void sbi_show(sb_board *board, unsigned at, const sb_state *shown);

/* rules.c */
bool sbi_read_change(sb_board *board, const sb_request *request, unsigned at, sb_change *change);
bool sbi_read_transition(sb_board *board, const sb_request *request, uint32_t *transition);

/* params.c */
int sbi_param(const sb_request *request, const char *name);
bool sbi_is_number(const sb_request *request, int token);
bool sbi_missing(sb_board *board, const sb_request *request, const char *name,
                 const char *accepted);
bool sbi_refuse_value(sb_board *board, const sb_request *request, const char *reason,
                      const char *name, const char *accepted, int token);
bool sbi_whole(sb_board *board, const sb_request *request, const char *name, int token,
               uint64_t min, uint64_t max, const char *unit, uint64_t *number);
bool sbi_page(sb_board *board, const sb_request *request, uint64_t *offset, uint64_t *limit);
bool sbi_text(sb_board *board, const sb_request *request, const char *name, const char *accepted,
              int token, char *buffer, size_t capacity, size_t *length);
bool sbi_check_line(sb_board *board, const char *name, const char *text, size_t length,
                    size_t min, size_t max);
bool sbi_option(sb_board *board, const sb_request *request, const char *name, int token,
                const char *const *words, uint8_t *index);
bool sbi_target(sb_board *board, const sb_request *request, sb_kind kind, unsigned *at);

/* methods.c */
size_t sbi_carry_out(sb_board *board, uint32_t caller, const char *text, size_t length);
bool sbi_fail_rebooting(sb_board *board);

/* commands.c */
bool sbi_set_switch(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_set_light(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_set_number(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_set_select(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_set_text(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_toggle(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_cover_open(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_cover_close(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_cover_stop(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_cover_set(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_button_press(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_done(const sb_board *board, sb_writer *result);

/* device.c */
bool sbi_get_info(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_get_components(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_get_status(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_subscribe(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_set_name(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_identify(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_reboot(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_ping(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_log_subscribe(sb_board *board, const sb_request *request, sb_writer *result);
void sbi_write_info(sb_writer *w, const sb_board *board);
void sbi_write_snapshot(sb_writer *w, const sb_board *board, uint32_t caller);

/* clients.c */
const sb_contact *sbi_contact_at(const sb_board *board, unsigned i);
const sb_contact *sbi_const_contact(const sb_board *board, uint32_t number);
sb_contact *sbi_contact(sb_board *board, uint32_t number);
sb_controller *sbi_controller(sb_board *board, uint32_t number);
const sb_controller *sbi_const_controller(const sb_board *board, uint32_t number);
sb_reader *sbi_reader(sb_board *board, uint32_t number);
const sb_reader *sbi_const_reader(const sb_board *board, uint32_t number);
void sbi_close(sb_board *board, sb_contact *contact, uint16_t code, const char *reason);
void sbi_keep_alive(sb_board *board);
uint64_t sbi_liveness_deadline(const sb_board *board);

/* listing.c */
bool sbi_list_clients(sb_board *board, const sb_request *request, sb_writer *result);
bool sbi_close_client(sb_board *board, const sb_request *request, sb_writer *result);

/* queue.c */
void sbi_clear_queue(sb_controller *controller);
bool sbi_has_room(const sb_controller *controller);
void sbi_queue_answer(sb_board *board, sb_controller *controller, const char *text,
                      size_t length);
void sbi_push_status(sb_board *board, const sb_changes *changes);
void sbi_push_event(sb_board *board, const sb_component *component, const char *event,
                    const char *name, sb_cause cause);
void sbi_push_rebooting(sb_board *board, sb_cause cause);
size_t sbi_take(sb_board *board, sb_controller *controller);

/* log.c */
bool sbi_log_records(const sb_board *board, sb_level level);
void sbi_logf(sb_board *board, sb_level level, const char *format, ...) SBI_PRINTF(3, 4);
void sbi_open_log(sb_board *board, sb_log_reader *reader, sb_level level);
void sbi_close_log(sb_board *board, sb_log_reader *reader);
bool sbi_log_unread(const sb_board *board, const sb_log_reader *reader);
void sbi_log_unread_size(const sb_board *board, const sb_log_reader *reader, uint64_t *lines,
                         uint64_t *bytes);
uint64_t sbi_log_lost(const sb_board *board, const sb_log_reader *reader);
size_t sbi_log_notification(sb_board *board, sb_log_reader *reader);
size_t sbi_log_text(sb_board *board, sb_reader *reader);
const char *sbi_level_name(unsigned level);

/* telemetry.c */
bool sbi_has_telemetry(const sb_board *board);
void sbi_open_telemetry(sb_board *board, sb_reader *reader);
void sbi_close_telemetry(sb_board *board);
void sbi_end_frame(sb_board *board);
uint64_t sbi_telemetry_deadline(const sb_board *board);
bool sbi_telemetry_unread(const sb_board *board, const sb_reader *reader);
void sbi_telemetry_unread_size(const sb_board *board, const sb_reader *reader, uint64_t *frames,
                               uint64_t *bytes);
size_t sbi_telemetry_description(sb_board *board);
const uint8_t *sbi_telemetry_frame(sb_board *board, sb_reader *reader, size_t *length);

#endif
