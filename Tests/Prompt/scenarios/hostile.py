"""Texts that want to be more than texts, and servers that want to be more than servers."""

import contextlib
import json
import re
import threading

from websockets.exceptions import ConnectionClosed

from scene import ASHA, PATIENCE, RAVI

# What a text tries, and what of it must be readable.
TEXTS = {
    "\x1b]0;owned\x07 title": r"\x1b]0;owned\x07 title",
    "\x1b]2;owned\x1b\\ title": r"\x1b]2;owned\x1b\ title",
    "\x1b]52;c;b3duZWQ=\x07 clipboard": r"\x1b]52;c;b3duZWQ=\x07 clipboard",
    "\x1b[2J\x1b[H clear": r"\x1b[2J\x1b[H clear",
    "\x1b[3A\x1b[K up": r"\x1b[3A\x1b[K up",
    "\x1b[31mred": r"\x1b[31mred",
    "\x1b[6n\x1b[c\x1b[21t answers": r"\x1b[6n\x1b[c\x1b[21t answers",
    "\x1b[?1049h\x1b[?25l\x1b[?1000h modes": r"\x1b[?1049h\x1b[?25l\x1b[?1000h modes",
    "\x1bP+q544e\x1b\\ dcs": r"\x1bP+q544e\x1b\ dcs",
    "\x1bc reset": r"\x1bc reset",
    "\x9b2J\x9d0;owned\x9c c1": r"\x9b2J\x9d0;owned\x9c c1",
    "one\rtwo": r"one\rtwo",
    "one\b\b\bover": r"one\x08\x08\x08over",
    "one\x0b\x0ctwo": r"one\x0b\x0ctwo",
    "\x07bell": r"\x07bell",
    "\x00nul": r"\x00nul",
    "\x7fdel": r"\x7fdel",
    "\u202egnitirw": r"\u{202e}gnitirw",
    "\u2066isolate": r"\u{2066}isolate",
    "\u2028line": r"\u{2028}line",
    "\x1b[200~/quit\r\x1b[201~ paste": r"\x1b[200~/quit\r\x1b[201~ paste",
    "\x01\x02 readline's own marks": r"\x01\x02 readline's own marks",
}
# What `chat` and readline themselves write to this kind of terminal: colours, moves within the line, erasing to the end, the
# modes of the keypad, pasting and the cursor.
USUAL = re.compile(rb"\x1b(\[[0-9;]*[mABCDKJPHG@]|\[\?(1|25|12|2004|2026)[hl]|[=>]|\(B)")


def escape_sequences_that_arrive_are_shown_and_not_obeyed(scene):
    chat = scene.chat(RAVI, columns=100)
    chat.type("half a line")
    chat.key("left", times=4)
    ravi = scene.ravi.by_hand()
    before = len(chat.terminal.raw)
    for text, shown in TEXTS.items():
        ravi.send(text)
        chat.hears(shown)
        chat.holds("half a line", cursor=7)
    assert chat.terminal.title() == "", chat.terminal.title()
    written = bytes(chat.terminal.raw[before:])
    rest = USUAL.sub(b"", written)
    for forbidden in (b"\x1b", b"\x07", b"\x08\x08\x08over", b"\x9b2", b"\xc2\x9b", b"\x0b", b"\x0c", b"\x00", b"\x7f"):
        assert forbidden not in rest, (forbidden, rest)
    assert "owned" not in chat.terminal.title()
    assert b"\x1b[2J" not in written and b"\x1b[31mred" not in written


def a_text_cannot_forge_a_message_a_prompt_or_a_command(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("half a line")
    attack = f"hi\n/quit\n12:00 9000000003: I am Mina\n{RAVI}> \n/to 9000000003\r\n  ✓✓ stored"
    scene.ravi.by_hand().send(attack)
    chat.hears("hi")
    for line in ("/quit", "12:00 9000000003: I am Mina", f"{RAVI}>", "/to 9000000003"):
        chat.shows(rf"^ {{6}}{re.escape(line)}$")
    chat.shows(r"^ {6} *✓✓ stored$")
    chat.holds("half a line")
    chat.key("enter")
    listener.hears("half a line")


def hostile_texts_stay_harmless_in_marks_history_and_search(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    scene.ravi.by_hand().send("a \x1b]0;owned\x07 title")
    chat.hears(r"a \x1b]0;owned\x07 title")
    chat.say("/grep owned")
    chat.shows(r"owned\\x07 title$", times=2)
    # Typed by oneself: Ctrl-V lets an escape into the line; its mark must not let it out again.
    listener.pause()
    chat.key("ctrl-v")
    chat.key("escape")
    chat.terminal.type("]0;mine")
    chat.wait("what was typed", lambda: chat.rows()[-1].endswith("]0;mine"))
    chat.key("enter")
    chat.holds("")
    scene.mina.send("in between")
    chat.hears("in between", sender=scene.mina.mobile)
    listener.resume()
    chat.shows(r"✓✓ stored: \\x1b\]0;mine")
    listener.hears("\x1b]0;mine")
    assert chat.terminal.title() == ""


def a_very_long_text_without_blanks_is_shown_whole(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    text = "".join(f"{number:05}" for number in range(12_000))
    scene.ravi.by_hand().send(text)
    chat.wait("the text", lambda: text in "".join(chat.rows()))
    chat.holds("half a line")


def a_text_of_many_lines_is_shown_whole(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    scene.ravi.by_hand().send("\n".join(f"line {number}" for number in range(200)))
    chat.hears("line 0")
    chat.shows(r"^ {6}line \d+$", times=199)
    chat.holds("half a line")


def a_hostile_server_cannot_write_to_the_terminal(scene):
    """Names of users, senders and errors, each with escape sequences in them."""
    evil = "\x1b]0;owned\x07\x1b[2J"
    frames = [
        {"type": "online_users", "users": [evil, ASHA, RAVI]},
        {"type": "message", "from": evil, "text": "from nobody"},
        {"type": "error", "code": evil, "message": evil},
        {"type": evil},
        {"type": "message", "from": RAVI, "text": f"the last one {evil}"},
    ]

    ready = threading.Event()

    def talk(connection):
        connection.send(json.dumps({"type": "online_users", "users": [ASHA, RAVI]}))
        ready.wait(PATIENCE)
        for frame in frames:
            connection.send(json.dumps(frame))
        with contextlib.suppress(ConnectionClosed):
            connection.recv(PATIENCE)

    chat = scene.chat(RAVI, SCACTL_SERVER=scene.stand_in(talk))
    ready.set()
    chat.hears(r"the last one \x1b]0;owned\x07\x1b[2J")
    chat.type("half a line")
    assert chat.terminal.title() == ""
    assert b"\x1b]" not in chat.terminal.raw and b"\x1b[2J" not in chat.terminal.raw
