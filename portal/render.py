"""What every template may use: built assets, icons, and the few ways in which the portal writes dates and figures.

The files below static/dist are built from assets/ and committed (docs/ui.md); their names carry a hash of the
content, so browsers may keep them for good.
"""

import datetime
import json
from pathlib import Path

import flask.templating
from markupsafe import Markup, escape
from whitenoise import WhiteNoise

STATIC = Path(__file__).parent / "static"
MANIFEST = STATIC / "dist" / "manifest.json"
PREFIX = "/static/"
FALLBACK_ICON = "file-text"


class Environment(flask.templating.Environment):
    """Jinja's environment, whose templates are given no globals of their own."""

    def make_globals(self, d):
        """Return the one dict of globals for all templates. Jinja's chain of two dicts is gone through in Python, name
        by name, for each template that a page is put together from: a dozen times, eleven microseconds each."""
        return super().make_globals(d) if d else self.globals


class Assets:
    """The built files by their plain names: `asset("portal.css")` is the URL of the present version."""

    def __init__(self, manifest: dict):
        self.files = manifest["files"]
        self.icons = frozenset(manifest["icons"])
        self._sprite = self.url("sprite.svg")
        self._drawn: dict[tuple[str, str], Markup] = {}

    def url(self, name: str) -> str:
        """Return the URL of the asset `name`; raises KeyError when no build made it."""
        return f"{PREFIX}dist/{self.files[name]}"

    def icon(self, name: str, cls: str = "") -> Markup:
        """Return the icon `name` of the sprite as decoration: the word beside it, or an aria-label, says what it is."""
        key = (name, cls)
        if key not in self._drawn:
            shown = name if name in self.icons else FALLBACK_ICON
            drawn = Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
                cls, self._sprite, shown
            )
            if len(self._drawn) > 1000:
                return drawn
            self._drawn[key] = drawn
        return self._drawn[key]


def day(value, this_year: int | None = None) -> str:
    """11-20 in this year, 2025-11-20 in any other; "" for None. A list says once which year this is."""
    if value is None or value == "":
        return ""
    short = f"{value.month:02d}-{value.day:02d}"
    return short if value.year == (this_year or _this_year()) else f"{value.year}-{short}"


def date_cn(value) -> str:
    """2026年11月20日, as papers write it; "" for None."""
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def moment(value) -> str:
    """11-20 14:30, with the year in front when it is not the present one; "" for None."""
    return f"{day(value)} {value:%H:%M}" if value else ""


def count(value) -> str:
    """12,345; "–" for None, because no figure is not zero."""
    return "–" if value is None else f"{value:,}"


def polyline(values, width: int = 80, height: int = 28) -> str:
    """Return the `points` of an SVG polyline through `values`, the smallest at the bottom; "" below two values."""
    values = [value for value in values or () if value is not None]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = width / (len(values) - 1)
    points = ((at * step, height - 3 - (value - low) / span * (height - 6)) for at, value in enumerate(values))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def light_bar(light) -> Markup:
    """Draw the time limit: its sentence, and below it how much of the time is gone. Drawn here, not in a macro, because
    a list has fifty of them."""
    tone, mark, bar = light.tone, "", ""
    if light.paused:
        mark = WARNINGS["paused"]
    elif tone == "over" and light.urgent:
        mark = WARNINGS["urgent"]
    if tone in ("ok", "warn", "over"):
        bar = _BAR.format(width=min(max(int(light.percent), 4), 100))
    return Markup(f'<span class="light light-{tone}"><span class="light-text">{mark}'
                  f'<span class="clip">{escape(light.text)}</span></span>{bar}</span>')


_BAR = ('<svg class="light-bar" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100%" height="100%" rx="2"/>'
        '<rect class="fill" width="{width}%" height="100%" rx="2"/></svg>')
#: The signs beside a light; drawn once the assets are known.
WARNINGS = {"paused": "", "urgent": ""}


def paragraphs(text: str | None) -> Markup:
    """Return `text` escaped, its line ends kept as <br>."""
    return Markup("<br>").join(escape(line) for line in (text or "").split("\n"))


def _this_year() -> int:
    china = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.now(china).year


def _for_good(path: str, url: str) -> bool:
    """Only the hashed names below dist/ never change their content."""
    stem = url.rsplit("/", 1)[-1].split(".", 1)[0]
    hashed = stem.rpartition("-")[2]
    return "/dist/" in url and len(hashed) == 10 and all(letter in "0123456789abcdef" for letter in hashed)


def init_app(app) -> None:
    """Serve static files below /static/ and give the templates their globals and filters."""
    assets = Assets(json.loads(MANIFEST.read_text("utf-8")))
    app.wsgi_app = WhiteNoise(
        app.wsgi_app, root=str(STATIC), prefix=PREFIX, immutable_file_test=_for_good, max_age=0,
        add_headers_function=_static_headers, allow_all_origins=False,
    )
    app.jinja_environment = Environment
    environment = app.jinja_env
    environment.autoescape = True
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    WARNINGS.update(paused=assets.icon("player-pause"), urgent=assets.icon("alert-triangle"))
    environment.globals.update(asset=assets.url, icon=assets.icon, light_bar=light_bar)
    environment.filters.update(
        day=day, date_cn=date_cn, moment=moment, count=count, polyline=polyline, paragraphs=paragraphs
    )


def _static_headers(headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
