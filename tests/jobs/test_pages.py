"""Where a job that did not run is seen: the administrator's page and workbench, portal check, /healthz."""

import datetime

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.jobs import plan, running
from portal.jobs.models import JobRun, Lease
from portal.registry import PluginError
from portal.values import Finding
from tests.jobs.conftest import FILES, at
from tests.registry.conftest import registry
from tests.registry.sources import hook, plugin

__all__ = ["registry"]


@pytest.fixture
def county(start):
    made = start(FILES, enable=["works"])
    with made.app.app_context():
        Lease.update(born=datetime.datetime(2037, 12, 1)).execute()
        User.update(password_at=datetime.datetime(2037, 11, 1)).execute()  # nobody has to change it first
        yield made


def test_the_page_says_of_each_job_when_it_ran_how_that_ended_and_when_it_is_next(county):
    with at("2037-12-02 06:00"):
        running.take_lease("here/1/2/3")
        running.run_due("here/1/2/3")
        text = county.sign_in("xitong").open("/jobs/").text
    for words in ("看一看", "看了三件事。", "每天 02:00", "每 10 分钟", "12-03 02:00",
                  "上次没有成功：还没有载入明年的日历"):
        assert words in text, words
    assert text.index("不肯做") < text.index("看一看"), "what needs somebody stands first"


def test_the_button_puts_a_run_into_the_queue_once_and_on_the_record(county, cast):
    browser = county.sign_in("xitong")
    form = browser.open("/jobs/works.good").form(["csrf_token"], "/jobs/works.good/run-now?back=show")
    for _ in range(2):
        browser.submit(form)
    browser.send("/jobs/works.good", to="/jobs/works.good/run-now?back=show", csrf_token=form.fields["csrf_token"])
    assert "排队中" in browser.text
    [run] = JobRun.select().where(JobRun.name == "works.good")
    assert run.asked_by_id == cast["xitong"] and run.started is None
    entry = AuditEntry.select().where(AuditEntry.action == "jobs.run_now").get()
    assert entry.object_id == "works.good" and entry.actor_name == "马骏"
    running.run_due()
    assert "看了三件事。" in browser.open("/jobs/works.good").text


def test_only_system_administrators_see_and_start_jobs(county):
    for name in ("cun", "xian", "zhenguan", "anquan", "shenji"):
        browser = county.sign_in(name)
        assert browser.open("/jobs/").status == 403
        assert browser.post("/jobs/works.good/run-now").status == 403
    browser = county.sign_in("xitong")
    assert browser.open("/jobs/no.such").status == 404
    assert browser.post("/jobs/no.such/run-now").status == 404
    assert not JobRun.select().where(JobRun.asked_by.is_null(False)).exists()


def test_it_is_said_on_the_workbench_by_check_and_to_a_watcher(county):
    with at("2037-12-02 02:00"):
        running.take_lease("one")
        running.run_due("one")
    with at("2037-12-05 09:00"):
        administrator = county.sign_in("xitong").open("/")
        assert "后台任务需要处理" in administrator.text and "没有在运行" in administrator.text
        assert "后台任务需要处理" not in county.sign_in("cun").open("/").text
        assert administrator.open("/healthz").response.get_json() == {"status": "degraded"}
        found = county.registry.values("portal_check")
        said = [one for one in found if isinstance(one, Finding) and one.sentence.startswith("后台任务：")]
        assert said and not any(one.serious for one in said)
        assert "“看一看”应在 12-05 02:00 运行而没有运行。" in str(said)


@pytest.mark.parametrize("when", ["", 'at="2:00"', 'at="25:00"', 'at="02:00", every=5', "every=-5"])
def test_a_job_without_a_time_or_with_two_is_no_job(registry, when):
    source = plugin("bad", extra=hook("portal_jobs", f'return [Job("bad.x", "x", print, {when})]'))
    with pytest.raises(PluginError, match="at="):
        registry({"bad.py": source}, strict=True)


def test_a_job_of_another_ones_name_is_refused(registry):
    source = plugin("bad", extra=hook("portal_jobs", 'return [Job("station.x", "x", print, at="02:00")]'))
    with pytest.raises(PluginError, match="应以 bad. 开头"):
        registry({"bad.py": source}, strict=True)


@pytest.mark.parametrize(("every", "at_", "words"), [
    (5, "", "每 5 分钟"), (60, "", "每小时"), (120, "", "每 2 小时"), (24 * 60, "", "每天"), (0, "02:00", "每天 02:00"),
])
def test_when_a_job_runs_is_said_in_words(every, at_, words):
    assert plan.in_words(plan.Job("x.y", "", print, at=at_, every=every)) == words
