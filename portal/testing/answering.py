"""What a portal answers, in a form in which two portals can be held against each other."""

import contextvars
import difflib
import re
from dataclasses import dataclass

#: What is another each time, though the page is the same: tokens, keys of forms, nonces.
NOISE = re.compile(
    r'<input[^>]*name="(?:csrf_token|_key)"[^>]*>|nonce="[^"]*"|\'nonce-[^\']*\'|编号 <span class="number">\w+</span>'
)
#: Headers that are another each time, or follow from the body.
LOUD = {"X-Request-ID", "Set-Cookie", "Content-Length", "Date"}


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer, without what is another each time."""

    status: int
    headers: tuple
    body: str | bytes

    @classmethod
    def of(cls, response) -> "Answer":
        headers = sorted((name, NOISE.sub("", value)) for name, value in response.headers if name not in LOUD)
        body = response.get_data()
        response.close()
        if response.mimetype.startswith("text/"):
            body = NOISE.sub("", body.decode())
        return cls(response.status_code, tuple(headers), body)

    def beside(self, other: "Answer") -> str:
        """Say in some lines how `other` is different."""
        if self.status != other.status:
            return f"{self.status}, {other.status}"
        if self.headers != other.headers:
            return f"{set(self.headers) ^ set(other.headers)}"
        if isinstance(self.body, bytes) or isinstance(other.body, bytes):
            return f"{len(self.body)} and {len(other.body)} bytes"
        lines = difflib.unified_diff(self.body.splitlines(), other.body.splitlines(), lineterm="", n=0)
        return "\n".join([line[:300] for line in lines if not line.startswith(("---", "+++", "@@"))][:6])


def ask(client, method: str, url: str, follow: bool = False, **more) -> Answer:
    """Send one request from a context of its own, as `Browser` does, and return what was answered."""
    send = contextvars.Context().run
    return Answer.of(send(client.open, url, method=method, follow_redirects=follow, **more))


def as_well_at(app, client):
    """Return a client of `app` that has the cookies of `client`: the same person at another application."""
    other = app.test_client()
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    other.set_cookie(cookie.key, cookie.value)
    return other
