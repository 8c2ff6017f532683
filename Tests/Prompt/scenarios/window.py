"""The window: its size, stopping and coming back."""

import os

from .editing import LONG
from scene import RAVI, eventually, is_stopped


def a_resize_keeps_a_half_typed_long_line(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=80)
    chat.type(LONG)
    for columns, lines in ((40, 24), (100, 30), (60, 10), (25, 24), (120, 24)):
        chat.terminal.resize(columns, lines)
        chat.holds(LONG)
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.holds(LONG)
    chat.key("enter")
    listener.hears(LONG)


def a_resize_keeps_the_cursor_where_it_was_in_the_line(scene):
    chat = scene.chat(RAVI, columns=80)
    chat.type(LONG)
    chat.key("ctrl-a")
    chat.key("right", times=20)
    for columns in (40, 100):
        chat.terminal.resize(columns, 24)
        chat.holds(LONG, cursor=20)
        scene.ravi.send(f"at {columns}")
        chat.hears(f"at {columns}")
        chat.holds(LONG, cursor=20)


def many_resizes_at_once_end_with_the_line_as_it_was(scene):
    chat = scene.chat(RAVI, columns=80)
    chat.type(LONG)
    for columns in range(79, 39, -1):
        chat.terminal.resize(columns, 24)
    chat.terminal.resize(90, 24)
    chat.holds(LONG)
    chat.key("left")
    chat.holds(LONG, cursor=len(LONG) - 1)


def a_resize_between_two_lines_is_noticed(scene):
    """While a command is at work, nothing is being edited."""
    scene.asha.remember([RAVI] * 50_000)
    chat = scene.chat(RAVI)
    for turn, columns in enumerate((60, 100, 40, 80), 1):
        begin = len(chat.terminal.raw)
        chat.terminal.type("/grep nothing\r")
        chat.wait("the end of the line", lambda: b"/grep nothing\r\n" in chat.terminal.raw[begin:])
        chat.terminal.resize(columns, 24)
        chat.shows("^no message contains", times=turn)
        chat.holds("")
        chat.type(LONG)
        chat.key("ctrl-u")
        chat.holds("")


def a_tiny_window_does_no_harm(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("hello")
    chat.terminal.resize(3, 1)
    scene.ravi.send("you are in a tiny window")
    eventually("the message to be stored", lambda: "tiny window" in scene.asha.history())
    chat.terminal.resize(80, 24)
    chat.key("enter")
    listener.hears("hello")
    chat.say("and on")
    listener.hears("hello", "and on")


def ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_line_back(scene):
    listener = scene.ravi.listen()
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("stty -a > before; scactl chat 9123456780\r")
    shell.is_ready()
    shell.type("half a line")
    shell.key("left", times=4)
    shell.holds("half a line", cursor=7)

    shell.key("ctrl-z")
    shell.wait("the stop", lambda: shell.count("Stopped") and shell.rows()[-1] == "shell$")
    assert not shell.terminal.brackets_pastes()
    shell.terminal.type("stty -a > stopped; echo looked\r")
    shell.shows("^looked$")
    assert settings(scene, "stopped") == settings(scene, "before"), settings(scene, "stopped")
    scene.ravi.by_hand().send("while you were away")
    # What it does may wait until it runs again, and must not be written over the shell.
    shell.terminal.type("fg\r")
    shell.hears("while you were away")
    shell.holds("half a line", cursor=7)
    shell.terminal.type("t")
    shell.holds("half a tline", cursor=8)
    shell.key("backspace")
    shell.key("enter")
    listener.hears("half a line")

    shell.key("ctrl-d")
    shell.terminal.wait_for("the shell", lambda: shell.rows()[-1] == "shell$")
    shell.terminal.type("stty -a > after; echo over\r")
    shell.shows("^over$")
    assert settings(scene, "after") == settings(scene, "before"), settings(scene, "after")


def ctrl_z_twice_and_a_resize_while_stopped(scene):
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("scactl chat 9123456780\r")
    shell.is_ready()
    # What comes later would draw the line, too, and be taken for what fg does.
    shell.shows("is not online")
    shell.type(LONG)
    for turn in (1, 2):
        shell.key("ctrl-z")
        shell.wait("the stop", lambda: shell.count("Stopped") == turn and shell.rows()[-1] == "shell$")
        shell.terminal.resize(80 - turn * 20, 24)
        shell.terminal.type("fg\r")
        shell.holds(LONG)
    shell.key("ctrl-c")
    shell.holds("")
    shell.key("ctrl-d")
    shell.wait("the shell", lambda: shell.rows()[-1] == "shell$")


def a_stop_from_elsewhere_and_fg_bring_the_line_back(scene):
    """By SIGSTOP, which nobody sees coming."""
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("scactl chat 9123456780\r")
    shell.is_ready()
    # What comes later would draw the line, too, and be taken for what fg does.
    shell.shows("is not online")
    shell.type("half a line")
    shell.signal(19)
    shell.wait("the stop", lambda: shell.count("Stopped") and shell.rows()[-1] == "shell$")
    shell.terminal.type("fg\r")
    shell.holds("half a line")
    shell.key("backspace")
    shell.holds("half a lin")


def started_in_the_background_it_waits_for_fg(scene):
    listener = scene.ravi.listen()
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("scactl chat 9123456780 &\r")
    shell.shows(r"^\[1\] \d+$")
    shell.wait("the shell", lambda: shell.rows()[-1] == "shell$")
    shell.terminal.type("echo the shell still works\r")
    shell.shows("^the shell still works$")
    eventually("the stop", lambda: is_stopped(shell.pid()))

    def is_known():
        """A shell continues only what it knows to be stopped."""
        shell.terminal.type("jobs\r")
        return shell.count(r"^\[1\]\+ +Stopped ")

    shell.wait("the shell to know of it", is_known)
    shell.terminal.type("fg\r")
    shell.wait("the prompt", lambda: shell.rows()[-1] == shell.prompt.strip())
    shell.say("hello")
    listener.hears("hello")


def bg_after_ctrl_z_leaves_the_shell_its_terminal(scene):
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("stty -a > before; scactl chat 9123456780\r")
    shell.is_ready()
    shell.type("half a line")
    shell.key("ctrl-z")
    shell.wait("the stop", lambda: shell.count("Stopped") and shell.rows()[-1] == "shell$")
    number = shell.pid()
    shell.terminal.type("bg\r")
    shell.shows(r"^\[1\]\+ scactl chat 9123456780 &$")
    shell.wait("the shell", lambda: shell.rows()[-1] == "shell$" or shell.count("Stopped") > 1)
    eventually("the stop", lambda: is_stopped(number))
    # The shell may only say now that the chat has stopped, and then its prompt comes before the answer.
    shell.terminal.type("stty -a > stopped; echo looked\r")
    shell.shows(r"^(shell\$ )?looked$")
    assert settings(scene, "stopped") == settings(scene, "before"), settings(scene, "stopped")
    shell.terminal.type("fg\r")
    shell.holds("half a line")


def settings(scene, name):
    with open(os.path.join(scene.asha.folder, name)) as file:
        return file.read().partition("\n")[2]


def kill_ends_a_stopped_chat(scene):
    """The shell sends TERM and CONT."""
    shell = scene.shell(RAVI)
    shell.wait("the shell", lambda: shell.rows() and shell.rows()[-1] == "shell$")
    shell.terminal.type("scactl chat 9123456780\r")
    shell.is_ready()
    shell.type("half a line")
    shell.key("ctrl-z")
    shell.wait("the stop", lambda: shell.count("Stopped") and shell.rows()[-1] == "shell$")
    shell.terminal.type("kill %1; wait; echo gone\r")
    shell.shows("^gone$")
