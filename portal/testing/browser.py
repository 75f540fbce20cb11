"""The real door: pages are opened and their forms are sent with their tokens, as a browser without scripts does."""

import contextvars
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: What has no tags of the page in it.
ASIDE = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
#: The parts of a page that its forms and its links are read from. Parsing the other nine tenths of it, frame and menu
#: above all, took half as long as making the page.
FORMS = re.compile(r"<form\b.*?(?:</form\s*>|\Z)", re.DOTALL | re.IGNORECASE)
LINKS = re.compile(r"""<a\s(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)


@dataclass
class PageForm:
    """A form as it stands on a page: where it goes, and what would be sent if nobody typed anything."""

    action: str = ""
    method: str = "get"
    fields: dict = field(default_factory=dict)
    names: set = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select = self._textarea = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self._open = PageForm(attrs.get("action") or "", (attrs.get("method") or "get").lower())
            self.forms.append(self._open)
        name = attrs.get("name")
        if self._open is None:
            return
        if tag == "option" and self._select:
            if "selected" in attrs or self._select not in self._open.fields:
                self._open.fields[self._select] = attrs.get("value", "")
        if not name or tag not in ("input", "select", "textarea", "button"):
            return
        self._open.names.add(name)
        kind = attrs.get("type", "text")
        if "disabled" in attrs:
            return
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
            self._open.fields[name] = ""
        elif tag == "input" and kind not in ("checkbox", "radio", "file", "submit") or "checked" in attrs:
            self._open.fields[name] = attrs.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data):
        if self._textarea and self._open:
            self._open.fields[self._textarea] += data.lstrip("\r\n")

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "a" and (target := dict(attrs).get("href")):
            self.found.append(target)


def _read(parser, parts: re.Pattern, text: str):
    """Return the parser, fed with these parts of a page."""
    for part in parts.finditer(ASIDE.sub("", text)):
        parser.feed(part[0])
    return parser


class Browser:
    """A browser without scripts: it opens pages and sends the forms that stand on them."""

    def __init__(self, client):
        self.client = client
        self.response = None

    @property
    def text(self) -> str:
        """The page that was answered last."""
        return self.response.get_data(as_text=True)

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self.response.status_code

    def open(self, url: str, follow: bool = True, **kwargs):
        """Open `url` by GET, and what it redirects to unless told otherwise; returns the browser."""
        self.response = self._request(self.client.get, url, follow_redirects=follow, **kwargs)
        return self

    def _request(self, method, *args, **kwargs):
        """Send a request from a context of its own: a test that holds an application context must not lend its `g`."""
        return contextvars.Context().run(method, *args, **kwargs)

    def forms(self) -> list[PageForm]:
        """Return all forms of the page, in their order."""
        return _read(_Forms(), FORMS, self.text).forms

    def links(self) -> list[str]:
        """Return where the page leads, as its links say it."""
        return _read(_Links(), LINKS, self.text).found

    def form(self, names=(), action: str | None = None) -> PageForm:
        """Return the first posting form of the page that has all of `names` (and goes to `action`). Raises
        AssertionError where there is none."""
        for found in self.forms():
            if found.method == "post" and set(names) <= found.names and action in (None, found.action):
                return found
        raise AssertionError(f"no form with {sorted(names)} to {action or 'anywhere'} on this page ({self.status})")

    def send(self, url: str, follow: bool = True, to: str | None = None, **fields):
        """Open `url`, fill in the form that has these fields, and send it with its tokens.

        `to` picks the form by its action, for pages with several. Fields may be lists and (stream, name) files.
        """
        self.open(url)
        if self.status != 200:
            return self
        return self.submit(self.form(fields, to), url, follow, **fields)

    def submit(self, form: PageForm, url: str = "", follow: bool = True, **fields):
        """Send a form that was read before: twice the same form is what a double click does."""
        target = form.action or self.response.request.path
        self.response = self._request(self.client.post, target, data={**form.fields, **fields}, follow_redirects=follow)
        return self

    def post(self, url: str, follow: bool = False, **fields):
        """Send `fields` to `url` with a valid token but without a page that offers it."""
        token = next((form.fields["csrf_token"] for form in self.open("/").forms() if "csrf_token" in form.fields), "")
        data = {"csrf_token": token, **fields}
        self.response = self._request(self.client.post, url, data=data, follow_redirects=follow)
        return self
