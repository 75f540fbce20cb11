"""The pages of the 红黑榜: rounds, the sheet, households, scoring, confirming, posting."""

import datetime

from plugins.village_rules import forms
from plugins.village_rules.blueprint import answered, blueprint, village
from plugins.village_rules.board import (
    SAMPLE,
    board_of,
    check_confirm,
    check_post,
    households_of,
    lines_of,
    points_text,
    post,
    save_household,
    save_sheet,
    scores_of,
    sheet_of,
    suggested,
    written,
)
from plugins.village_rules.board import begin as begin_round_of
from plugins.village_rules.board import score as write_score
from plugins.village_rules.ground import found, inside
from plugins.village_rules.models import Household, Rectification, Round, Score, Sheet
from plugins.village_rules.rectification import RECTIFICATION, confirm
from portal.kit import (
    Refused,
    Unit,
    abort,
    current_user,
    flash,
    fn,
    get_object_or_404,
    may_lag,
    now,
    page_of,
    redirect,
    render_list,
    render_template,
    requires,
    setting,
    today,
    url_for,
)

ROUND_STATES = {"scoring": ("评分中", "info"), "confirmed": ("待张榜", "warn"), "posted": ("已张榜", "ok")}


@blueprint.get("/rounds")
@requires("village_rules.read")
def rounds():
    """The rounds of the area, with counts only: who it is stays in the village."""
    query = Round.seen_by(current_user).select(Round, Unit).join(Unit)
    rows, pages = page_of(query, Round.id, "village_rules.rounds")
    keys = [row.id for row in rows]
    counted = {
        key: (number, first, last) for key, number, first, last in
        Score.select(Score.round, fn.COUNT(Score.id), fn.SUM((Score.result == "first").cast("integer")),
                     fn.SUM((Score.result == "last").cast("integer")))
        .where(Score.round.in_(keys)).group_by(Score.round).tuples()
    } if keys else {}
    own = current_user.post is not None and current_user.post.unit.village_id is not None
    return render_template(
        "village_rules/rounds.html", rows=rows, pages=pages, counted=counted, states=ROUND_STATES, own=own,
        today=today(), inspecting=own and current_user.may("village_rules.inspect"),
        posting=own and current_user.may("village_rules.post"),
    )


@blueprint.get("/rectifications")
@requires("village_rules.read")
@may_lag
def rectifications():
    """What households have to put right, through the three lenses."""
    return render_list(RECTIFICATION, title="红黑榜整改", endpoint="village_rules.rectifications")


@blueprint.route("/sheet", methods=["GET", "POST"])
@requires("village_rules.post")
def sheet():
    """The village's own scoring sheet: its lines make 100."""
    unit = village()
    row = sheet_of(unit.id)
    text = written(lines_of(row)) if row else SAMPLE
    form = forms.SheetForm(data={"version": row.edition if row else 0, "lines": text})
    if form.validate_on_submit():
        try:
            save_sheet(unit, form.lines.data, form.version.data, current_user, today())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存评分表，以后的评比按新表；以前的不变。", "success")
            return redirect(url_for("village_rules.rounds"))
    return answered("sheet.html", form, unit=unit, row=row)


# -- households --------------------------------------------------------------------------------------------------------

@blueprint.get("/households")
@requires("village_rules.inspect")
def households():
    """The households that take part, as the village numbers them."""
    unit = village()
    query = Household.select().where(Household.unit == unit)
    rows, pages = page_of(query, Household.id, "village_rules.households")
    return render_template("village_rules/households.html", rows=rows, pages=pages, unit=unit,
                           writing=current_user.may("village_rules.post"))


@blueprint.route("/households/new", methods=["GET", "POST"])
@requires("village_rules.post")
def add_household():
    unit, form = village(), forms.HouseholdForm()
    if form.validate_on_submit():
        try:
            one = save_household(unit, form.values(), current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已登记为 {one.code}，可以接着登记下一户。", "success")
            return redirect(url_for("village_rules.add_household"))
    return answered("household.html", form, household=None)


@blueprint.route("/households/<int:home_id>/edit", methods=["GET", "POST"])
@requires("village_rules.post")
def edit_household(home_id):
    one = _household(home_id)
    known = {name: getattr(one, name) for name in ("group_name", "door", "active", "version")}
    form = forms.HouseholdForm(data=known)
    if form.validate_on_submit():
        try:
            save_household(Unit.get_by_id(one.unit_id), form.values(), current_user, one, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("village_rules.households"))
    return answered("household.html", form, household=one)


def _household(home_id: int) -> Household:
    one = found(Household, home_id, current_user)
    return one if inside(current_user, one.village_id) else abort(404)


# -- a round -----------------------------------------------------------------------------------------------------------

@blueprint.route("/rounds/new", methods=["GET", "POST"])
@requires("village_rules.inspect")
def begin_round():
    unit, form = village(), forms.RoundForm(data={"held_on": today()})
    form.month.choices = [("", "请选择"), *_months()]
    if form.validate_on_submit():
        try:
            one = begin_round_of(unit, form.values(), current_user, today())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已开始，请逐户打分。", "success")
            return redirect(url_for("village_rules.round", round_id=one.id))
    return answered("begin_round.html", form, unit=unit, sheet=sheet_of(unit.id),
                    posting=current_user.may("village_rules.post"))


def _months() -> list[tuple[str, str]]:
    """Return this month and the two before it."""
    day, found_months = today().replace(day=1), []
    for _ in range(3):
        found_months.append((f"{day:%Y-%m}", f"{day.year} 年 {day.month} 月"))
        day = (day - datetime.timedelta(days=1)).replace(day=1)
    return found_months


def _own_round(round_id: int) -> Round:
    """Return a round of one's own village: the pages about households are for nobody else."""
    one = found(Round, round_id, current_user, Unit, Sheet)
    return one if inside(current_user, one.village_id) else abort(404)


@blueprint.get("/rounds/<int:round_id>", endpoint="round")
@requires("village_rules.read")
def show_round(round_id):
    """One round: in the village who got what, for others how many."""
    one = found(Round, round_id, current_user, Unit, Sheet)
    scores, own = scores_of(one), inside(current_user, one.village_id)
    board = board_of(one, scores, today())
    inspecting = own and current_user.may("village_rules.inspect")
    return render_template(
        "village_rules/round.html", round=one, scores=scores if own else [], number=len(scores), board=board, own=own,
        state=ROUND_STATES[one.state], points_text=points_text, cases=_cases_of(one) if own else {},
        unscored=_unscored(one, scores) if inspecting and one.state == "scoring" else [], inspecting=inspecting,
        posting=own and current_user.may("village_rules.post"),
    )


def _cases_of(one: Round) -> dict[int, int]:
    """Return the case of each score that has something to put right."""
    return dict(Rectification.select(Rectification.score, Rectification.case).join(Score).where(Score.round == one)
                .tuples())


def _unscored(one: Round, scores: list[Score]) -> list[Household]:
    done = {score.household_id for score in scores}
    return [household for household in households_of(one.unit_id) if household.id not in done]


@blueprint.route("/rounds/<int:round_id>/households/<int:home_id>", methods=["GET", "POST"])
@requires("village_rules.inspect")
def score(round_id, home_id):
    """Score a household: how many faults on each line; the points are counted by the server."""
    one, household = _own_round(round_id), _household(home_id)
    lines = lines_of(one.sheet_id)
    row = Score.get_or_none(Score.round == one, Score.household == household)
    known = {f"line_{key}": number for key, number in row.faults.items()} if row else {}
    known |= {"version": row.version, "remark": row.remark} if row else {"version": 0}
    form = forms.score_form(lines)(data=known)
    if form.validate_on_submit():
        try:
            saved = write_score(one, lines, household, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"{household.code}得 {points_text(saved.tenths)} 分。", "success")
            return redirect(_next(one, household))
    parts = [(line, form[f"line_{line.id}"]) for line in lines]
    return answered("score.html", form, round=one, household=household, parts=parts, row=row, points_text=points_text)


def _next(one: Round, household: Household) -> str:
    """Return the page of the next household without a score, else that of the round."""
    left = _unscored(one, list(Score.select(Score.household).where(Score.round == one)))
    following = next((other for other in left if other.number > household.number), left[0] if left else None)
    if following is None:
        return url_for("village_rules.round", round_id=one.id)
    return url_for("village_rules.score", round_id=one.id, home_id=following.id)


@blueprint.route("/rounds/<int:round_id>/confirm", methods=["GET", "POST"])
@requires("village_rules.post")
def confirm_round(round_id):
    """Who is first and who has something to put right: the rule proposes, people confirm."""
    one = _own_round(round_id)
    scores = scores_of(one)
    first, last = suggested(scores, one)
    form = forms.ConfirmForm(data={"version": one.version, "first": first, "last": last})
    names = [(row.id, f"{points_text(row.tenths)} 分，{row.household.code} {row.household.head}") for row in scores]
    form.first.choices, form.last.choices = names, names
    if form.validate_on_submit():
        chosen = set(form.first.data or []), set(form.last.data or [])
        try:
            check_confirm(one, *chosen, scores)
            confirm(one, *chosen, form.version.data, current_user, now(), form.people.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已确认。请逐户告知整改户，申诉答复以后再张榜。", "success")
            return redirect(url_for("village_rules.round", round_id=one.id))
    return answered("confirm_round.html", form, round=one, top=setting("village_rules.top", one),
                    below=setting("village_rules.below", one))


@blueprint.route("/rounds/<int:round_id>/post", methods=["GET", "POST"])
@requires("village_rules.post")
def post_round(round_id):
    """Post the board; after the county's number of days no page shows the names any more."""
    one = _own_round(round_id)
    form = forms.PostForm(data={"version": one.version, "posted_on": today(), "posted_at": "村公示栏"})
    if form.validate_on_submit():
        try:
            post(one, form.posted_on.data, form.posted_at.data, form.version.data, current_user, today())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(f"已张榜，到 {one.posted_until:%m-%d} 为止。请打印张贴，到期取下。", "success")
            return redirect(url_for("village_rules.round", round_id=one.id))
    days = setting("village_rules.posted", one)
    return answered("post_round.html", form, round=one, days=days, obstacle=_obstacle(one))


def _obstacle(one: Round) -> str:
    try:
        check_post(one, today(), today())
    except Refused as refused:
        return refused.sentence
    return ""


@blueprint.get("/rounds/<int:round_id>/board")
@requires("village_rules.read")
def print_board(round_id):
    """The board to be posted, as it stands today; not before it is posted, and without names after its time."""
    one = found(Round, round_id, current_user, Unit, Sheet)
    if one.state != "posted" or not inside(current_user, one.village_id):
        flash("榜单只在本村、张榜以后才能打印。", "warn")
        return redirect(url_for("village_rules.round", round_id=one.id))
    scores = scores_of(one)
    return render_template(
        "village_rules/papers/board.html", round=one, board=board_of(one, scores, today()), number=len(scores),
        points_text=points_text, back=url_for("village_rules.round", round_id=one.id),
    )


@blueprint.get("/rounds/<int:round_id>/sheet")
@requires("village_rules.read")
def print_sheet(round_id):
    """The sheet to be taken along on paper."""
    one = get_object_or_404(Round.seen_by(current_user).select(Round, Unit).join(Unit), Round.id == round_id)
    return render_template(
        "village_rules/papers/sheet.html", round=one, lines=lines_of(one.sheet_id), points_text=points_text,
        back=url_for("village_rules.round", round_id=one.id),
    )
