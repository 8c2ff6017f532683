"""Each way to leave, and how the terminal is after it."""

import json
import os
import signal
import socket
import threading

from chat import HANGUP, INTERRUPT, TERMINATE
from scene import ASHA, PATIENCE, RAVI, eventually


def ctrl_d_on_an_empty_line_quits(scene):
    chat = scene.chat(RAVI)
    chat.key("ctrl-d")
    chat.ends(0)


def ctrl_d_leaves_a_fresh_line_where_pastes_are_not_bracketed(scene):
    with open(f"{scene.asha.folder}/.inputrc", "w") as file:
        file.write("set enable-bracketed-paste off\n")
    chat = scene.chat(RAVI)
    chat.key("ctrl-d")
    chat.ends(0)


def quit_quits(scene):
    chat = scene.chat(RAVI)
    chat.say("/quit")
    chat.ends(0)


def what_was_typed_right_before_ctrl_d_is_sent(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.type("first\rlast words\r\x04")
    chat.ends(0)
    listener.hears("first", "last words")
    assert scene.asha.run("history", "-o", "text").stdout.count("stored") == 2


def sigterm_leaves_as_if_one_had_quit(scene):
    chat = scene.chat(RAVI)
    chat.signal(TERMINATE)
    chat.ends(143)


def sigterm_with_a_half_typed_line_leaves_a_fresh_line(scene):
    chat = scene.chat(RAVI, columns=40)
    text = "a line that goes over more than one row of this window"
    chat.type(text)
    chat.key("ctrl-a")
    chat.signal(TERMINATE)
    chat.ends(143)
    rows = "".join(chat.rows())
    assert text in rows, rows


def sighup_restores_the_terminal(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    chat.signal(HANGUP)
    chat.ends(129)


def a_crash_by_segv_restores_the_terminal(scene):
    crash(scene, signal.SIGSEGV)


def a_crash_by_abrt_restores_the_terminal(scene):
    crash(scene, signal.SIGABRT)


def a_crash_by_ill_restores_the_terminal(scene):
    """What a Swift trap raises on this processor."""
    crash(scene, signal.SIGILL)


def a_crash_while_a_block_is_pasted_restores_the_terminal(scene):
    chat = scene.chat(RAVI)
    chat.terminal.type("\x1b[200~half a block\r")
    chat.signal(signal.SIGSEGV)
    chat.wait("the end", lambda: chat.count(r"\[ended 139\]$"))
    chat.has_restored_the_terminal()


def crash(scene, number):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    chat.signal(number)
    chat.wait("the end", lambda: chat.count(rf"\[ended {128 + number}\]$"))
    chat.has_restored_the_terminal()


def a_window_that_is_closed_ends_it(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    number = chat.pid()
    chat.terminal.close()
    eventually("the end of the process", lambda: not os.path.exists(f"/proc/{number}"))


def a_server_that_cannot_be_reached_is_said_and_the_terminal_restored(scene):
    scene.server.kill()
    chat = scene.start_chat(RAVI)
    chat.shows(r"scactl:.*(reach|refused|connect)")
    chat.ends(69)


def a_server_that_refuses_is_said_and_the_terminal_restored(scene):
    """By its answer to the upgrade."""
    url = scene.stand_in(lambda _: None, process_request=lambda connection, _: connection.respond(401, "no\n"))
    chat = scene.start_chat(RAVI, SCACTL_SERVER=url)
    chat.shows("scactl:.* not admit")
    chat.ends(77)


def a_server_that_throws_one_out_is_said_and_the_terminal_restored(scene):
    """By closing with 1008 while a line is being typed; nothing is tried again."""
    typed = threading.Event()

    def talk(connection):
        connection.send(json.dumps({"type": "online_users", "users": [ASHA, RAVI]}))
        typed.wait(PATIENCE)
        connection.close(1008, "unauthorized")

    chat = scene.start_chat(RAVI, SCACTL_SERVER=scene.stand_in(talk))
    chat.is_ready()
    chat.type("half a line")
    typed.set()
    chat.shows("scactl:.* not admit")
    chat.ends(77)


def stdin_that_is_no_terminal_is_refused(scene):
    chat = scene.start_chat(RAVI, redirection="</dev/null")
    chat.shows("^scactl: .*terminal")
    chat.ends(64)


def stdout_that_is_no_terminal_is_refused(scene):
    chat = scene.start_chat(RAVI, redirection=f">{scene.folder}/out")
    chat.shows("chat needs a terminal")
    chat.ends(64)
    assert scene.read("out") == ""


def pipes_are_refused_without_a_terminal_anywhere(scene):
    ended = scene.asha.run("chat", RAVI, "-o", "text")
    assert ended.returncode == 64, ended
    assert "terminal" in ended.stderr and ended.stdout == "", ended


def a_mobile_that_is_none_is_refused(scene):
    chat = scene.start_chat("123")
    chat.shows('found "123"')
    chat.ends(64)


def rows_are_refused(scene):
    chat = scene.start_chat(RAVI, "-o", "json")
    chat.wait("the end", lambda: chat.count(r"^\[ended 64\]$"))


def a_history_that_cannot_be_written_is_said_at_once(scene):
    chat = scene.start_chat(RAVI, XDG_DATA_HOME="/dev/null/data")
    chat.shows("scactl: .*/dev/null/data")
    chat.ends(74)


def an_input_history_that_cannot_be_written_does_no_harm(scene):
    listener = scene.ravi.listen()
    chat = scene.start_chat(RAVI, XDG_STATE_HOME="/dev/null/state")
    chat.shows("typed lines will not be kept")
    chat.is_ready()
    chat.say("hello")
    listener.hears("hello")
    chat.key("up")
    chat.holds("hello")


def sigterm_during_a_search_restores_the_terminal(scene):
    chat = scene.chat(RAVI)
    chat.key("ctrl-r")
    chat.wait("the search", lambda: "search" in chat.rows()[-1])
    chat.signal(TERMINATE)
    chat.ends(143)


def stderr_may_be_a_file(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, redirection=f"2>{scene.folder}/errors")
    chat.say("hello")
    listener.hears("hello")
    chat.key("ctrl-d")
    chat.ends(0)
    assert scene.read("errors") == ""


def sigquit_ends_it_at_once_and_restores_the_terminal(scene):
    """What Ctrl-\\ sends, to everything in the foreground."""
    chat = scene.chat(RAVI)
    chat.type("half a line")
    chat.signal(signal.SIGQUIT)
    chat.ends(131)


def a_signal_that_nobody_catches_restores_the_terminal(scene):
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        chat = scene.chat(RAVI)
        chat.type("half a line")
        chat.signal(number)
        chat.ends(128 + number)


def ctrl_c_while_it_connects_ends_it(scene):
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
    chat = scene.start_chat(RAVI, SCACTL_SERVER=url)
    held = silent.accept()
    chat.signal(INTERRUPT)
    chat.ends(130)
    held[0].close()
