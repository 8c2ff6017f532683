"""What becomes of what was sent, and who is there."""

from scene import MINA, RAVI, eventually


def a_line_that_is_on_the_other_device_is_marked_stored(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    # What is heard of the peer's coming would stand between the line and its mark.
    chat.names_online(RAVI)
    chat.say("hi there")
    listener.hears("hi there")
    chat.shows("✓✓ stored")
    rows = chat.rows()
    sent = next(index for index, row in enumerate(rows) if row == "9123456780> hi there")
    assert rows[sent + 1].strip() == "✓✓ stored", rows
    chat.holds("")


def a_line_to_a_base_client_is_marked_routed(scene):
    scene.ravi.by_hand()
    chat = scene.chat(RAVI)
    chat.say("hi there")
    chat.shows("✓ routed")


def a_line_to_nobody_is_marked_offline(scene):
    chat = scene.chat(RAVI)
    chat.say("hi there")
    chat.shows("✗ offline")


def a_mark_that_comes_late_names_its_line(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    listener.pause()
    chat.said("hi there")
    scene.ravi.send("something in between")
    chat.hears("something in between")
    chat.type("half")
    listener.resume()
    chat.shows("✓✓ stored: hi there")
    chat.holds("half")


def marks_of_several_lines_at_once_name_their_lines(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    listener.pause()
    for text in ("one", "two", "three"):
        chat.said(text)
    listener.resume()
    listener.hears("one", "two", "three")
    for text in ("one", "two"):
        chat.shows(rf"✓✓ stored: {text}$")
    chat.shows(r"✓✓ stored(: three)?$")


def what_was_sent_is_in_the_history(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    chat.say("hi there")
    listener.hears("hi there")
    chat.shows("stored")
    chat.key("ctrl-d")
    chat.ends(0)
    rows = scene.asha.run("history", "-o", "text").stdout
    assert "hi there ✓✓ stored" in rows, rows


def the_peer_that_comes_and_goes_shows_in_one_line_each(scene):
    chat = scene.chat(RAVI)
    chat.type("half")
    listener = scene.ravi.listen()
    chat.shows(r"^\d\d:\d\d 9123456780 came online")
    chat.holds("half")
    listener.end()
    chat.shows(r"^\d\d:\d\d 9123456780 went offline")
    chat.holds("half")


def a_stranger_that_comes_and_goes_shows_only_when_asked_for(scene):
    chat = scene.chat(RAVI)
    scene.mina.listen().end()
    eventually("the stranger's end", lambda: not scene.ravi.is_online(MINA))
    scene.ravi.listen()
    chat.shows(r"9123456780 came online")
    assert not chat.count(MINA), chat.rows()
    chat.say("/presence on")
    chat.holds("")
    listener = scene.mina.listen()
    chat.shows(r"9000000003 came online")
    listener.end()
    chat.shows(r"9000000003 went offline")
    chat.say("/presence off")
    chat.holds("")
    scene.mina.listen()
    scene.mina.send("now you know me")
    chat.hears("now you know me", sender=MINA)
    chat.shows(r"9000000003 came online")


def somebody_else_that_one_talked_to_shows_too(scene):
    chat = scene.chat(RAVI)
    scene.mina.send("hello")
    chat.hears("hello", sender=MINA)
    scene.mina.listen()
    chat.shows(r"9000000003 came online")


def the_peer_that_comes_back_at_once_shows_at_most_once_each(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    listener.end()
    scene.ravi.listen()
    scene.ravi.send("back")
    chat.hears("back")
    assert chat.count("went offline") <= 1, chat.rows()
    assert chat.count("came online") <= 1, chat.rows()


def a_message_to_two_devices_shows_on_both(scene):
    chat = scene.chat(RAVI)
    assert scene.asha.run("send", "--to", RAVI, "from my other device").returncode == 1
    listener = scene.ravi.listen()
    assert scene.asha.run("send", "--to", RAVI, "from my other device again").returncode == 0
    listener.hears("from my other device again")
    chat.shows(r"to 9123456780: from my other device again")
