"""Where to go after signing in: only to a page of ours."""

from urllib.parse import unquote, urlsplit

#: Encoded more often than this means that somebody hides something.
MOST_LAYERS = 5


def safe_next(target: str | None, fallback: str = "/") -> str:
    """Return `target` if it is a plain path on this portal, else `fallback`.

    Browsers drop tabs and line ends and read a backslash as a slash, so "/\\t/evil" and "/\\\\evil" leave the house;
    the check looks at the decoded text as well, layer by layer, because Werkzeug decodes before it redirects.
    """
    if not target or len(target) > 2000:
        return fallback
    text, before = target, None
    for _ in range(MOST_LAYERS):
        if not _is_plain(text):
            return fallback
        text, before = unquote(text), text
        if text == before:
            return target
    return fallback


def _is_plain(text: str) -> bool:
    if not text.startswith("/") or text.startswith(("//", "/\\")) or "\\" in text:
        return False
    if any(ord(character) <= 32 or ord(character) == 127 for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and "//" not in parts.path
