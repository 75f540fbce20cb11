from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal import audit
from portal.access import requires
from portal.db import now
from portal.forms import Form
from portal.jobs import plan, running
from portal.jobs.models import JobRun, Lease
from portal.paging import page_of

blueprint = Blueprint("jobs", __name__, template_folder="templates")


@blueprint.get("/")
@requires("jobs.manage")
def index():
    """All jobs: when each ran last, how that ended, when it is next."""
    active, runs, moment = plan.jobs(), plan.latest(), now()
    wrong = plan.troubles()
    rows = [
        {"job": job, "run": runs.get(name), "active": name in active, "when": plan.in_words(job),
         "next": plan.next_due(job, moment) if name in active else None,
         "trouble": next((one.sentence for one in wrong if one.name == name), "")}
        for name, job in plan.declared().items()
    ]
    rows.sort(key=lambda row: (not row["trouble"], not row["active"]))
    return render_template(
        "jobs/index.html", rows=rows, general=[one.sentence for one in wrong if not one.name],
        lease=Lease.get_by_id(1), alive=Lease.get_by_id(1).until >= moment,
    )


@blueprint.get("/<string:name>")
@requires("jobs.manage")
def show(name):
    """One job and its runs, newest first."""
    job = plan.declared().get(name) or abort(404)
    query = JobRun.select().where(JobRun.name == name)
    runs, pages = page_of(query, JobRun.id, "jobs.show", name=name)
    return render_template("jobs/show.html", job=job, runs=runs, pages=pages, when=plan.in_words(job),
                           active=name in plan.jobs())


@blueprint.post("/<string:name>/run-now")
@requires("jobs.manage")
def run_now(name):
    """Put a run into the queue; the process that runs the jobs takes it within seconds."""
    job = plan.jobs().get(name) or abort(404)
    if not Form().validate_on_submit():
        abort(400)
    running.ask(name, by=current_user)
    audit.record("jobs.run_now", "job", name)
    flash(f"“{job.title}”已排上队，几秒钟内开始运行。", "ok")
    return redirect(url_for("jobs.show" if request.args.get("back") == "show" else "jobs.index", name=name))


def card(person) -> dict | None:
    """What is wrong, for those who look after the portal; nothing where all is well."""
    found = plan.troubles()
    return {"troubles": [one.sentence for one in found[:5]], "more": max(len(found) - 5, 0)} if found else None
