"""可能重复的件: the ledger proposes, within what the reader may see; what people decided is not proposed again."""

import datetime
import re

import pytest

from portal.cases import duplicates
from portal.cases.checks import findings
from portal.cases.merge_models import Likeness
from portal.cases.models import Case
from portal.db import now
from portal.org.models import Unit
from portal.org.settings import save_setting
from portal.testing import counted_queries
from tests.cases.making import matter, post
from tests.grid.door import report
from tests.people_of_the_county import NEXT_VILLAGE, person, unit

ASKED = {"channel": "public", "name": "王秀兰", "phone": "13890112233"}


@pytest.fixture
def pair(app, sign_in):
    worker = sign_in("wangge")
    return report(worker, **ASKED), report(worker, text="石桥边河边护栏断了三米", **ASKED)


def proposed() -> list[tuple[int, int]]:
    return [(row.other_id, row.case_id) for row in Likeness.select().order_by(Likeness.id)]


def test_what_is_alike_is_proposed_when_it_comes_in_with_the_reasons(pair, sign_in):
    first, second = pair
    text = sign_in("shuji").open("/cases/alike").text
    assert first.number in text and second.number in text
    reasons = re.search(r"<td>([^<]*文字相似 \d+%)</td>", text)[1]
    assert reasons.startswith("同一人（姓名和电话相同）、同一村（社区）、同类、文字相似 ")
    assert [row.alike for row in Case.select().order_by(Case.id)] == [1, 1]


def test_the_page_of_each_names_the_other_and_what_to_do(pair, sign_in):
    first, second = pair
    village = sign_in("shuji")
    for one, other in ((first, second), (second, first)):
        text = village.open(f"/cases/{one.id}").text
        assert "可能是同一件事" in text and f'href="/cases/{other.id}"' in text
        assert f"/cases/{second.id}/merge?into={first.number}" in text
    form = village.open(f"/cases/{second.id}/merge?into={first.number}").text
    assert f'value="{first.number}"' in form and "那件（继续办理）" in form


def test_who_registers_sees_that_it_was_there_already_but_decides_nothing(pair, sign_in):
    first, second = pair
    text = sign_in("wangge").open(f"/cases/{second.id}").text
    assert "可能是同一件事" in text and f'href="/cases/{first.id}"' in text
    assert "/merge" not in text and "不是重复" not in text


def test_what_was_said_to_be_different_is_not_proposed_again(pair, sign_in):
    first, second = pair
    village, row = sign_in("shuji"), Likeness.get()
    post(village, f"/cases/alike/{row.id}/different", back=second.id)
    assert first.number not in village.open("/cases/alike").text
    assert "可能是同一件事" not in village.open(f"/cases/{second.id}").text
    duplicates.look(second.id)
    duplicates.look(first.id)
    assert Likeness.select().count() == 1 and {row.alike for row in Case.select()} == {0}


def test_what_was_merged_is_no_longer_proposed_and_taken_back_counts_as_different(pair, sign_in):
    first, second = pair
    village = sign_in("shuji")
    village.send(f"/cases/{second.id}/merge", number=first.number)
    assert Likeness.get().verdict == "same"
    village.send(f"/cases/{second.id}/unmerge", text="不是一处")
    assert Likeness.get().verdict == "different" and first.title not in village.open("/cases/alike").text
    assert {row.alike for row in Case.select()} == {0} and findings() == []


@pytest.mark.parametrize("name", ["lingan", "linzhen"])
def test_the_neighbour_sees_no_pair_and_decides_nothing(pair, sign_in, name):
    browser = sign_in(name)
    assert pair[0].number not in browser.open("/cases/alike").text
    assert post(browser, f"/cases/alike/{Likeness.get().id}/different").status == 404
    assert Likeness.get().verdict == ""


def test_who_sees_one_of_two_is_told_of_no_pair(app, sign_in):
    with app.test_request_context():
        first, second = matter(), matter(NEXT_VILLAGE, "lincun")
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        duplicates.look(second.id)
    assert proposed() == [(first.id, second.id)]
    assert second.number not in sign_in("shuji").open("/cases/alike").text
    assert second.number not in sign_in("shuji").open(f"/cases/{first.id}").text
    assert second.number in sign_in("zhen").open("/cases/alike").text


def test_two_people_who_apply_for_the_same_item_are_no_duplicates(app):
    with app.test_request_context():
        for _ in range(3):
            matter()
    assert proposed() == []


def test_the_same_person_who_applies_for_something_else_is_no_duplicate(app):
    with app.test_request_context():
        first, second = matter(), matter(of="居民养老保险参保")
        Case.update(resident=first.resident_id).where(Case.id == second.id).execute()
        assert duplicates.look(second.id) == 0


def test_nothing_is_proposed_of_restricted_compulsory_closed_or_older_cases(app, sign_in):
    worker = sign_in("wangge")
    report(worker, category="protect", sub="minor", text="孩子身上有新伤")
    report(worker, category="protect", sub="minor", text="孩子身上有新伤")
    first = report(worker)
    Case.update(opened=now() - datetime.timedelta(days=91)).where(Case.id == first.id).execute()
    second = report(worker)
    Case.update(restricted=True).where(Case.id == second.id).execute()
    report(worker, settled="on", result="当场处置好了")
    report(worker)
    assert proposed() == []


def test_the_county_sets_how_far_back_is_looked(app, sign_in):
    worker = sign_in("wangge")
    first = report(worker)
    Case.update(opened=now() - datetime.timedelta(days=9)).where(Case.id == first.id).execute()
    with app.test_request_context():
        save_setting(duplicates.DAYS, first.county_id, 8, person("xian"))
    report(worker)
    assert proposed() == []
    with app.test_request_context():
        save_setting(duplicates.DAYS, first.county_id, 10, person("xian"))
        assert duplicates.look(first.id) == 1


def test_the_night_forgets_pairs_that_are_closed(app, pair):
    first, second = pair
    Case.update(closed=now(), phase="closed").where(Case.id == second.id).execute()
    with app.test_request_context():
        assert duplicates.tidy() == "新提示 0 对可能重复的件，清理 1 对已经办结的。"
        assert duplicates.tidy() == "新提示 0 对可能重复的件，清理 0 对已经办结的。"
    assert proposed() == [] and Case.get_by_id(first.id).alike == 0


def test_many_cases_of_one_place_are_compared_only_so_many(app):
    with app.test_request_context():
        place, who = unit(NEXT_VILLAGE), person("lincun")
        cases = [matter(place, who) for _ in range(3)]
        assert isinstance(place, Unit) and len(duplicates.candidates(cases[0], [])) == 2
        assert duplicates.OF_PLACE + duplicates.OF_PERSON <= 300


def test_what_the_platform_says_of_all_pairs_is_read_at_once(app, sign_in):
    worker = sign_in("wangge")
    cases = [report(worker) for _ in range(4)]
    with app.test_request_context(), counted_queries() as seen:
        duplicates.look(cases[-1].id)
    assert sum('FROM "grid_event"' in sql for sql in seen) == 1
    assert len(proposed()) == 6


@pytest.mark.parametrize("one, other, alike", [
    ("河边护栏断了三米", "石桥边河边护栏断了三米", True), ("路灯三天不亮", "村口路灯三天不亮了", True),
    ("路灯三天不亮", "垃圾池满了没人收", False), ("高龄津贴", "居民养老保险参保", False), ("", "", False),
])
def test_how_alike_two_sentences_are(one, other, alike):
    found = duplicates.likenesses(one, ["", other])
    assert list(found) == ([1] if alike else []) and all(percent >= 60 for percent in found.values())


@pytest.mark.parametrize("name", ["cun", "wangge", "lingdao"])
def test_without_the_permission_there_is_no_page(app, sign_in, name):
    assert sign_in(name).open("/cases/alike").status == 403
