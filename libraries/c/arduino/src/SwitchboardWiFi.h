/*
 * Switchboard for the ESP32 core of Arduino, 3.0 or later: a board that is
 * served from `loop`.
 *
 *     #include <SwitchboardWiFi.h>
 *
 *     const sb_component components[] = {SB_LIGHT(0, "Lamp")};
 *     SwitchboardWiFi board("Desk lamp", components);
 *
 *     void setup() {
 *       Serial.begin(115200);
 *       pinMode(2, OUTPUT);
 *       board.onOutput([](unsigned, const sb_state &shown) { digitalWrite(2, shown.on); });
 *       WiFi.begin("network", "password");
 *     }
 *
 *     void loop() { board.loop(); }
 *
 * Everything runs in the task of `loop`: there are no locks, and nothing is
 * served during a `delay`. Use `board.loop(100)` in its place, which serves for
 * up to 100 ms.
 *
 * Never run: the library was type-checked against headers that declare what it
 * uses, and its examples run on Linux against an imitation of the core. It has
 * not run on a chip.
 */
#ifndef SWITCHBOARD_WIFI_H
#define SWITCHBOARD_WIFI_H

#include <Arduino.h>
#include <WiFi.h>

#include "switchboard.h"

/* A board on Wi-Fi. There can be one. */
class SwitchboardWiFi {
  public:
    /* `name` is for display; a name that a controller set, which NVS keeps in
     * the namespace `switchboard`, replaces it. Both arguments have to stay
     * valid: make them global. */
    template <unsigned N>
    SwitchboardWiFi(const char *name, const sb_component (&components)[N])
        : SwitchboardWiFi(name, components, N) {}

    /* A switch, light, number, select or text has to show this state: at the
     * start, after each change, and during a fade. `component` is its place in
     * the table, from 0. */
    void onOutput(void (*output)(unsigned component, const sb_state &shown)) { output_ = output; }

    /* A client commands something. Return false to refuse it, after
     * `refuse`. */
    void onCommand(bool (*command)(const sb_command &command)) { command_ = command; }

    /* A button was pressed, by a client or by `press`: "press", "double_press"
     * or "long_press". */
    void onPress(void (*pressed)(unsigned component, const char *event)) { pressed_ = pressed; }

    /* The version of the firmware; "0.1.0" if nothing else is said. */
    void version(const char *text) { config_.version = text; }

    /*
     * Starts the server and announces the board, at the first call after Wi-Fi
     * is connected; then serves what is due, for up to `wait_ms`. Call it
     * always. Errors are written to `Serial`, which `setup` has to begin.
     */
    void loop(uint32_t wait_ms = 0);

    /* Whether the board is served. */
    bool started() const { return state_ == State::Started; }

    /* What the board reports; false if there is no such component or it has no
     * such value. Before the start they have no effect. */
    bool set(unsigned component, bool on);
    bool set(unsigned component, double value);
    bool set(unsigned component, int value) { return set(component, static_cast<double>(value)); }
    bool set(unsigned component, const char *text);
    bool press(unsigned component, const char *event = "press");
    bool event(unsigned component, const char *event);
    void log(const char *message);

    /* In `onCommand`: why it is refused, as a word for programs and as a
     * sentence. Returns false. */
    bool refuse(const char *reason, const char *message);

    /* For everything else of switchboard.h. */
    sb_board *board();

  private:
    enum class State { Waiting, Started, Failed };

    SwitchboardWiFi(const char *name, const sb_component *components, unsigned count);
    void start();

    static bool command(sb_board *board, const sb_command *command, void *context);
    static void output(sb_board *board, unsigned component, const sb_state *shown, void *context);
    static void pressed(sb_board *board, unsigned component, const char *event, void *context);
    static void renamed(sb_board *board, const char *name, void *context);

    sb_config config_ = {};
    State state_ = State::Waiting;
    void (*output_)(unsigned, const sb_state &) = nullptr;
    bool (*command_)(const sb_command &) = nullptr;
    void (*pressed_)(unsigned, const char *) = nullptr;
};

#endif
