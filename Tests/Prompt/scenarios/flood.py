"""Much at once."""

import re
import threading

from scene import RAVI, eventually

# Messages that have been sent and are not on the screen yet.
AHEAD = 500


def five_hundred_messages_while_typing_show_once_each_and_in_order(scene):
    """Somebody sends without a pause; each key must show while messages still come.

    Not more than `AHEAD` beyond what the screen shows: a machine so slow that it falls behind shall not be flooded for ever.
    """
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    ravi = scene.ravi.by_hand()
    enough = threading.Event()
    sent, shown = [], [0]

    def flood():
        while len(sent) < 500 or not enough.is_set():
            ravi.send(f"message {len(sent)} of many")
            sent.append(True)
            enough.wait(0.001)
            while len(sent) - shown[0] > AHEAD and not enough.wait(0.001):
                pass

    def shows(text):
        seen = bottom(chat)
        shown[0] = max([shown[0], *map(int, re.findall(r": message (\d+) of many$", seen, re.MULTILINE))])
        return text in seen

    sender = threading.Thread(target=flood)
    sender.start()
    try:
        text = ""
        chat.wait("the first message", lambda: shows(" of many"))
        for character in "all of this is typed meanwhile":
            text += character
            chat.terminal.type(character)
            chat.wait(f"the echo of {text!r}", lambda: shows(text.rstrip()))
    finally:
        enough.set()
        sender.join()
    chat.wait("the last message", lambda: chat.count(rf": message {len(sent) - 1} of many$"))
    chat.holds(text)
    arrived = [int(number) for number in re.findall(r": message (\d+) of many$", "\n".join(chat.rows()), re.MULTILINE)]
    assert arrived == list(range(len(sent))), arrived
    chat.key("enter")
    listener.hears(text)


def a_burst_of_two_thousand_messages_leaves_the_line_as_it_was(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    ravi = scene.ravi.by_hand()
    for number in range(2000):
        ravi.send(f"message {number} of many")
    chat.wait("the last message", lambda: "message 1999 of many" in bottom(chat))
    chat.holds("half a line")
    arrived = [int(number) for number in re.findall(r": message (\d+) of many$", "\n".join(chat.rows()), re.MULTILINE)]
    assert arrived == list(range(2000)), arrived


def a_terminal_that_is_held_by_ctrl_s_holds_up_nobody_else(scene):
    """What arrives is stored and acknowledged meanwhile, and shows after Ctrl-Q."""
    chat = scene.chat(RAVI)
    chat.type("half a line")
    chat.key("ctrl-s")
    ravi = scene.ravi.by_hand()
    for number in range(500):
        ravi.send(f"message {number} of many")
    eventually("all of it to be stored", lambda: "message 499 of many" in scene.asha.history())
    assert scene.ravi.is_online("9876543210")
    chat.rows()
    assert "message 499" not in bottom(chat)
    chat.key("ctrl-q")
    chat.wait("the last message", lambda: "message 499 of many" in bottom(chat))
    chat.holds("half a line")


def bottom(chat):
    """The screen itself; looking through everything that scrolled off it would be slow."""
    return "\n".join(chat.terminal.screen.display_rows())
