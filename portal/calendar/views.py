"""The administrator's calendar: a year on one page, loading a year, setting one day apart."""

from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import requires
from portal.calendar import keeping
from portal.calendar.days import Calendar, reminders, years_to_load
from portal.calendar.forms import DayForm, EstimateForm, RemoveForm, YearForm
from portal.calendar.models import CalendarChange, CalendarDay, CalendarYear
from portal.calendar.official import OFF, PACKAGE_YEARS, Flaw, as_csv, days_of, statutory
from portal.calendar.reading import read_file
from portal.db import today
from portal.values import Refused

blueprint = Blueprint("calendar", __name__, template_folder="templates")

EARLIEST, LATEST = 2015, 2100
WEEKDAYS = "一二三四五六日"
#: How many changes the page of a year shows.
CHANGES = 10
RECOMPUTED = "在办案件的期限随即重新计算，移动了哪些见“日历改动”。"


@blueprint.get("")
@requires("calendar.manage")
def show_year():
    """Show one year in twelve months, and below which years are known."""
    year = request.args.get("year", today().year, type=int)
    if not EARLIEST <= year <= LATEST:
        abort(404)
    calendar, wanted = Calendar.load(), years_to_load(today())
    return render_template(
        "calendar/year.html", year=year, known=year in calendar.years, months=_months(year, calendar),
        weekdays=WEEKDAYS, years=_years(calendar), reminders=reminders(today()),
        figures=_figures(year, calendar), earlier=year > EARLIEST, later=year < LATEST,
        estimate=EstimateForm(formdata=None), may_estimate=[late for late in wanted if late not in calendar.years],
        changes=CalendarChange.select().order_by(CalendarChange.id.desc()).limit(CHANGES),
        overrides=CalendarDay.select().where(CalendarDay.date.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(CalendarDay.date),
    )


@blueprint.route("/load", methods=["GET", "POST"])
@requires("calendar.manage")
def load_year():
    """Take the official days of a year from a table, whole or not at all."""
    wanted = request.args.get("year", type=int) or next(iter(years_to_load(today())), today().year + 1)
    form = YearForm(year=wanted)
    if form.validate_on_submit() and (days := _read_table(form)) is not None:
        year, provisional = form.year.data, form.provisional.data
        if _to_confirm(form, keeping.with_year(year, days, provisional)):
            form.table.data = as_csv(days).lstrip("\ufeff")  # a chosen file is not sent a second time
            return render_template("calendar/load.html", form=form, wanted=wanted)
        keeping.load_year(year, days, form.source.data, current_user, provisional=provisional)
        off = sum(meaning.kind == OFF for meaning in days.values())
        said = f"已载入 {year} 年：放假 {off} 天，调休上班 {len(days) - off} 天。"
        flash(said + ("通知发布后请再载入一次，以替换推算。" if provisional else "") + RECOMPUTED, "ok")
        return redirect(url_for("calendar.show_year", year=year))
    return render_template("calendar/load.html", form=form, wanted=wanted), 422 if form.is_submitted() else 200


@blueprint.post("/estimate/<int:year>")
@requires("calendar.manage")
def estimate_year(year: int):
    """Take the statutory days of a year that is missing, until its announcement is out."""
    if year not in years_to_load(today()):
        abort(404)
    if not EstimateForm().validate():
        abort(400)
    keeping.estimate_year(year, current_user)
    flash(f"{year} 年已暂按推算载入（只有法定节假日，没有调休）。通知发布后请载入正式安排，期限会自动重新计算。", "ok")
    return redirect(url_for("calendar.show_year", year=year))


@blueprint.get("/draft/<int:year>")
@requires("calendar.manage")
def download_draft(year: int):
    """Hand out a table with the statutory days of `year`, to be completed from the announcement."""
    if not EARLIEST <= year <= LATEST:
        abort(404)
    answer = Response(as_csv(statutory(year)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="calendar-{year}.csv"'
    return answer


@blueprint.route("/days/<string:day>", methods=["GET", "POST"])
@requires("calendar.manage")
def set_day(day: str):
    """Set one day apart from the official calendar, for an order that reached only this county."""
    day = _day_or_404(day)
    row = CalendarDay.get_or_none(CalendarDay.date == day)
    form = DayForm(kind=row.kind if row else "", name=row.name if row else "", version=row.version if row else 0)
    if form.validate_on_submit():
        if _to_confirm(form, keeping.with_day(day, form.kind.data, form.name.data)):
            return _day_page(day, row, form)
        try:
            keeping.set_day(day, form.kind.data, form.name.data, current_user, form.version.data or 0)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"{day} 已设为“{keeping.WORDS[form.kind.data]}”。{RECOMPUTED}", "ok")
            return redirect(url_for("calendar.show_year", year=day.year))
    return _day_page(day, row, form), 422 if form.is_submitted() else 200


@blueprint.post("/days/<string:day>/remove")
@requires("calendar.manage")
def remove_day(day: str):
    """Let the official calendar hold again for one day."""
    day = _day_or_404(day)
    form = RemoveForm()
    if not form.validate():
        abort(400)
    keeping.remove_day(day, form.version.data or 0, current_user)
    flash(f"{day} 已恢复原安排。{RECOMPUTED}", "ok")
    return redirect(url_for("calendar.show_year", year=day.year))


def _to_confirm(form, calendar: Calendar) -> bool:
    """Tell whether the form has to be shown again with what it would move; sent once more as it is, it is saved."""
    sentences = keeping.preview(calendar)
    said = " ".join(sentences)[:500]
    form.preview = sentences if sentences and said != form.agreed.data else []
    form.agreed.data = said
    return bool(form.preview)


# -- what the pages show -------------------------------------------------------------------------------------------

def _day_page(day: date, row: CalendarDay | None, form: DayForm) -> str:
    remove = RemoveForm(formdata=None, version=row.version) if row else None
    special = Calendar.load().special(day)
    return render_template(
        "calendar/day.html", day=day, weekday=WEEKDAYS[day.weekday()], row=row, form=form, remove=remove,
        special=special, words=keeping.WORDS, removing=keeping.preview(keeping.without_day(day)) if row else [],
    )


def _read_table(form: YearForm) -> dict | None:
    """Return the days of the sent table; None if something is wrong, which the form then says."""
    raw = form.raw()
    if not raw.strip():
        form.refuse_all([Flaw(0, "请选择文件，或把表格粘贴进来。")])
        return None
    days, flaws = read_file(raw, form.year.data, provisional=form.provisional.data)
    if flaws:
        form.refuse_all(flaws)
        return None
    return days


def _day_or_404(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    if not EARLIEST <= day.year <= LATEST or day.isoformat() != text:
        abort(404)
    return day


def _months(year: int, calendar: Calendar) -> list[dict]:
    """Return the twelve months as weeks of seven cells, None where another month stands."""
    now = today()
    months = []
    for month in range(1, 13):
        first = date(year, month, 1)
        cells = [None] * first.weekday()
        day = first
        while day.month == month:
            cells.append(_cell(day, calendar, now))
            day += timedelta(days=1)
        cells += [None] * (-len(cells) % 7)
        months.append({"title": f"{month} 月", "weeks": [cells[at:at + 7] for at in range(0, len(cells), 7)]})
    return months


def _cell(day: date, calendar: Calendar, now: date) -> dict:
    special = calendar.special(day)
    words = [f"{day.month} 月 {day.day} 日"]
    if special:
        words.append(f"{'休' if special.kind == OFF else '班'}，{special.name}")
    if day in calendar.overrides:
        words.append("本地设置")
    return {
        "date": day, "number": day.day, "kind": special.kind if special else "", "weekend": day.weekday() > 4,
        "mark": keeping.WORDS[special.kind] if special else "", "own": day in calendar.overrides,
        "today": day == now, "title": "，".join(words),
    }


def _figures(year: int, calendar: Calendar) -> list[tuple[str, str]]:
    if year not in calendar.years:
        return []
    special = [meaning.kind for day in days_of(year) if (meaning := calendar.special(day))]
    workdays = sum(calendar.is_workday(day) for day in days_of(year))
    return [
        ("工作日", f"{workdays} 天"), ("放假", f"{special.count(OFF)} 天"),
        ("调休上班", f"{len(special) - special.count(OFF)} 天"),
        ("本地设置", f"{sum(day.year == year for day in calendar.overrides)} 天"),
    ]


def _years(calendar: Calendar) -> list[dict]:
    """Return the known years, the latest first, with where each came from."""
    loaded = {row.year: row for row in CalendarYear.select()}
    found = []
    for year in reversed(calendar.years):
        row = loaded.get(year)
        own = "随程序提供：国务院办公厅通知" if year in PACKAGE_YEARS else "随程序提供：holidays 日历库"
        found.append({
            "year": year, "source": row.source if row else own, "provisional": bool(row and row.provisional),
            "by": row.by_name if row else "", "at": row.loaded_at if row else None,
        })
    return found
