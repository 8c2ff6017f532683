"""The very first run, by somebody who never logged in."""

import os

from scene import ASHA, RAVI, eventually

NEW = {"SCACTL_MOBILE": None, "SCACTL_SERVER": None}
MOBILE, SERVER = "^Your mobile .*: ?", r"^Server \[ws://127\.0\.0\.1:8080\]: ?"


def the_first_run_asks_for_mobile_and_server_and_goes_on(scene):
    listener = scene.ravi.listen()
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    chat.terminal.type(f"{ASHA}\r")
    chat.shows(SERVER)
    chat.terminal.type(f"{scene.server.url}\r")
    chat.shows("[Mm]essages .*this device")
    chat.is_ready()
    chat.say("my first words")
    listener.hears("my first words")
    chat.key("ctrl-d")
    chat.ends(0)

    again = scene.chat(RAVI, **NEW)
    assert not again.count("Your mobile"), again.rows()
    # What was answered is no line of a conversation.
    again.key("up")
    again.holds("my first words")


def wrong_answers_of_the_first_run_are_asked_again(scene):
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    for times, wrong in enumerate(("", "123", "not a number", "9" * 33), 2):
        chat.terminal.type(f"{wrong}\r")
        chat.shows(MOBILE, times=times)
    chat.terminal.type(f"{ASHA}\r")
    chat.shows(SERVER)
    chat.terminal.type("http://example.com\r")
    chat.shows(SERVER, times=2)
    chat.terminal.type(f"{scene.server.url}\r")
    chat.is_ready()


def a_server_that_does_not_answer_is_said_in_the_first_run(scene):
    url = scene.server.url
    scene.server.kill()
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    chat.terminal.type(f"{ASHA}\r")
    chat.shows(SERVER)
    chat.terminal.type(f"{url}\r")
    chat.wait("a sentence about it", lambda: chat.count(r"reach|refused|connect"))


def ctrl_d_leaves_the_first_run(scene):
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    chat.key("ctrl-d")
    row = chat.shows(r"\[ended \d+\]$")
    assert row.startswith("[ended"), row
    chat.has_restored_the_terminal()


def ctrl_c_in_the_first_run_leaves_nobody_stuck(scene):
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    chat.terminal.type("98")
    chat.key("ctrl-c")
    chat.key("ctrl-d")
    chat.shows(r"^\[ended \d+\]$")
    chat.has_restored_the_terminal()


def the_first_run_with_one_of_the_two_known_asks_for_the_other(scene):
    chat = scene.start_chat(RAVI, SCACTL_MOBILE=None)
    chat.shows(MOBILE)
    chat.terminal.type(f"{ASHA}\r")
    chat.wait("the server as it is known", lambda: chat.count("Server") or chat.count("^connected "))
    if chat.count("Server"):
        chat.shows(rf"Server \[{scene.server.url}\]")
        chat.terminal.type("\r")
    chat.is_ready()


def a_server_that_wants_a_proof_is_given_the_code_that_it_sent(scene):
    server, codes = scene.guarded_server()
    chat = scene.start_chat(RAVI, **NEW)
    chat.shows(MOBILE)
    chat.terminal.type(f"{ASHA}\r")
    chat.shows(SERVER)
    chat.terminal.type(f"{server.url}\r")
    chat.shows("a code is on its way")
    chat.shows("^Code: ?")
    file = f"{codes}/{ASHA}"
    eventually("the code", lambda: os.path.exists(file))
    with open(file) as code:
        right = code.read().strip()
    wrong = "000001" if right == "000000" else "000000"
    chat.terminal.type(f"{wrong}\r")
    chat.shows("4 tries left")
    chat.shows("^Code: ?", times=2)
    chat.terminal.type(f"{right}\r")
    chat.is_ready()
    chat.key("ctrl-d")
    chat.ends(0)
    again = scene.chat(RAVI, SCACTL_MOBILE=None, SCACTL_SERVER=None)
    assert not again.count("Code:"), again.rows()
    # A code is no line of a conversation either.
    again.key("up")
    assert not again.count(right), again.rows()


def login_at_a_terminal_asks_for_the_code(scene):
    server, codes = scene.guarded_server()
    shell = scene.shell(RAVI)
    shell.terminal.type(f"scactl login {ASHA} -s {server.url}; echo ended $?\r")
    shell.shows("^Code: ?")
    file = f"{codes}/{ASHA}"
    eventually("the code", lambda: os.path.exists(file))
    with open(file) as code:
        shell.terminal.type(f"{code.read().strip()}\r")
    shell.shows("^ended 0$")
