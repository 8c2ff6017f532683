"""The server that goes away and comes back."""

import contextlib
import json

from websockets.exceptions import ConnectionClosed

from chat import CONTINUE, TERMINATE
from scene import ASHA, RAVI, eventually

LOST, BACK = r"connection to .* was lost", r"connected again after"


def a_lost_connection_shows_in_one_line_and_comes_back_with_one(scene):
    chat = scene.chat(RAVI)
    chat.type("half a line")
    scene.server.kill()
    chat.shows(LOST)
    chat.holds("half a line")
    scene.server.start()
    chat.shows(BACK)
    chat.holds("half a line")
    listener = scene.ravi.listen()
    chat.key("enter")
    listener.hears("half a line")
    chat.shows(LOST)


def a_message_that_arrives_at_once_shows_once(scene):
    """Before the first prompt, where the last stored messages are shown."""
    for turn in range(5):

        def talk(connection, text=f"at once {turn}"):
            connection.send(json.dumps({"type": "online_users", "users": [ASHA, RAVI]}))
            connection.send(json.dumps({"type": "message", "from": RAVI, "text": text}))
            with contextlib.suppress(ConnectionClosed):
                for _ in connection:
                    connection.send('{"type":"pong"}')

        chat = scene.chat(RAVI, SCACTL_SERVER=scene.stand_in(talk))
        chat.hears(f"at once {turn}")
        chat.type("half a line")
        chat.key("ctrl-u")
        chat.holds("")
        chat.hears(f"at once {turn}")
        chat.key("ctrl-d")
        chat.ends(0)


def what_is_typed_meanwhile_is_sent_on_return(scene):
    chat = scene.chat(RAVI)
    scene.server.kill()
    chat.shows(LOST)
    for text in ("first", "second"):
        chat.say(text)
    chat.shows(r"… kept", times=2)
    chat.holds("")
    chat.say("/status")
    chat.shows("2 kept")
    scene.server.start()
    chat.shows(BACK)
    # Nobody is there yet, and that is said of each.
    chat.shows("✗ offline.*first")
    chat.shows("✗ offline.*second")


def what_is_typed_meanwhile_arrives(scene):
    """The recipient is back before the sender: its own chat waits in its back-off."""
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    scene.server.kill()
    chat.shows(LOST)
    for text in ("first", "second"):
        chat.say(text)
    chat.shows(r"… kept", times=2)
    chat.stop()  # so that the recipient is there first
    scene.server.start()
    eventually("the recipient's return", lambda: scene.mina.is_online(RAVI))
    chat.signal(CONTINUE)
    chat.shows(BACK)
    listener.hears("first", "second")
    chat.shows("✓✓ stored: first")
    chat.shows("✓✓ stored: second")


def what_was_sent_into_a_dying_server_is_never_lost_in_silence(scene):
    """Sent before the loss is noticed: marked in the end, whatever became of it."""
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI)
    listener.pause()
    chat.said("into the dark")
    scene.server.kill()
    chat.shows(LOST)
    listener.resume()
    scene.server.start()
    chat.shows(BACK)
    chat.shows(r"(✓✓ stored|✗ offline.*|\? timeout.*): into the dark")


def leaving_while_the_server_is_down_shows_what_was_not_sent(scene):
    chat = scene.chat(RAVI)
    scene.server.kill()
    chat.shows(LOST)
    chat.say("first of them")
    chat.say("second")
    chat.key("ctrl-d")
    chat.shows(r"^not sent to 9123456780: first of them$")
    chat.shows(r"^not sent to 9123456780: second$")
    chat.ends(1)


def sigterm_while_the_server_is_down_shows_what_was_not_sent(scene):
    chat = scene.chat(RAVI)
    scene.server.kill()
    chat.shows(LOST)
    chat.say("first")
    chat.shows(r"… kept")
    chat.signal(TERMINATE)
    chat.shows(r"^not sent to 9123456780: first$")
    chat.ends(143)


def commands_work_while_the_server_is_down(scene):
    chat = scene.chat(RAVI)
    scene.ravi.send("before the loss")
    chat.hears("before the loss")
    scene.server.kill()
    chat.shows(LOST)
    chat.say("/grep before")
    chat.shows("before the loss$", times=2)
    chat.holds("")
    chat.say("/help")
    chat.shows("^ */quit")
    chat.holds("")
    chat.say("/quit")
    chat.ends(0)


def losing_the_server_again_and_again_shows_one_line_each(scene):
    chat = scene.chat(RAVI)
    for turn in (1, 2, 3):
        scene.server.kill()
        chat.shows(LOST, times=turn)
        scene.server.start()
        chat.shows(BACK, times=turn)
    chat.holds("")
    chat.shows(LOST, times=3)
