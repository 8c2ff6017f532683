"""40 columns: no word is cut by the edge, in whatever is printed, and the prompt stands where it should."""

import re

from scene import ASHA, RAVI, Unmet

LONG = "the quick brown fox jumps over the lazy dog and then over the fence that is behind it"
COLUMNS, WIDE = 40, 1000
# What a word has room for that goes on below another, behind the widest indentation.
ROOM = COLUMNS - 6
NOBODY = {"SCACTL_MOBILE": None}
COMMANDS = [
    ([], {}), ([], NOBODY), (["login"], {}), (["login", ASHA], {}), (["login", "98"], {}), (["who"], {}), (["who", "9000000009"], {}),
    (["send", "--to", f"{RAVI},9000000009", LONG], {}), (["send", "--to", RAVI, "--nosuch"], {}), (["history"], {}),
    (["history", "--grep", "nothing like it"], {}), (["history", "--dir", "up"], {}), (["health"], {}), (["doctor"], {}),
    (["doctor"], NOBODY), (["doctor", "-s", "ws://127.0.0.1:1"], {}), (["who", "-s", "ws://127.0.0.1:1"], {}),
    (["who", "-s", "ftp://x"], {}), (["who"], NOBODY), (["pipe", "-o", "text"], {}), (["bot"], {}), (["lisen"], {}),
    (["who", "--timeout", "soon"], {}), (["listen", "--idle", "10ms"], {}), (["logout"], {}),
]  # fmt: skip


def printed(scene, arguments, columns, environment):
    """What a command shows in a terminal of so many columns, word by word."""
    # These say something else the second time.
    if arguments[:1] in (["login"], ["logout"]):
        scene.asha.run(*(["logout"] if arguments[0] == "login" else ["login", ASHA]))
    words = ["/bin/sh", "-c", '"$@"; echo "[ended $?]"', "sh", f"{scene.programs}/scactl", *arguments]
    shown = scene.terminal(words, scene.asha, columns, 60, marks=None, peer="", **environment)
    shown.wait("the end", lambda: any(row.startswith("[ended ") for row in shown.rows()))
    return " ".join(shown.rows()).split()


def plain(word):
    """Numbers differ from run to run."""
    return re.sub(r"\d+", "0", word)


def is_beginning(part, word):
    """Whether more of a word is to come. The cut may be within a number, and a number may be another one this time."""
    same = plain(part) == plain(word)
    return part != word and (word.startswith(part) or not same and plain(word).startswith(plain(part)))


def compare(narrow, wide, what):
    """Looks that the words are the same, those apart that no line has room for."""
    left = list(narrow)
    for word in wide:
        found = left.pop(0) if left else ""
        while len(word) > ROOM and left and is_beginning(found, word):
            found += left.pop(0)
        if plain(found) != plain(word):
            raise Unmet(f"{what}: {found!r} stands where {word!r} should, in {' '.join(narrow)!r}")


def every_command_breaks_its_lines_between_words(scene):
    scene.ravi.listen()
    for arguments, environment in COMMANDS:
        wide, narrow = (printed(scene, arguments, columns, environment) for columns in (WIDE, COLUMNS))
        compare(narrow, wide, " ".join(["scactl", *arguments]))


def columns_may_be_said_by_the_environment(scene):
    narrow = printed(scene, ["who", "-s", "ftp://x"], WIDE, {"COLUMNS": str(COLUMNS)})
    compare(narrow, printed(scene, ["who", "-s", "ftp://x"], WIDE, {}), "COLUMNS")


def the_prompt_stands_whole_in_40_columns(scene):
    listener = scene.ravi.listen()
    chat = scene.chat(RAVI, columns=COLUMNS)
    chat.type("half typed")
    scene.ravi.send(LONG)
    chat.shows("behind it$")
    chat.holds("half typed")
    chat.key("ctrl-u")
    chat.said(LONG)
    listener.hears(LONG)
    chat.shows("stored")
    chat.said("/help")
    chat.said("/status")
    chat.said("/who")
    chat.said("/nosuch")
    chat.said("/history 5")
    words = " ".join(chat.rows()).split()
    for word in ("/presence", "everyone,", "connected", "commands,", "completes.", *LONG.split()):
        if word not in words:
            raise Unmet(f"{word!r} is not there as a word: {chat.rows()}")
    chat.key("ctrl-d")
    chat.ends(0)
