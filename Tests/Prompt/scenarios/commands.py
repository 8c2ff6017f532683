"""The slash commands, and the history of what was typed."""

import os
import stat

from scene import MINA, RAVI


def an_unknown_command_is_refused_and_nothing_is_sent(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("/foo bar")
    chat.shows(r"no command /foo.*/help")
    chat.say("/")
    chat.shows(r"no command", times=2)
    chat.say("/QUIT")
    chat.shows(r"no command", times=3)
    chat.say("after")
    listener.hears("after")


def two_slashes_send_one(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("//etc/hosts")
    listener.hears("/etc/hosts")
    chat.say("//")
    listener.hears("/etc/hosts", "/")


def to_changes_whom_a_text_goes_to(scene):
    ravi, mina = scene.ravi.listen(), scene.mina.listen()
    chat = scene.chat(RAVI)
    chat.say("for ravi")
    ravi.hears("for ravi")
    chat.say(f"/to {MINA}")
    chat.peer = MINA
    chat.holds("")
    chat.say("for mina")
    mina.hears("for mina")
    chat.say("/to 123")
    chat.shows('found "123"')
    chat.say("/to")
    chat.shows("/to MOBILE")
    chat.say("again for mina")
    mina.hears("for mina", "again for mina")
    ravi.hears("for ravi")


def a_text_without_a_peer_is_refused_with_what_to_do(scene):
    chat = scene.chat()
    chat.say("to whom is this?")
    chat.shows("/to MOBILE")
    chat.holds("")
    chat.key("up")
    chat.holds("to whom is this?")


def a_message_from_somebody_does_not_make_them_the_peer(scene):
    chat = scene.chat(RAVI)
    mina = scene.mina.listen()
    scene.mina.send("hello")
    chat.hears("hello", sender=MINA)
    chat.say("for ravi")
    chat.shows("✗ offline")
    mina.hears()


def who_lists_who_is_online(scene):
    scene.ravi.listen()
    chat = scene.chat()
    chat.names_online(RAVI)


def history_shows_what_was_said(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    for text in ("one", "two"):
        scene.ravi.send(text)
        chat.hears(text)
    chat.say("three")
    listener.hears("three")
    chat.shows("stored")
    scene.mina.send("of another conversation")
    chat.hears("of another conversation", sender=MINA)
    chat.say("/history 2")
    chat.shows(r"^\d\d:\d\d to 9123456780: three ✓✓ stored$")
    chat.shows(r"^\d\d:\d\d 9123456780: two$", times=2)
    chat.holds("")
    chat.say("/history")
    chat.shows(r"9123456780: one$", times=2)
    chat.holds("")
    assert chat.count("of another conversation") == 1
    for wrong in ("0", "-1", "x", "1 2"):
        before = len(chat.rows())
        chat.say(f"/history {wrong}")
        chat.wait("a refusal", lambda: chat.is_holding("", 0) and len(chat.rows()) >= before + 2)


def grep_finds_what_was_said(scene):
    chat = scene.chat(RAVI)
    for text in ("Lunch at one", "dinner at eight"):
        scene.ravi.send(text)
        chat.hears(text)
    chat.say("/grep lunch")
    chat.shows("Lunch at one$", times=2)
    chat.holds("")
    assert chat.count("dinner at eight$") == 1
    chat.say("/grep nothing of this kind")
    chat.shows("^no message contains")
    chat.say("/grep")
    chat.shows("/grep TEXT")


def the_last_messages_with_the_peer_stand_above_the_first_prompt(scene):
    chat = scene.chat(RAVI)
    for number in range(12):
        scene.ravi.send(f"message {number}")
        chat.hears(f"message {number}")
    chat.key("ctrl-d")
    chat.ends(0)
    again = scene.chat(RAVI)
    again.hears("message 11")
    assert again.count("message") == 10, again.rows()


def status_tells_where_and_to_whom(scene):
    chat = scene.chat(RAVI)
    chat.say("/status")
    chat.shows("writing to 9123456780")
    chat.shows(scene.server.url)


def help_names_every_command(scene):
    chat = scene.chat(RAVI)
    chat.say("/help")
    for command in ("/to", "/who", "/history", "/grep", "/presence", "/status", "/help", "/quit"):
        chat.shows(rf"^\s*{command} ")
    chat.shows(r"//x sends /x")
    chat.holds("")


def input_history_survives_a_restart(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("first line")
    chat.say("/who")
    chat.say("last line")
    listener.hears("first line", "last line")
    chat.key("ctrl-d")
    chat.ends(0)

    folder = f"{scene.asha.folder}/state/sca"
    files = os.listdir(folder)
    assert len(files) == 1, files
    kept = os.stat(f"{folder}/{files[0]}")
    assert stat.S_IMODE(kept.st_mode) == 0o600, oct(kept.st_mode)

    again = scene.chat(RAVI)
    for text in ("last line", "/who", "first line"):
        again.key("up")
        again.holds(text)
    again.key("enter")
    listener.hears("first line", "last line", "first line")


def a_pasted_block_survives_a_restart_as_one_line_of_the_input_history(scene):
    block_survives(scene, "one\ntwo\nthree")


def a_pasted_list_of_numbers_survives_a_restart_as_one_line_of_the_input_history(scene):
    """Such numbers are what readline's file of lines has between its lines."""
    block_survives(scene, "to do:\n#12 the door\n#1700000000 the window")


def block_survives(scene, block):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("before")
    last = block.splitlines()[-1]
    chat.terminal.paste(block)
    chat.wait("the paste", lambda: chat.count(last))
    chat.key("enter")
    listener.hears("before", block)
    chat.key("ctrl-d")
    chat.ends(0)
    again = scene.chat(RAVI)
    again.key("up")
    again.wait("the block", lambda: again.rows()[-1].endswith(last))
    again.key("enter")
    listener.hears("before", block, block)


def input_history_survives_a_kill(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("typed before the kill")
    listener.hears("typed before the kill")
    chat.shows("stored")
    chat.signal(9)
    chat.shows(r"\[ended 137\]")
    again = scene.chat(RAVI)
    again.key("up")
    again.holds("typed before the kill")


def two_chats_at_once_lose_nothing_of_the_input_history(scene):
    listener = scene.ravi.listen()
    one, two = scene.chat(RAVI), scene.chat(RAVI)
    one.say("typed in one")
    two.say("typed in two")
    one.wait("both", lambda: sorted(listener.texts()) == ["typed in one", "typed in two"])
    for chat in (one, two):
        chat.key("ctrl-d")
        chat.ends(0)
    again = scene.chat(RAVI)
    recalled = []
    for _ in range(2):
        again.key("up")
        again.wait("another line", lambda: again.rows()[-1].removeprefix(again.prompt) not in ["9123456780>", *recalled])
        recalled.append(again.rows()[-1].removeprefix(again.prompt))
    assert sorted(recalled) == ["typed in one", "typed in two"], recalled
