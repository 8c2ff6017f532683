"""The line that is typed, and what arrives meanwhile."""

from chat import INTERRUPT
from scene import RAVI, eventually

LONG = "the quick brown fox jumps over the lazy dog, and then once more over the very same lazy dog"


def an_arriving_message_leaves_a_half_typed_line_as_it_was(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("see you at ")
    scene.ravi.send("where are you?")
    chat.hears("where are you?")
    chat.holds("see you at ")
    chat.terminal.type("noon")
    chat.holds("see you at noon")
    chat.key("enter")
    listener.hears("see you at noon")


def the_cursor_stays_in_the_middle_of_the_line_when_a_message_arrives(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("see at noon")
    chat.key("left", times=7)
    chat.holds("see at noon", cursor=4)
    scene.ravi.send("one")
    scene.ravi.send("two")
    chat.hears("one")
    chat.hears("two")
    chat.holds("see at noon", cursor=4)
    chat.terminal.type("you ")
    chat.holds("see you at noon", cursor=8)
    chat.key("enter")
    listener.hears("see you at noon")


def a_line_over_several_rows_stays_as_it_was_when_a_message_arrives(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=30)
    chat.type(LONG)
    scene.ravi.send("at the end")
    chat.hears("at the end")
    chat.holds(LONG)
    chat.key("ctrl-a")
    chat.key("right", times=40)
    chat.holds(LONG, cursor=40)
    scene.ravi.send("in between")
    chat.hears("in between")
    chat.holds(LONG, cursor=40)
    chat.key("ctrl-a")
    chat.holds(LONG, cursor=0)
    scene.ravi.send("at the start")
    chat.hears("at the start")
    chat.holds(LONG, cursor=0)
    chat.key("enter")
    listener.hears(LONG)


def a_line_that_ends_at_the_right_edge_stays_as_it_was_when_a_message_arrives(scene):
    chat = scene.chat(RAVI, columns=30)
    for length in (17, 18, 19):
        chat.type("x" * length)
        scene.ravi.send(f"beside {length}")
        chat.hears(f"beside {length}")
        chat.holds("x" * length)
        chat.key("ctrl-u")
        chat.holds("")


def a_line_longer_than_the_screen_is_high_survives_a_message(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=30, lines=4)
    text = " ".join(f"word{number}" for number in range(30))
    chat.terminal.type(text)
    chat.wait("the end of the line", lambda: "".join(chat.rows()).endswith("word29"))
    scene.ravi.send("hello")
    chat.wait("the message", lambda: chat.count(": hello$"))
    chat.key("enter")
    listener.hears(text)


def wide_and_combining_characters_and_emoji_keep_their_places_when_a_message_arrives(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=40)
    text = "naïve cafe\u0301 漢字かな 👍🎉 ñ नमस्ते Ω end"
    chat.type(text)
    scene.ravi.send("दूसरा 漢字 👍 e\u0301")
    chat.wait("the message", lambda: chat.count("漢字 👍 é$"))
    chat.holds(text)
    chat.key("left", times=4)
    chat.holds(text, cursor=len(text) - 4)
    scene.ravi.send("again")
    chat.hears("again")
    chat.holds(text, cursor=len(text) - 4)
    chat.key("ctrl-a")
    chat.key("right", times=13)  # an accent goes with its letter
    chat.terminal.type("!")
    text = "naïve cafe\u0301 漢字!かな 👍🎉 ñ नमस्ते Ω end"
    chat.holds(text, cursor=text.index("!") + 1)
    chat.key("enter")
    listener.hears(text)


def a_wide_character_that_does_not_fit_into_the_row_goes_to_the_next(scene):
    chat = scene.chat(RAVI, columns=31)
    text = "漢" * 22
    chat.type(text)
    scene.ravi.send("界" * 25)
    chat.wait("the message", lambda: chat.count("界") >= 2)
    chat.holds(text)
    chat.key("left", times=13)
    chat.holds(text, cursor=9)
    scene.ravi.send("again")
    chat.hears("again")
    chat.holds(text, cursor=9)


def backspace_takes_a_character_of_several_bytes_whole(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("aé漢👍")
    for rest in ("aé漢", "aé", "a"):
        chat.key("backspace")
        chat.holds(rest)
    chat.key("enter")
    listener.hears("a")


def utf_8_is_typed_and_shown_where_no_locale_is_set(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, LANG=None, LC_ALL=None)
    chat.type("é漢👍x")
    scene.ravi.send("ñ漢👍")
    chat.hears("ñ漢👍")
    chat.holds("é漢👍x")
    chat.key("left", times=2)
    chat.key("backspace")
    chat.holds("é👍x", cursor=1)
    chat.key("enter")
    listener.hears("é👍x")


def ctrl_c_clears_a_half_typed_line_and_does_not_quit(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("what nobody should ever read")
    chat.key("ctrl-c")
    chat.holds("")
    chat.say("still here")
    listener.hears("still here")


def ctrl_c_gives_up_what_was_typed_before_it_and_keeps_what_comes_after(scene):
    chat = scene.chat(RAVI)
    for times in range(50):
        chat.terminal.type("given up\x03kept")
        chat.holds("kept")
        chat.key("ctrl-u")
        chat.holds("")


def ctrl_c_behind_a_key_that_waits_for_another_gives_the_line_up(scene):
    chat = scene.chat(RAVI)
    for waiting in ("\x1b", "\x12wor", "\x16", "\x18", "\x1b3"):
        chat.terminal.type("word" + waiting + "\x03kept")
        chat.holds("kept")
        chat.key("ctrl-u")
        chat.holds("")


def ctrl_c_on_an_empty_line_does_not_quit(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    for times in (1, 2, 3):
        chat.key("ctrl-c")
        chat.shows(r"^\(Ctrl-D leaves\)$", times=times)
        chat.holds("")
    chat.say("still here")
    listener.hears("still here")


def ctrl_c_clears_a_line_over_several_rows(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=30)
    chat.type(LONG)
    chat.key("ctrl-a")
    chat.key("ctrl-c")
    chat.holds("")
    chat.say("short")
    listener.hears("short")


def sigint_from_elsewhere_does_what_ctrl_c_does(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    for text in ("first", "second"):
        chat.type(text)
        chat.signal(INTERRUPT)
        chat.holds("")
    chat.say("still here")
    listener.hears("still here")
    chat.key("ctrl-d")
    chat.ends(0)


def ctrl_d_in_a_line_deletes_and_does_not_quit(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("abc")
    chat.key("ctrl-a")
    chat.key("ctrl-d")
    chat.holds("bc", cursor=0)
    chat.key("enter")
    listener.hears("bc")


def a_message_that_arrives_during_a_search_of_the_input_history_disturbs_nothing(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("lunch at one?")
    listener.hears("lunch at one?")
    chat.shows("stored")
    chat.key("ctrl-r")
    chat.terminal.type("lun")
    chat.wait("the search", lambda: chat.count("search") and chat.rows()[-1].endswith("lunch at one?"))
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.key("ctrl-e")
    chat.holds("lunch at one?")
    chat.key("enter")
    listener.hears("lunch at one?", "lunch at one?")


def undo_and_yank_work_on_after_a_message(scene):
    chat = scene.chat(RAVI)
    chat.type("one two")
    chat.key("ctrl-w")
    chat.holds("one ")
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.key("ctrl-y")
    chat.holds("one two")
    scene.ravi.send("again")
    chat.hears("again")
    chat.key("ctrl-_")
    chat.holds("one ")


def what_is_typed_ahead_is_shown_once(scene):
    """Faster than lines are taken: in one go, as a macro of the terminal types."""
    chat = scene.chat(RAVI)
    for turn in range(10):
        chat.terminal.type(f"/history {turn + 1}\r/status\rhalf a line")
        chat.holds("half a line")
        chat.shows(rf"^{chat.prompt}/history {turn + 1}$")
        chat.shows(rf"^{chat.prompt}/status$", times=turn + 1)
        chat.key("ctrl-u")
        chat.holds("")
    assert not chat.count("^(/history|/status|half)"), chat.rows()


def what_is_typed_while_a_command_is_at_work_is_shown_once(scene):
    """Long enough at work for keys to come before the next prompt."""
    scene.asha.remember([RAVI] * 50_000)
    chat = scene.chat(RAVI)
    for turn in range(5):
        begin = len(chat.terminal.raw)
        chat.terminal.type("/grep nothing\r")
        chat.wait("the end of the line", lambda: b"/grep nothing\r\n" in chat.terminal.raw[begin:])
        chat.terminal.type("abc")
        chat.shows("^no message contains", times=turn + 1)
        chat.holds("abc")
        chat.key("ctrl-u")
        chat.holds("")
    assert not chat.count("^abc"), chat.rows()


def ctrl_d_while_a_command_is_at_work_quits_after_it(scene):
    scene.asha.remember([RAVI] * 50_000)
    chat = scene.chat(RAVI)
    begin = len(chat.terminal.raw)
    chat.terminal.type("/grep nothing\r")
    chat.wait("the end of the line", lambda: b"/grep nothing\r\n" in chat.terminal.raw[begin:])
    chat.key("ctrl-d")
    chat.ends(0)
    chat.shows("^no message contains")


def ctrl_c_leaves_a_search_of_the_input_history(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("lunch at one?")
    listener.hears("lunch at one?")
    chat.shows("stored")
    chat.key("ctrl-r")
    chat.terminal.type("lun")
    chat.wait("the search", lambda: chat.rows()[-1].endswith("lunch at one?"))
    chat.key("ctrl-c")
    chat.holds("")
    chat.say("after it")
    listener.hears("lunch at one?", "after it")


def ctrl_c_after_the_first_of_two_keys_clears_the_line(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    for first in ("ctrl-x", "ctrl-v", "escape"):
        chat.type("abc")
        chat.key(first)
        chat.wait("the key to be read", chat.terminal.has_read_all)
        chat.key("ctrl-c")
        chat.holds("")
        chat.type("still keys")
        chat.key("ctrl-u")
        chat.holds("")
    chat.say("after it")
    listener.hears("after it")


def a_message_that_arrives_after_a_count_was_typed_disturbs_nothing(scene):
    """Alt-3 shows a prompt of its own, which waits for what is to be done three times."""
    chat = scene.chat(RAVI)
    chat.type("abcdef")
    chat.key("alt-3")
    chat.wait("the count", lambda: "arg: 3" in chat.rows()[-1])
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.key("left")
    chat.holds("abcdef", cursor=3)


def bytes_that_are_no_utf_8_do_no_harm(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.type("a")
    chat.terminal.type("\udcff\udcc3b")
    chat.key("enter")
    chat.shows("stored")
    chat.say("after it")
    eventually("both", lambda: len(listener.texts()) == 2)
    first, second = listener.texts()
    assert first[0] == "a" and first[-1] == "b" and second == "after it", (first, second)


def an_empty_line_sends_nothing(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.key("enter")
    chat.holds("")
    chat.say("   ")
    chat.say("text")
    listener.hears("text")


def what_is_typed_between_two_keys_of_one_command_is_not_lost(scene):
    """A key of several bytes that arrives in pieces, with a message in between."""
    chat = scene.chat(RAVI)
    chat.type("abc")
    chat.terminal.type("\x1b")
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.terminal.type("b")
    chat.holds("abc", cursor=0)


def ctrl_c_on_a_recalled_line_leaves_the_input_history_as_it_was(scene):
    chat = scene.chat(RAVI)
    for text in ("/status", "/who"):
        chat.say(text)
        chat.holds("")
    chat.key("up")
    chat.holds("/who")
    chat.key("ctrl-c")
    chat.holds("")
    chat.say("/help")
    chat.holds("")
    for text in ("/help", "/who", "/status"):
        chat.key("up")
        chat.holds(text)
