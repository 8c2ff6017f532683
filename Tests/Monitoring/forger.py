"""Tokens that are wrong in one thing each, signed with a server's own key by openssl."""

import base64
import json
import time

from programs import run

# A raw Ed25519 key behind this is one in PKCS #8 (RFC 8410).
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


class Forger:
    """Makes tokens as nobody should, with the server's own key."""

    def __init__(self, folder, key):
        self.folder, words = folder, json.loads(key.read_text())
        self.kid = words["kid"]
        (folder / "key.der").write_bytes(PKCS8 + base64.urlsafe_b64decode(words["d"] + "=="))

    def token(self, sub, spoil=b"", alg="EdDSA", kid=None, aud="sca", begins=0, ends=3_600):
        """`begins` and `ends`: seconds from now."""
        coded = lambda part: base64.urlsafe_b64encode(part).rstrip(b"=")
        now = time.time()
        head = {"alg": alg, "kid": kid or self.kid}
        claims = {"sub": sub, "aud": aud, "iat": now + begins, "exp": now + ends}
        signed = b".".join(coded(json.dumps(part).encode()) for part in (head, claims))
        (self.folder / "signed").write_bytes(signed)
        words = "pkeyutl -sign -inkey key.der -keyform DER -rawin -in signed -out signature"
        run("openssl", *words.split(), cwd=self.folder)
        return (signed + b"." + coded((self.folder / "signature").read_bytes() + spoil)).decode()
