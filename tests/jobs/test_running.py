"""Each job runs at its time, once; one that fails fails alone; one that was cut off runs again."""

import datetime

import pytest

from portal.db import atomic, now
from portal.jobs import running
from portal.jobs.models import JobRun, Lease
from portal.jobs.plan import FIRST_DAY, jobs, last_due, latest, troubles
from portal.notify.models import Notice
from portal.org.enablement import set_enabled
from portal.values import Job
from tests.jobs.conftest import FILES, at
from tests.people_of_the_county import COUNTY, OTHER_TOWN, TOWN, unit


@pytest.fixture
def county(start):
    with at("2037-12-01 12:00"):
        made = start(FILES, enable=["works"])
    with made.app.app_context():
        Lease.update(born=datetime.datetime(2037, 12, 1)).execute()
        yield made


def ran(name: str) -> list[tuple]:
    """Return (due, ok, sentence) of the runs of a job, in their order."""
    rows = JobRun.select().where(JobRun.name == name).order_by(JobRun.id)
    return [(f"{run.due:%m-%d %H:%M}", run.ok, run.sentence) for run in rows]


@pytest.mark.parametrize(("moment", "due"), [
    ("2037-12-02 01:59", "2037-12-01 02:00"), ("2037-12-02 02:00", "2037-12-02 02:00"),
    ("2037-12-02 23:00", "2037-12-02 02:00"),
])
def test_a_daily_job_is_due_at_its_hour_of_the_wall_clock(moment, due):
    job = Job("x.y", "", lambda: None, at="02:00")
    assert last_due(job, datetime.datetime.fromisoformat(moment)) == datetime.datetime.fromisoformat(due)


def test_it_runs_once_and_says_what_it_did(county):
    with at("2037-12-02 02:00"):
        running.run_due()
        running.run_due()
    assert ran("works.good") == [("12-02 02:00", True, "看了三件事。")]
    with at("2037-12-02 02:11"):
        running.run_due()
    assert len(ran("works.good")) == 1 and len(ran("works.bad")) == 2


def test_nights_that_were_missed_are_made_up_once(county):
    with at("2037-12-02 02:00"):
        running.run_due()
    with at("2037-12-09 08:30"):
        running.run_due()
    assert [due for due, _, _ in ran("works.good")] == ["12-02 02:00", "12-09 02:00"]


def test_one_that_fails_fails_alone_and_names_nobody(county):
    (county.app.config["PORTAL"]["instance"] / "plugins" / "broken").touch()
    with at("2037-12-02 06:00"):
        running.run_due()
    good, bad, refused = (latest()[f"works.{name}"] for name in ("good", "bad", "refused"))
    assert good.ok and not bad.ok and not refused.ok
    assert "ValueError" in bad.sentence and "works.py" in bad.error
    assert "王秀兰" not in bad.sentence + bad.error
    assert refused.sentence == "还没有载入明年的日历，请先载入。"


def test_the_administrator_is_told_of_the_first_failure_and_not_of_each(county, cast):
    (county.app.config["PORTAL"]["instance"] / "plugins" / "broken").touch()
    for minute in (0, 10, 20):
        with at(f"2037-12-02 06:{minute:02d}"):
            running.run_due()
    told = Notice.select().where(Notice.topic == "jobs.failed", Notice.title.contains("时好时坏"))
    assert [notice.user_id for notice in told] == [cast["xitong"]]
    (county.app.config["PORTAL"]["instance"] / "plugins" / "broken").unlink()
    with at("2037-12-02 06:30"):
        running.run_due()
        assert not [trouble for trouble in troubles() if trouble.name == "works.bad"]


def test_a_job_of_a_plugin_runs_only_while_somebody_has_it_enabled(county):
    assert "works.good" in jobs()
    for code in (TOWN, COUNTY):
        set_enabled(unit(code), "works", False, None)
    assert "works.good" not in jobs()
    running.ask("works.good")
    with at("2037-12-02 06:00"):
        running.run_due()
        assert not [trouble for trouble in troubles() if trouble.name.startswith("works.")]
    assert [(ok, sentence) for _, ok, sentence in ran("works.good")] == [
        (None, "没有运行：插件没有载入，或没有任何地方启用它。")]
    set_enabled(unit(OTHER_TOWN), "works", True, None)
    assert "works.good" in jobs()


def test_what_was_cut_off_between_due_and_done_runs_again(county):
    with at("2037-12-02 02:00"):
        running.ask_scheduled("works.good")
        assert running.claim("a process that is gone").name == "works.good"
        running.run_due("the next one")
    assert ran("works.good") == [("12-02 02:00", True, "看了三件事。")]
    assert latest()["works.good"].attempts == 2


def test_one_that_kills_its_process_each_time_is_given_up_and_said(county, cast):
    with at("2037-12-02 02:00"):
        running.ask_scheduled("works.good")
        for number in range(3):
            assert running.claim(f"process {number}")
            running.recover(f"process {number + 1}", set())
        assert running.claim("process 4") is None
        run = latest()["works.good"]
        assert run.ok is False and "连续 3 次" in run.sentence
    assert Notice.select().where(Notice.user == cast["xitong"], Notice.topic == "jobs.failed").exists()


def test_what_still_runs_here_is_not_begun_twice(county):
    running.ask_scheduled("works.good")
    run = running.claim("here")
    running.recover("here", {run.id})
    running.ask("works.good", due=now() + datetime.timedelta(seconds=5))
    assert running.claim("here") is None, "a job never runs beside itself"


def test_only_one_process_holds_the_lease_until_it_is_given_back_or_runs_out(county):
    with at("2037-12-02 02:00:00"):
        assert running.take_lease("one") and running.take_lease("one") and not running.take_lease("two")
    with at("2037-12-02 02:00:59"):
        assert not running.take_lease("two")
        running.give_lease_back("two")
        assert not running.take_lease("two")
    with at("2037-12-02 02:02:00"):
        assert running.take_lease("two") and not running.take_lease("one")
        running.give_lease_back("two")
    with at("2037-12-02 02:02:01"):
        assert running.take_lease("one")


def test_a_job_that_did_not_run_is_noticed(county):
    with at("2037-12-02 02:00"):
        assert running.take_lease("one")
        running.run_due("one")
        assert [trouble.name for trouble in troubles()] == ["works.refused"]
    with at("2037-12-02 02:05"):
        assert "后台任务从 12-02 02:01 起没有在运行" in troubles()[0].sentence
    with at("2037-12-03 02:20"):
        running.take_lease("one")
        assert "“看一看”" not in str(troubles()), "half an hour of patience"
    with at("2037-12-03 02:40"):
        running.take_lease("one")
        assert "“看一看”应在 12-03 02:00 运行而没有运行。" in str(troubles())
        running.run_due("one")
        assert "没有运行" not in str(troubles())


def test_a_job_that_does_not_end_is_said(county):
    with at("2037-12-02 02:00"):
        running.take_lease("one")
        running.ask_scheduled("works.good")
        running.claim("one")
    with at("2037-12-02 03:30"):
        running.take_lease("one")
        assert "“看一看”从 12-02 02:00 开始，还没有结束。" in str(troubles())


def test_an_instance_whose_jobs_never_ran_says_so_from_its_second_day(county):
    Lease.update(holder="", born=now()).execute()
    assert not troubles()
    Lease.update(born=now() - FIRST_DAY * 2).execute()
    assert "从来没有运行过" in str(troubles())


def test_old_runs_go_and_the_newest_stays(county):
    with at("2037-12-02 02:00"):
        running.run_due()
    with at("2037-12-20 06:00"):
        running.run_due()
        with atomic():
            running.prune()
        assert len(ran("works.bad")) == 1 and len(ran("works.good")) == 2
    with at("2038-06-01 06:00"):
        running.prune()
        assert len(ran("works.good")) == 1
