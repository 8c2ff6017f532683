// GNU readline behind a small header. readline's own headers use FILE without declaring it, and its
// globals are mutable C variables, which Swift 6 does not let us touch directly: hence the getters and setters.
#ifndef CREADLINE_SHIM_H
#define CREADLINE_SHIM_H

#include <langinfo.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>
#include <readline/readline.h>
#include <readline/history.h>

/// The version of the readline library in use, such as "8.2".
static inline const char *creadline_version(void) { return rl_library_version; }

/// Whether text in the current locale is UTF-8.
static inline int creadline_is_utf8(void) {
    const char *codeset = nl_langinfo(CODESET);
    return codeset[0] == 'U' && codeset[1] == 'T' && codeset[2] == 'F';
}

/// Instead of readline's own giving back of the terminal after each line: between two lines it is kept, so that what is typed
/// then is not echoed by the terminal, and is there for the next line.
static inline void creadline_keep_terminal(void) {}

/// As readline takes the terminal, but Ctrl-C does not flush what was typed before: if that happened between a poll and the read
/// that follows, the read would wait for the next key.
static inline void creadline_take_terminal(int meta) {
    struct termios settings;
    rl_prep_terminal(meta);
    if (tcgetattr(0, &settings) == 0 && !(settings.c_lflag & NOFLSH)) {
        settings.c_lflag |= NOFLSH;
        tcsetattr(0, TCSADRAIN, &settings);
    }
}

/// Makes the key that interrupts, Ctrl-C, a key among the others, so that it is read in its turn. Returns it; 0 if there is none.
static inline int creadline_take_interrupt_key(void) {
    struct termios settings;
    int key;
    if (tcgetattr(0, &settings) != 0 || settings.c_cc[VINTR] == _POSIX_VDISABLE) return 0;
    key = settings.c_cc[VINTR];
    settings.c_cc[VINTR] = _POSIX_VDISABLE;
    return tcsetattr(0, TCSANOW, &settings) == 0 ? key : 0;
}

/// Has the key send SIGINT again.
static inline void creadline_give_interrupt_key(int key) {
    struct termios settings;
    if (tcgetattr(0, &settings) != 0) return;
    settings.c_cc[VINTR] = (cc_t)key;
    tcsetattr(0, TCSANOW, &settings);
}

/// Has readline get its keys by this function, and call the other one where the interrupt key comes up in the midst of others.
static inline void creadline_read_keys(rl_getc_func_t *read) { rl_getc_function = read; }
static inline void creadline_bind_interrupt(int key, rl_command_func_t *interrupt) {
    rl_bind_key_in_map(key, interrupt, emacs_standard_keymap);
    rl_bind_key_in_map(key, interrupt, vi_insertion_keymap);
    rl_bind_key_in_map(key, interrupt, vi_movement_keymap);
}

/// Before the first prompt. Signals are not readline's, the environment is left alone, words end at a blank or a comma.
static inline void creadline_prepare(rl_completion_func_t *complete) {
    rl_readline_name = "scactl";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_completer_word_break_characters = " ,";
    rl_basic_quote_characters = "";
    rl_attempted_completion_function = complete;
    rl_prep_term_function = creadline_take_terminal;
    rl_deprep_term_function = creadline_keep_terminal;
    rl_initialize();
}

/// Has a paste begin with a function of ours: readline's own waits until the end of the paste has come.
static inline void creadline_bind_paste(rl_command_func_t *begin) {
    rl_bind_keyseq_in_map("\\e[200~", begin, emacs_standard_keymap);
    rl_bind_keyseq_in_map("\\e[200~", begin, vi_insertion_keymap);
}

/// To be called by the completion function: what it does not know, nobody does (no file names).
static inline void creadline_completion_is_over(void) { rl_attempted_completion_over = 1; }

/// Gives up the count for a command that has been typed, such as `M-3`, which stands in the prompt's place.
static inline void creadline_forget_count(void) {
    if (!RL_ISSTATE(RL_STATE_NUMERICARG)) return;
    rl_restore_prompt();
    rl_clear_message();
    rl_numeric_arg = 1;
    rl_explicit_arg = 0;
    RL_UNSETSTATE(RL_STATE_NUMERICARG);
}

/// The line that is being edited.
static inline const char *creadline_line(void) { return rl_line_buffer; }

/// How many of its bytes stand before the cursor, and how many there are.
static inline int creadline_cursor(void) { return rl_point; }
static inline int creadline_length(void) { return rl_end; }

/// The last line of the input history; null if there is none.
static inline const char *creadline_last_line(void) {
    HIST_ENTRY *entry = history_length > 0 ? history_get(history_base + history_length - 1) : 0;
    return entry ? entry->line : 0;
}

/// Moves the cursor behind the last character.
static inline void creadline_move_to_end(void) { rl_point = rl_end; }

/// Puts what readline has written on its way to the terminal.
static inline void creadline_flush(void) { fflush(rl_outstream); }

/// Gives the terminal back as readline found it. At the end of input readline would write a line break of its own.
static inline void creadline_release_terminal(void) {
    rl_eof_found = 0;
    rl_deprep_terminal();
}

#endif
