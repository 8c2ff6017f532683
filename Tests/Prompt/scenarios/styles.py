"""Terminals and habits of all kinds."""

import re

from .editing import LONG
from scene import RAVI

SGR = re.compile(rb"\x1b\[[0-9;:]*m")
# What moves the cursor out of the line or clears the screen.
AWAY = re.compile(rb"\x1b\[[0-9;]*[ABEFHJSTfdLM]|\x1bM|\x1b[78]")


def conversation(scene, chat):
    """A bit of everything."""
    listener = scene.ravi.listen()
    chat.shows("came online")
    chat.type("half a li")
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.holds("half a li")
    chat.terminal.type("ne")
    chat.holds("half a line")
    chat.key("enter")
    listener.hears("half a line")
    chat.shows("stored")
    chat.say("/foo")
    chat.shows("no command /foo")
    listener.end()
    chat.shows("went offline")
    chat.key("ctrl-d")
    chat.ends(0)


def a_terminal_with_colours_gets_some(scene):
    chat = scene.chat(RAVI)
    conversation(scene, chat)
    assert SGR.search(chat.terminal.raw)


def no_color_writes_no_colours(scene):
    chat = scene.chat(RAVI, NO_COLOR="1")
    chat.terminal.paste("one\ntwo")
    chat.wait("the paste", lambda: chat.count("two"))
    chat.key("ctrl-c")
    chat.holds("")
    chat.terminal.type("/hi")
    chat.key("tab")
    chat.holds("/history ")
    chat.key("ctrl-u")
    chat.holds("")
    conversation(scene, chat)
    assert not SGR.findall(chat.terminal.raw), SGR.findall(chat.terminal.raw)


def a_dumb_terminal_gets_no_escape_sequence_at_all(scene):
    chat = scene.chat(RAVI, TERM="dumb")
    conversation(scene, chat)
    assert b"\x1b" not in chat.terminal.raw, bytes(chat.terminal.raw)


def a_terminal_of_an_unknown_kind_does_no_harm(scene):
    chat = scene.chat(RAVI, TERM="nobody-has-this")
    conversation(scene, chat)


def no_term_at_all_does_no_harm(scene):
    chat = scene.chat(RAVI, TERM=None)
    conversation(scene, chat)
    assert b"\x1b" not in chat.terminal.raw, bytes(chat.terminal.raw)


def plain_redraws_nothing_beyond_the_line(scene):
    chat = scene.chat("--plain", RAVI)
    conversation(scene, chat)
    assert not AWAY.findall(chat.terminal.raw), AWAY.findall(chat.terminal.raw)


def plain_with_a_line_longer_than_the_window(scene):
    listener = scene.ravi.listen()
    chat = scene.chat("--plain", RAVI, columns=40)
    chat.terminal.type(LONG)
    chat.wait("the end of the line", lambda: chat.rows()[-1].rstrip("<> ").endswith("lazy dog"))
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.key("enter")
    listener.hears(LONG)
    chat.shows("stored")
    assert not AWAY.findall(chat.terminal.raw), AWAY.findall(chat.terminal.raw)


def vi_mode_of_the_inputrc_works(scene):
    listener = scene.ravi.listen()
    with open(f"{scene.asha.folder}/.inputrc", "w") as file:
        file.write("set editing-mode vi\n")
    chat = scene.chat(RAVI)
    chat.type("see you at one")
    chat.key("escape")
    chat.terminal.type("bcwnoon")
    chat.holds("see you at noon")
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.holds("see you at noon")
    chat.key("escape")
    chat.terminal.type("0")
    chat.holds("see you at noon", cursor=0)
    scene.ravi.send("again")
    chat.hears("again")
    chat.holds("see you at noon", cursor=0)
    chat.terminal.type("x")
    chat.holds("ee you at noon", cursor=0)
    chat.key("enter")
    listener.hears("ee you at noon")


def key_bindings_of_the_inputrc_hold(scene):
    with open(f"{scene.asha.folder}/.inputrc", "w") as file:
        file.write('"\\C-t": "typed by a key"\n$if scactl\n"\\C-g": "only here"\n$endif\n')
    chat = scene.chat(RAVI)
    chat.key("ctrl-t")
    chat.holds("typed by a key")
    chat.key("ctrl-u")
    chat.key("ctrl-g")
    chat.holds("only here")


def a_narrow_window_of_an_inputrc_that_scrolls_sideways(scene):
    listener = scene.ravi.listen()
    with open(f"{scene.asha.folder}/.inputrc", "w") as file:
        file.write("set horizontal-scroll-mode on\nset bell-style visible\n")
    chat = scene.chat(RAVI, columns=40)
    chat.terminal.type(LONG)
    chat.wait("the end of the line", lambda: chat.rows()[-1].endswith("lazy dog"))
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.wait("the line again", lambda: chat.rows()[-1].endswith("lazy dog"))
    chat.key("enter")
    listener.hears(LONG)
