"""What a resident has a right to: to know who looked, to get a copy, to be erased once nothing keeps them."""

import datetime

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_login import current_user

from portal import audit
from portal.access import own_transaction, requires
from portal.audit.models import AuditEntry
from portal.db import atomic, now
from portal.org.models import Unit
from portal.paging import page_of
from portal.people import erasing, exporting, keeping, tracing
from portal.people.forms import EraseForm, ExpiredForm, ExportForm
from portal.people.models import Resident, ResidentRequest
from portal.people.purposes import PURPOSES
from portal.people.views import blueprint, seen
from portal.values import Conflict, Refused

# -- who looked ----------------------------------------------------------------------------------------------------


def _asked() -> tuple[dict, datetime.datetime | None, datetime.datetime | None]:
    """Return what the filter says, as it was typed and as moments."""
    typed = {name: request.args.get(name, "").strip()[:19] for name in ("since", "until")}
    return typed, tracing.moment(typed["since"]), tracing.moment(typed["until"], end=True)


@blueprint.get("/<int:resident_id>/trace")
@requires("people.trace")
def trace(resident_id):
    """Who saw or changed what of this resident, when and why; that somebody asked is on the record as well."""
    resident = seen(resident_id)
    typed, since, until = _asked()
    audit.record_view("people.trace", "resident", resident.id)
    query = tracing.trace(resident, current_user, since, until)
    found, pager = page_of(query, AuditEntry.id, "people.trace", resident_id=resident.id, **typed)
    return render_template("people/trace.html", resident=resident, lines=tracing.lines(found), pager=pager, typed=typed)


@blueprint.get("/<int:resident_id>/trace/print")
@requires("people.trace")
def print_trace(resident_id):
    """The same on paper, in the order in which it happened: what a report about a leak has to say (第五十七条)."""
    resident = seen(resident_id)
    typed, since, until = _asked()
    audit.record_view("people.trace", "resident", resident.id)
    query = tracing.trace(resident, current_user, since, until).order_by(AuditEntry.id).limit(tracing.MOST_PRINTED + 1)
    found = list(query)
    return render_template(
        "people/trace_paper.html", resident=resident, lines=tracing.lines(found[:tracing.MOST_PRINTED]), since=since,
        until=until, cut=len(found) > tracing.MOST_PRINTED, at=now(), most=tracing.MOST_PRINTED,
    )


# -- a copy --------------------------------------------------------------------------------------------------------

@blueprint.route("/<int:resident_id>/export", methods=["GET", "POST"])
@requires("people.export")
@own_transaction
def export(resident_id):
    """Make a copy of all that is known of the resident: to print, or as a file."""
    resident, form = seen(resident_id), ExportForm()
    if form.validate_on_submit():
        try:
            with atomic():
                made = exporting.make(resident, form.reason.data, form.medium.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            if form.medium.data == "page":
                return render_template("people/export_paper.html", resident=resident, made=made,
                                       stamp=exporting.stamp(made))
            name = f"居民资料 {resident.id} {made['at']:%Y%m%d%H%M}.zip"
            return send_file(exporting.archive(made), "application/zip", as_attachment=True, download_name=name)
    return render_template("people/export.html", form=form, resident=resident), 422 if form.is_submitted() else 200


# -- keeping and erasing -------------------------------------------------------------------------------------------

@blueprint.route("/<int:resident_id>/erase", methods=["GET", "POST"])
@requires("people.erase")
@own_transaction
def erase(resident_id):
    """Why this resident is kept and until when; and erasing, where nothing requires to keep them any more."""
    resident, form = seen(resident_id), EraseForm()
    if request.method == "GET" and resident.expired_on:
        form.kind.data = "expired"
    if form.validate_on_submit():
        try:
            holding = erasing.erase(resident.id, form.kind.data, form.reason.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            if not holding:
                flash("已删除这位居民的资料。", "success")
                return redirect(url_for("people.show", resident_id=resident.id))
            form.refuse(Refused("依法还要保存，这次请求已经记下、没有删除：见上面的保存理由。"))
    reasons = keeping.reasons(resident)
    requests = ResidentRequest.select().where(ResidentRequest.resident == resident.id)
    return render_template(
        "people/erase.html", resident=resident, form=form, purposes=PURPOSES, reasons=reasons, day=now().date(),
        requests=list(requests.order_by(ResidentRequest.id.desc()).limit(10)),
        kinds={**erasing.KINDS, "export": "复制"},
    ), 422 if form.is_submitted() else 200


@blueprint.route("/expired", methods=["GET", "POST"])
@requires("people.erase")
@own_transaction
def expired():
    """到期待清理: who is kept for no reason any more; those that somebody ticks are erased."""
    found, pager = page_of(keeping.expired(current_user), Resident.id, "people.expired")
    form = ExpiredForm()
    form.chosen.choices = [(str(one.id), one.masked_name) for one in found]
    if form.validate_on_submit():
        return _erase_chosen([int(key) for key in form.chosen.data])
    places = {unit.id: unit.short for unit in Unit.select().where(Unit.id.in_({one.unit_id for one in found}))}
    view = {"found": found, "pager": pager, "places": places, "form": form}
    return render_template("people/expired.html", **view), 422 if form.is_submitted() else 200


def _erase_chosen(keys: list[int]):
    """Each in a transaction of its own: one that found a new reason meanwhile does not keep the others."""
    done, kept = 0, 0
    for key in keys:
        try:
            done, kept = (done, kept + 1) if erasing.erase(
                key, "expired", "保存期限已满，经确认清理", current_user) else (done + 1, kept)
        except Conflict:
            kept += 1
    flash(f"已删除 {done} 位居民的资料。" + (f"另有 {kept} 位又有了保存的理由或刚被处理，没有删除。" if kept else ""),
          "warn" if kept else "success")
    return redirect(url_for("people.expired"))


@blueprint.post("/<int:resident_id>/keep-longer")
@requires("people.erase")
def keep_longer(resident_id):
    """Somebody knows a reason to keep that the portal does not: it asks again after a year."""
    keeping.keep_longer(seen(resident_id), current_user)
    flash("一年内不再列入清理。", "success")
    return redirect(url_for("people.expired"))
