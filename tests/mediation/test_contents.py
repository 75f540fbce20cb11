"""What was said is read by those named on the case, its mediators and the justice administration; by nobody else."""

import pytest

from plugins.mediation.models import Mediator
from portal.cases.models import Case
from portal.files.models import Attachment
from portal.org import set_enabled
from tests.mediation.door import TO_PERFORMING, TO_SETTLED, committee, dispute_of, go, register, state, step
from tests.people_of_the_county import TOWN, unit

SECRETS = ("三棵藤椒树", "张建国", "张建华", "两兄弟")


@pytest.fixture
def case(sign_in, cast):
    """The orchard dispute under way; of its five mediators only 周勇 has an account, 唐世容 registered it."""
    committee(sign_in("shuji"))
    Mediator.update(user=cast["wangge"]).where(Mediator.name == "邓国民").execute()
    found = register(sign_in("tiaojie"))
    return go(sign_in("tiaojie"), found, *TO_PERFORMING)


@pytest.mark.parametrize("name", ["tiaojie", "wangge", "sifasuo", "sifaju"])
def test_those_named_and_those_who_supervise_read_it(case, sign_in, name):
    browser = sign_in(name)
    text = browser.open(f"/cases/{case.id}").text
    assert browser.status == 200 and "三棵藤椒树" in text and "先听两兄弟各说各的" in text
    assert "张建国" in browser.open(f"/cases/{case.id}/papers/agreement").text
    assert "张建国" in browser.open(f"/mediation/disputes/{dispute_of(case).id}/parties").text


@pytest.mark.parametrize("name", ["shuji", "zhen", "zongzhi", "zhener", "xian", "lingdao"])
def test_the_others_see_that_it_is_there_and_how_it_stands(case, sign_in, name):
    browser = sign_in(name)
    text = browser.open(f"/cases/{case.id}").text
    assert browser.status == 200 and "人民调解法第十五条" in text and "履行中" in text and "张*国与张*华" in text
    assert not [secret for secret in SECRETS if secret in text]
    own = f"/mediation/disputes/{dispute_of(case).id}"
    for path in (f"/cases/{case.id}/papers/agreement", f"/cases/{case.id}/steps/perform", f"/cases/{case.id}/files",
                 f"{own}/parties", f"{own}/edit"):
        assert browser.open(path).status in (403, 404), path


@pytest.mark.parametrize("name", ["lincun", "linjia", "linwang", "lingan", "linzhen", "wuzhen", "minzheng"])
def test_the_neighbours_do_not_find_it(case, sign_in, name):
    browser = sign_in(name)
    for path in (f"/cases/{case.id}", f"/cases/{case.id}/papers/agreement",
                 f"/mediation/disputes/{dispute_of(case).id}/parties", f"/cases/{case.id}/steps/perform"):
        assert browser.open(path).status in (403, 404), path


def test_lists_and_search_show_masked_parties_and_never_the_contents(case, sign_in):
    for name in ("shuji", "tiaojie", "zongzhi", "sifaju", "lingdao"):
        browser = sign_in(name)
        for path in ("/mediation/", "/cases/", "/mediation/?q=张", "/", "/cases/desk", "/mediation/figures",
                     "/search?q=土地互换"):
            text = browser.open(path).text
            assert not [secret for secret in SECRETS if secret in text], (name, path)
        assert f"/cases/{case.id}" not in browser.open("/search?q=藤椒树").text
        assert f"/cases/{case.id}" not in browser.open("/mediation/?q=藤椒").text
    assert "张*国与张*华：邻里纠纷（土地互换）" in sign_in("shuji").open("/mediation/").text


def test_before_mediators_are_named_the_unit_s_handlers_read_it(sign_in):
    committee(sign_in("shuji"))
    case = register(sign_in("wangge"))
    assert "三棵藤椒树" in sign_in("tiaojie").open(f"/cases/{case.id}").text
    assert "三棵藤椒树" in sign_in("wangge").open(f"/cases/{case.id}").text, "who registered it is named on it"
    assert "三棵藤椒树" not in sign_in("shuji").open(f"/cases/{case.id}").text


def test_a_village_leader_who_is_named_reads_it(sign_in, cast):
    committee(sign_in("shuji"))
    Mediator.update(user=cast["shuji"]).where(Mediator.name == "谢朝富").execute()
    case = go(sign_in("tiaojie"), register(sign_in("tiaojie")), "accept", "name")
    assert "三棵藤椒树" in sign_in("shuji").open(f"/cases/{case.id}").text


def test_who_accepts_it_can_go_on_although_others_are_named(sign_in):
    committee(sign_in("shuji"))
    case = register(sign_in("wangge"))
    go(sign_in("tiaojie"), case, *TO_SETTLED, "file")
    assert state(case) == "archived"


def test_whoever_opens_it_or_the_parties_is_on_the_record(case, sign_in):
    from portal.audit.models import AuditEntry

    sign_in("sifasuo").open(f"/mediation/disputes/{dispute_of(case).id}/parties")
    entry = AuditEntry.select().where(AuditEntry.action == "mediation.parties").get()
    assert entry.actor_name == "宋建国" and entry.object_id == str(case.id)


def test_the_papers_hold_no_whole_number(case, sign_in):
    text = sign_in("tiaojie").open(f"/cases/{case.id}/papers/registration").text
    assert "510722********1212" in text and "510722196003071212" not in text


def test_a_town_that_disabled_it_has_nothing_of_it(case, sign_in):
    assert Attachment.select().count() == 0
    browser = sign_in("tiaojie")
    quiet = sign_in("wuzhen")
    for path in ("/mediation/", "/mediation/register", "/mediation/committees", "/mediation/sweeps",
                 "/mediation/figures", "/mediation/committees/1"):
        assert quiet.open(path).status == 404, path
        assert quiet.post(path).status == 404, path
    assert browser.open("/mediation/").status == 200


def test_a_town_cannot_disable_it_with_open_disputes(case, sign_in):
    from portal.values import Refused

    with pytest.raises(Refused) as refused:
        set_enabled(unit(TOWN), "mediation", False, None)
    assert case.number in refused.value.sentence and "张" not in refused.value.sentence


def test_two_clerks_at_once_the_second_is_told_who_was_faster(case, sign_in):
    first, second = sign_in("tiaojie"), sign_in("tiaojie")
    url = f"/cases/{case.id}/steps/press"
    form = second.open(url).form(["text"])
    step(first, case, "press", text="已经催过。")
    second.submit(form, url, text="又来催。")
    assert second.status == 409 and "又来催。" in second.text
    assert Case.get_by_id(case.id).version > case.version
