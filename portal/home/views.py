import peewee
from flask import Blueprint, abort, current_app, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup

from portal.access import SIGNED_IN, may_lag, public, signed_in
from portal.calendar import Calendar
from portal.cases import desk
from portal.cases.asking import counts
from portal.cases.wanted import Wanted
from portal.db import database, now
from portal.health import may_read_metrics
from portal.home import figures, metrics
from portal.registry import registry_of

blueprint = Blueprint("home", __name__, template_folder="templates")

SHOWN = 8
WEEKDAYS = "一二三四五六日"
GREETINGS = ((5, "夜深了"), (9, "早上好"), (12, "上午好"), (18, "下午好"), (24, "晚上好"))


@blueprint.get("/")
@signed_in
@may_lag
def index():
    """The workbench: figures, what waits, how the last weeks went, and the cards of the platforms."""
    page = {"greeting": _greeting(), "day": _day(), "cards": _cards(), "working": current_user.may("cases.read")}
    if not page["working"]:
        return render_template("home/workbench.html", **page)
    parts = desk.parts_of(current_user)
    part = request.args.get("part")
    part = part if part in parts else next(iter(parts))
    figured = figures.of(current_user)
    if parts is desk.WATCHED:
        found, _ = counts(Wanted(), current_user)
        page |= {"strip": figured.watching(found), "overdue": found["overdue"], "today": 0, "watching": True}
    else:
        waiting = desk.waiting_here()
        page |= {"strip": figured.strip(waiting), "overdue": waiting.overdue, "today": waiting.today}
    return render_template(
        "home/workbench.html", **page, part=part, figures=figured, rows=desk.rows(current_user, part, SHOWN),
        switch=desk.segments(part, lambda name: url_for("home.index", part=name)),
    )


def _cards() -> list[Markup]:
    """Return the cards of the rooms and of the plugins that are enabled, of what the post permits."""
    registry = registry_of(current_app)
    found = registry.collect("portal_cards", current_user.enabled)
    drawn = [
        registry.guarded(plugin, _drawn, card, hook=f"portal_cards.{card.name}")
        for plugin, card in sorted(found, key=lambda one: one[1].order)
        if card.permission == SIGNED_IN or current_user.may(card.permission)
    ]
    return [card for card in drawn if card]


def _drawn(card) -> Markup | None:
    values = card.prepare(current_user)
    return None if values is None else Markup(render_template(card.template, values=values))


def _greeting() -> str:
    hour = now().hour
    words = next(words for until, words in GREETINGS if hour < until)
    return f"{words}，{current_user.full_name}"


def _day() -> str:
    """Return 11 月 20 日 星期五，工作日; without the last word in a year that nobody has loaded."""
    today = now().date()
    calendar = Calendar.load()
    known = calendar.is_known(today, today)
    word = ("，工作日" if calendar.is_workday(today) else "，休息日") if known else ""
    return f"{today.month} 月 {today.day} 日 星期{WEEKDAYS[today.weekday()]}{word}"


@blueprint.get("/help")
@signed_in
def help():
    """How to find one's way: keys, words, who to ask."""
    return render_template("home/help.html")


@blueprint.get("/healthz")
@public
def healthz():
    """Tell a watcher whether pages can be answered; says nothing about what is installed."""
    try:
        database.execute_sql("SELECT 1")
    except (peewee.DatabaseError, peewee.InterfaceError):
        return {"status": "down"}, 503
    answer = {"status": "degraded" if metrics.is_degraded() else "ok"}
    if trouble := metrics.replica_trouble():
        answer["replica"] = trouble
    return answer


@blueprint.get("/metrics")
@public
def show_metrics():
    """Figures for a program that watches the portal; for anybody else there is no such page."""
    if not may_read_metrics():
        abort(404)
    return current_app.response_class(metrics.text(), content_type=metrics.CONTENT_TYPE)
