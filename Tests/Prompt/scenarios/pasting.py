"""What is pasted, and what Tab completes."""

from scene import MINA, RAVI

TEN = "\n".join(f"line {number} of ten" for number in range(1, 11))


def a_paste_of_ten_lines_is_one_message(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.paste(TEN)
    chat.wait("the paste", lambda: chat.count("line 10 of ten"))
    chat.key("enter")
    listener.hears(TEN)
    chat.shows("stored")
    chat.say("next")
    listener.hears(TEN, "next")


def a_paste_into_a_half_typed_line_is_part_of_it(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.type("look: ")
    chat.terminal.paste("one\ntwo")
    chat.wait("the paste", lambda: chat.count("two"))
    chat.terminal.type(" (end)")
    chat.wait("the end", lambda: chat.count(r"\(end\)"))
    chat.key("enter")
    listener.hears("look: one\ntwo (end)")


def a_message_that_arrives_after_a_paste_leaves_the_paste_as_it_was(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.paste(TEN)
    chat.wait("the paste", lambda: chat.count("line 10 of ten") == 1)
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.wait("the paste below", lambda: chat.rows()[-1].endswith("line 10 of ten"))
    chat.key("enter")
    listener.hears(TEN)


def a_pasted_line_that_looks_like_a_command_is_text(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.paste("to do:\n/quit\n/to 9000000003")
    chat.wait("the paste", lambda: chat.count("/to 9000000003"))
    chat.key("enter")
    listener.hears("to do:\n/quit\n/to 9000000003")
    chat.say("still here, still to you")
    listener.hears("to do:\n/quit\n/to 9000000003", "still here, still to you")


def a_pasted_tab_is_a_tab(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.terminal.paste("a\tb")
    chat.wait("the paste", lambda: chat.rows()[-1].endswith("b"))
    chat.key("enter")
    listener.hears("a\tb")


def a_paste_of_64_kib_arrives_whole(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=200, lines=50)
    text = "\n".join(f"{number:04} " + "x" * 58 for number in range(1000))
    chat.terminal.paste(text)
    chat.wait("the paste", lambda: chat.rows()[-1].startswith("0999") and chat.rows()[-1].endswith("x" * 58))
    chat.key("enter")
    listener.hears(text)


def a_text_that_is_too_long_is_refused_and_said(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=200, lines=50)
    chat.terminal.paste("x" * 70_000)
    chat.wait("the paste", lambda: sum(row.count("x") for row in chat.rows()) >= 70_000)
    chat.key("enter")
    chat.shows("✗ rejected")
    chat.say("after it")
    listener.hears("after it")


def tab_completes_a_command(scene):
    chat = scene.chat(RAVI)
    chat.terminal.type("/hi")
    chat.key("tab")
    chat.holds("/history ")
    chat.key("ctrl-u")
    chat.terminal.type("/h")
    chat.key("tab", times=2)
    chat.shows(r"/help.*/history|/history.*/help")
    chat.holds("/h")


def tab_completes_who_is_online(scene):
    listener = scene.mina.listen()
    chat = scene.chat()
    chat.names_online(MINA)
    chat.terminal.type("/to 90")
    chat.key("tab")
    chat.wait("the mobile", lambda: chat.rows()[-1].startswith(f"> /to {MINA}"))
    chat.key("enter")
    chat.peer = MINA
    chat.holds("")
    chat.say("found you")
    listener.hears("found you")


def tab_completes_who_is_known_from_the_history(scene):
    scene.asha.remember([RAVI])
    chat = scene.chat()
    chat.terminal.type("/to 91")
    chat.key("tab")
    chat.wait("the mobile", lambda: chat.rows()[-1].startswith(f"> /to {RAVI}"))


def tab_in_a_text_names_no_files(scene):
    chat = scene.chat(RAVI)
    chat.type("see /et")
    chat.key("tab", times=2)
    chat.terminal.type("!")
    chat.wait("the key after it", lambda: chat.rows()[-1].endswith("!"))
    line = chat.rows()[-1].removeprefix(chat.prompt)
    assert line in ("see /et!", "see /et\t!", "see /et !"), line
    assert not chat.count("etc"), chat.rows()


def tab_with_a_hundred_and_fifty_candidates_does_not_keep_messages_waiting(scene):
    scene.asha.remember([f"98000{number:05}" for number in range(150)])
    chat = scene.chat(RAVI)
    chat.terminal.type("/to 98000")
    chat.key("tab", times=2)
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.key("ctrl-u")
    chat.holds("")


def a_paste_whose_end_does_not_come_stops_nothing(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.wait("bracketed pastes", chat.terminal.brackets_pastes)
    chat.terminal.type("\x1b[200~one\rtwo")
    scene.ravi.send("hello")
    chat.hears("hello")
    chat.wait("its being read", chat.terminal.has_read_all)
    chat.key("ctrl-c")
    chat.holds("")
    chat.say("after it")
    listener.hears("after it")
