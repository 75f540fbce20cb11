"""The slower of two clerks at every door: sees what changed, finds what was typed, and presses once more."""

import pytest

from portal.cases.clock_models import Extension, Pause
from portal.cases.merge_models import Merge
from portal.cases.models import Assist, Case
from portal.db import today
from tests.cases.making import id_card, matter, move
from tests.cases.supervision.late import full, in_days, issued
from tests.people_of_the_county import TOWN, VILLAGE, unit

CHANGED = "您填写的时候，这件事有了变化"
WORDS = "我写了很久的一段话"


@pytest.fixture
def case(app):
    """A case that the village has accepted."""
    with app.test_request_context():
        return move(matter(), ("accept", "cun"))


@pytest.fixture
def at_town(app):
    with app.test_request_context():
        return move(matter(), ("accept", "cun"), ("forward_town", "cun"))


def fresh(case) -> Case:
    return Case.get_by_id(case.id)


def meanwhile(case, sign_in, cast, who="shuji", to="cun"):
    """Somebody hands the case on inside its unit: another version, and every act stays possible."""
    sign_in(who).send(f"/cases/{case.id}/assign", person=str(cast[to]), text="请抓紧")
    assert fresh(case).version > case.version


def slower(browser, path: str, change, **fields):
    """Open the form, let `change()` happen, send it: what changed is told and nothing typed is lost; then once more."""
    form = browser.open(path).form([*fields, "version"])
    change()
    browser.submit(form, path, **fields)
    assert browser.status == 409 and CHANGED in browser.text and "交办给" in browser.text
    again = browser.form([*fields, "version"])
    assert {name: again.fields.get(name) for name in fields} == fields
    browser.submit(again, path)
    assert browser.status == 200 and CHANGED not in browser.text
    return browser


def test_an_extension_is_asked_for(case, sign_in, cast):
    slower(sign_in("cun"), f"/cases/{case.id}/extend", lambda: meanwhile(case, sign_in, cast), amount="3", reason=WORDS)
    assert Extension.get().reason == WORDS


def test_an_extension_is_decided(case, sign_in, cast):
    sign_in("cun").send(f"/cases/{case.id}/extend", amount="3", reason="要到省厅核查。")
    slower(sign_in("zhen"), f"/cases/{case.id}/extension", lambda: meanwhile(fresh(case), sign_in, cast), granted="yes",
           text=WORDS, told_channel="phone", told_text="已告知延长三个工作日。")
    assert Extension.get().decision == WORDS and fresh(case).extension == "granted"


def test_the_clock_is_stopped_and_runs_again(case, sign_in, cast):
    slower(sign_in("cun"), f"/cases/{case.id}/pause", lambda: meanwhile(case, sign_in, cast), reason="publicity",
           evidence="公示 3 号", until_expected=in_days(5), text=WORDS)
    assert fresh(case).paused_at
    slower(sign_in("cun"), f"/cases/{case.id}/resume", lambda: meanwhile(fresh(case), sign_in, cast), text=WORDS)
    assert fresh(case).paused_at is None and Pause.select().count() == 1


def test_another_unit_is_asked_to_assist(case, sign_in, cast):
    slower(sign_in("shuji"), f"/cases/{case.id}/assist", lambda: meanwhile(case, sign_in, cast),
           unit=str(unit((TOWN, "综治中心")).id), wanted=WORDS, due=today().isoformat())
    assert Assist.get().wanted == WORDS


def test_it_is_handed_to_another_unit_and_sent_back(at_town, sign_in, cast):
    centre = unit((TOWN, "综治中心")).id
    slower(sign_in("zhen"), f"/cases/{at_town.id}/hand-over",
           lambda: meanwhile(at_town, sign_in, cast, "zhener", "zhen"), unit=str(centre), text=WORDS)
    assert fresh(at_town).unit_id == centre
    case = fresh(at_town)
    slower(sign_in("zongzhi"), f"/cases/{case.id}/send-back",
           lambda: meanwhile(case, sign_in, cast, "zongzhi", "zongzhi"), text=WORDS)
    assert fresh(case).returns == 1


def test_two_are_merged(app, sign_in, cast):
    with app.test_request_context():
        same = id_card()
        into, case = matter(id_card=same), matter(id_card=same)
    path = f"/cases/{case.id}/merge"
    slower(sign_in("shuji"), path, lambda: meanwhile(case, sign_in, cast), number=into.number, text=WORDS)
    assert Merge.get().text == WORDS and fresh(case).merged_into_id == into.id


def test_one_is_split(case, sign_in, cast):
    slower(sign_in("shuji"), f"/cases/{case.id}/split", lambda: meanwhile(case, sign_in, cast), kind="grid.event",
           text=WORDS)
    assert Case.select().where(Case.source_case == case.id).count() == 1


def test_it_is_raised(app, sign_in, cast):
    with app.test_request_context():
        case = full(9)
    slower(sign_in("zhen"), f"/cases/{case.id}/escalate", lambda: meanwhile(case, sign_in, cast), text=WORDS)
    assert fresh(case).unit_id == unit(TOWN).id and fresh(case).former_unit_id == unit(VILLAGE).id


def test_what_was_written_beside_it_does_not_hide_what_changed(case, sign_in, cast):
    """A superior presses, instructs and issues an order: none of that is another version, and the change is told."""
    village, town = sign_in("cun"), sign_in("zhen")
    path = f"/cases/{case.id}/steps/forward_town"
    form = village.open(path).form(["version"])
    meanwhile(case, sign_in, cast)
    town.send(f"/cases/{case.id}/remind", text="群众来问了两次。")
    assert issued(town, case)
    sign_in("lingdao").send(f"/cases/{case.id}/instruct", text="请今天办好。", until=in_days(3))
    village.submit(form, path, text=WORDS)
    assert village.status == 409 and WORDS in village.text
    assert all(said in village.text for said in ("交办给", "催办", "督办：", "领导批示"))
    village.submit(village.form(["version"]), path)
    assert village.status == 200 and fresh(case).state == "at_town"


def test_a_note_that_is_a_signature_is_a_change_and_one_that_is_none_is_not(at_town, sign_in):
    one, other = sign_in("zhen"), sign_in("zhener")
    path = f"/cases/{at_town.id}/steps/forward_county"
    form = one.open(path).form(["version"])
    other.send(f"/cases/{at_town.id}/notes", text="我先看看材料。")
    one.submit(form, path, text=WORDS)
    assert one.status == 409 and "我先看看材料。" in one.text
    again = one.form(["version"])
    other.send(f"/cases/{at_town.id}/notes", text="材料齐。")
    one.submit(again, path)
    assert one.status == 200 and fresh(at_town).state == "at_county"


def test_what_cannot_be_done_any_more_keeps_the_text_on_a_page_of_its_own(case, sign_in):
    one, other = sign_in("cun"), sign_in("shuji")
    path = f"/cases/{case.id}/extend"
    form = one.open(path).form(["amount"])
    other.send(path, amount="2", reason="我先申请了。")
    one.submit(form, path, amount="3", reason=WORDS)
    assert one.status == 409 and WORDS in one.text and CHANGED not in one.text and "查看最新情况" in one.text
    assert Extension.select().count() == 1


def test_an_older_version_than_the_first_is_none(case, sign_in):
    browser = sign_in("cun")
    form = browser.open(f"/cases/{case.id}/extend").form(["amount"])
    browser.submit(form, amount="3", reason=WORDS, version="0")
    assert browser.status == 409 and CHANGED not in browser.text and not Extension.select().exists()
