"""The pages of meetings: list, notice, minutes, resolutions, the rolls of the village."""

from plugins.village_rules import forms, law
from plugins.village_rules.blueprint import answered, blueprint, village
from plugins.village_rules.ground import found
from plugins.village_rules.meetings import (
    add_resolution,
    composition,
    plan,
    quorum_of,
    record,
    replan,
    roll_of,
    save_assembly,
)
from plugins.village_rules.models import MATTERS, Assembly, Meeting, Resolution
from portal.kit import (
    Refused,
    Unit,
    current_user,
    flash,
    fn,
    page_of,
    redirect,
    render_template,
    request,
    requires,
    today,
    url_for,
)


@blueprint.get("/meetings")
@requires("village_rules.read")
def meetings():
    """The meetings of the area, newest first; in a village also what is owed by law."""
    body = request.args.get("body", "")
    query = Meeting.seen_by(current_user).select(Meeting, Unit).join(Unit)
    query = query.where(Meeting.body == body) if body in law.BODIES else query
    rows, pages = page_of(query, Meeting.id, "village_rules.meetings", body=body if body in law.BODIES else "")
    own = current_user.post is not None and current_user.post.unit.village_id is not None
    chips = [{"label": label, "url": url_for("village_rules.meetings", body=name or None), "active": body == name}
             for name, label in {"": "全部", **law.BODIES}.items()]
    return render_template(
        "village_rules/meetings.html", rows=rows, pages=pages, chips_shown=chips, bodies=law.BODIES, own=own,
        owed=owed(current_user.post.unit.village_id) if own else [], drafting=_drafting(),
    )


def owed(village_id: int) -> list[law.Cycle]:
    """Return the regular meetings that the village owes now."""
    last = dict(
        Meeting.select(Meeting.body, fn.MAX(Meeting.held_on)).where(Meeting.village_id == village_id)
        .group_by(Meeting.body).tuples()
    )
    found = [law.cycle(body, last.get(body), today()) for body in ("assembly", "villagers")]
    return [one for one in found if one.owed]


def _drafting() -> bool:
    return current_user.may("village_rules.draft") and current_user.post.unit.village_id is not None


@blueprint.get("/meetings/<int:meeting_id>")
@requires("village_rules.read")
def meeting(meeting_id):
    """One meeting: notice, roll, quorum, resolutions."""
    one = found(Meeting, meeting_id, current_user, Unit)
    resolutions = list(Resolution.select().where(Resolution.meeting == one).order_by(Resolution.position))
    quorum = quorum_of(one)
    return render_template(
        "village_rules/meeting.html", meeting=one, quorum=quorum, body=law.BODIES[one.body], countings=law.COUNTINGS,
        resolutions=[(row, law.outcome(quorum, one.present, row.votes_for)) for row in resolutions],
        matters=MATTERS, called_by=dict(forms.CALLED_BY), drafting=_drafting(),
    )


@blueprint.route("/meetings/new", methods=["GET", "POST"])
@requires("village_rules.draft")
def plan_meeting():
    """Call a meeting."""
    unit, form = village(), forms.PlanForm()
    if form.validate_on_submit():
        try:
            one = plan(unit, current_user, form.values())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已登记，请打印公告张贴，通知村民。", "success")
            return redirect(url_for("village_rules.meeting", meeting_id=one.id))
    return answered("plan_meeting.html", form, meeting=None)


@blueprint.route("/meetings/<int:meeting_id>/edit", methods=["GET", "POST"])
@requires("village_rules.draft")
def edit_meeting(meeting_id):
    """Change what was called."""
    one = found(Meeting, meeting_id, current_user)
    form = forms.PlanForm(obj=one)
    if form.validate_on_submit():
        try:
            replan(one, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("village_rules.meeting", meeting_id=one.id))
    return answered("plan_meeting.html", form, meeting=one)


@blueprint.route("/meetings/<int:meeting_id>/record", methods=["GET", "POST"])
@requires("village_rules.draft")
def record_meeting(meeting_id):
    """Record who came; the rolls that the village gave stand there already."""
    one = found(Meeting, meeting_id, current_user)
    rolls = Assembly.get_or_none(Assembly.unit == one.unit_id)
    form = forms.RecordForm(obj=one) if one.held_on else forms.RecordForm(data=_usual(one, rolls))
    form.counting.choices = [(name, law.COUNTINGS[name]) for name in law.countings_of(one.body)]
    if form.validate_on_submit():
        try:
            record(one, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(quorum_of(one).sentence(one.present), "success")
            return redirect(url_for("village_rules.meeting", meeting_id=one.id))
    return answered("record_meeting.html", form, meeting=one, body=law.BODIES[one.body],
                    needed=_needed(one, rolls), rolls=rolls)


def _usual(one: Meeting, rolls: Assembly | None) -> dict:
    """Return what a meeting that is not recorded yet is likely to hold."""
    counting = law.countings_of(one.body)[0]
    roll = roll_of(rolls, counting) if one.body != "group" else None
    return {"version": one.version, "held_on": min(one.planned_at.date(), today()), "counting": counting, "roll": roll,
            "recorder": current_user.full_name}


def _needed(one: Meeting, rolls: Assembly | None) -> list[str]:
    """Return how many must come, for each way of counting whose roll the village gave."""
    if one.body == "group":
        return []
    counted = [(counting, roll_of(rolls, counting)) for counting in law.countings_of(one.body)]
    return [f"按{law.COUNTINGS[counting]}：应到 {roll} 人，至少到 {law.quorum(one.body, counting, roll).needed} 人"
            for counting, roll in counted if roll]


@blueprint.route("/meetings/<int:meeting_id>/resolutions", methods=["GET", "POST"])
@requires("village_rules.draft")
def add_resolution_page(meeting_id):
    """Write down what the meeting voted on."""
    one = found(Meeting, meeting_id, current_user)
    form = forms.ResolutionForm(data={"version": one.version} if request.method == "GET" else None)
    if form.validate_on_submit():
        data = form.values()
        try:
            add_resolution(one, {**data, "passed": data["passed"] == "yes"}, form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已记录决议。", "success")
            return redirect(url_for("village_rules.meeting", meeting_id=one.id))
    return answered("resolution.html", form, meeting=one, quorum=quorum_of(one), body=law.BODIES[one.body],
                    needed=law.more_than_half(one.present) if one.present else None)


@blueprint.route("/assembly", methods=["GET", "POST"])
@requires("village_rules.draft")
def assembly():
    """The rolls of the village, given once, and how the assembly is made up (第二十九条)."""
    unit = village()
    row = Assembly.get_or_none(Assembly.unit == unit)
    form = forms.AssemblyForm(obj=row)
    if form.validate_on_submit():
        try:
            save_assembly(unit, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存，开会时不用再数。", "success")
            return redirect(url_for("village_rules.assembly"))
    return answered("assembly.html", form, unit=unit, row=row, failings=composition(row).failings() if row else [])


@blueprint.get("/meetings/<int:meeting_id>/notice")
@requires("village_rules.read")
def meeting_notice(meeting_id):
    """The notice, to be printed and posted."""
    one = found(Meeting, meeting_id, current_user, Unit)
    return render_template("village_rules/papers/notice.html", meeting=one, body=law.BODIES[one.body],
                           back=url_for("village_rules.meeting", meeting_id=one.id))


@blueprint.get("/meetings/<int:meeting_id>/minutes")
@requires("village_rules.read")
def meeting_minutes(meeting_id):
    """The minutes: roll, quorum, resolutions, and by which article."""
    one = found(Meeting, meeting_id, current_user, Unit)
    resolutions = list(Resolution.select().where(Resolution.meeting == one).order_by(Resolution.position))
    quorum = quorum_of(one)
    return render_template(
        "village_rules/papers/minutes.html", meeting=one, body=law.BODIES[one.body], quorum=quorum,
        resolutions=[(row, law.outcome(quorum, one.present, row.votes_for)) for row in resolutions],
        back=url_for("village_rules.meeting", meeting_id=one.id),
    )
