"""One town's set-up for another: a preview that does nothing, what is ticked and nothing else, and the way back."""

import re

import pytest

from portal.audit.models import AuditEntry
from portal.org import copying
from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import OrgCopy, OrgSetting, TownPluginEvent, Unit
from portal.org.settings import find, save_setting, setting
from portal.testing import counted_queries
from tests.cases.making import in_threads, matter
from tests.people_of_the_county import COUNTY, OTHER_TOWN, PLUGINS, QUIET_TOWN, TOWN, VILLAGE, person, unit

NAME, HOURS = "cases.alike_days", "grid.village_hours"


@pytest.fixture
def towns(app):
    """塔山镇 with two settings of its own; its neighbour with one of them; and the quiet town, which has no plugin."""
    for code, name, value in ((TOWN, NAME, 30), (TOWN, HOURS, 48), (OTHER_TOWN, HOURS, 12)):
        save_setting(find(name), unit(code), value, person("xitong"))
    return unit(TOWN), unit(OTHER_TOWN), unit(QUIET_TOWN)


def url(source, *targets) -> str:
    return f"/org/copy?source={source.id}" + "".join(f"&target={town.id}" for town in targets)


def preview(admin, source, *targets):
    return admin.open(url(source, *targets))


def ticked(text: str) -> list[str]:
    return re.findall(r'name="lines" value="([^"]+)" checked', text)


def offered(text: str) -> list[str]:
    return re.findall(r'name="lines" value="([^"]+)"', text)


def copy(admin, source, *targets, lines=None):
    """Open the preview and copy what is ticked there, or `lines`."""
    page = preview(admin, source, *targets)
    assert page.status == 200, page.text
    chosen = ticked(page.text) if lines is None else lines
    return admin.submit(page.form(["lines"]), lines=chosen)


# -- the preview -------------------------------------------------------------------------------------------------

def test_the_preview_says_what_would_change_and_changes_nothing(towns, sign_in):
    tashan, other, quiet = towns
    admin, before = sign_in("xitong"), (OrgSetting.select().count(), TownPluginEvent.select().count())
    text = preview(admin, tashan, other, quiet).text
    assert find(NAME).title in text and "随县里（90 日）" in text and "12 小时" in text and "48 小时" in text
    assert "平台“网格管理”" in text and len(ticked(text)) == 2 + len(PLUGINS) + 2
    assert (OrgSetting.select().count(), TownPluginEvent.select().count()) == before
    assert enabled_for(quiet) == set() and not AuditEntry.select().where(AuditEntry.action == "org.copy").exists()


def test_towns_that_are_alike_have_nothing_to_copy(towns, sign_in):
    admin = sign_in("xitong")
    copy(admin, towns[0], towns[1])
    text = preview(admin, towns[0], towns[1]).text
    assert "没有不同" in text and not offered(text)


def test_what_stands_in_the_way_is_told_before_and_cannot_be_ticked(towns, sign_in):
    tashan, _, quiet = towns
    case = matter()
    text = preview(sign_in("xitong"), quiet, tashan).text
    assert "办不了：" in text and case.number in text
    assert len(ticked(text)) == len(offered(text)) - 1 and "disabled" in text


def test_the_settings_of_a_plugin_that_the_source_has_not_enabled_are_no_difference(towns):
    assert [line.name for line in copying.differences(towns[2], towns[0]) if line.kind == "setting"] == [NAME]


@pytest.mark.parametrize(("asked", "said"), [
    ("", "照哪个乡镇"), ("?source=", "请选择照哪个乡镇设置"), ("?source={0}", "请再勾选要设置的乡镇"),
    ("?source={0}&target={0}", "请再勾选要设置的乡镇"), ("?source=x&target=y", "请选择照哪个乡镇设置"),
])
def test_a_choice_that_is_not_whole_is_asked_for(towns, sign_in, asked, said):
    admin = sign_in("xitong").open("/org/copy" + asked.format(towns[0].id))
    assert admin.status == 200 and said in admin.text


@pytest.mark.parametrize("code", [COUNTY, VILLAGE, (TOWN, "综治中心")])
def test_only_towns_are_copied(towns, sign_in, code):
    admin = sign_in("xitong")
    assert preview(admin, unit(code), towns[0]).status == 404
    assert preview(admin, towns[0], unit(code)).status == 404
    assert admin.post(url(towns[0], unit(code)), lines="x").status == 404


def test_a_closed_town_is_neither_source_nor_target(towns, sign_in):
    Unit.update(valid_to="2026-01-01").where(Unit.id == towns[2].id).execute()
    admin = sign_in("xitong")
    assert preview(admin, towns[0], towns[2]).status == preview(admin, towns[2], towns[0]).status == 404
    assert towns[2].short not in admin.open("/org/copy").text.split("<main")[1]


@pytest.mark.parametrize("name", ["zhenguan", "cun", "zhen", "xian", "lingdao", "anquan", "shenji"])
def test_nobody_but_the_countys_administrator_copies(towns, sign_in, name):
    clerk = sign_in(name)
    for path in (url(towns[0], towns[1]), "/org/copies", "/org/copies/1", "/org/copies/1/undo"):
        assert clerk.open(path).status == 403, path
    assert clerk.post(url(towns[0], towns[1]), lines="x").status == 403


# -- doing it ----------------------------------------------------------------------------------------------------

def test_all_that_is_ticked_is_carried_over(towns, sign_in):
    tashan, other, quiet = towns
    admin = copy(sign_in("xitong"), tashan, other, quiet)
    assert admin.status == 200 and "完成 2 项" in admin.text and f"完成 {len(PLUGINS) + 2} 项" in admin.text
    assert enabled_for(quiet) == set(PLUGINS)
    assert {(setting(NAME, town), setting(HOURS, town)) for town in towns} == {(30, 48)}


def test_what_is_not_ticked_stays_as_it_is(towns, sign_in):
    tashan, other, _ = towns
    admin = sign_in("xitong")
    line = next(line for line in copying.differences(tashan, other) if line.name == NAME)
    copy(admin, tashan, other, lines=[f"{other.id}.{line.key}"])
    assert (setting(NAME, other), setting(HOURS, other)) == (30, 12)


def test_a_town_that_follows_the_county_is_copied_as_following_it(towns, sign_in):
    copy(sign_in("xitong"), towns[1], towns[0])
    assert setting(NAME, towns[0]) == 90 and setting(HOURS, towns[0]) == 12
    assert OrgSetting.select().where(OrgSetting.unit == towns[0].id).count() == 1


def test_a_setting_without_its_plugin_is_refused_alone(towns, sign_in):
    tashan, _, quiet = towns
    keys = [f"{quiet.id}.{line.key}" for line in copying.differences(tashan, quiet) if line.name in (NAME, HOURS)]
    admin = copy(sign_in("xitong"), tashan, quiet, lines=keys)
    assert admin.status == 200 and "完成 1 项，1 项没有做" in admin.text and "没有启用“网格管理”" in admin.text
    assert setting(NAME, quiet) == 30 and OrgSetting.select().where(OrgSetting.unit == quiet.id).count() == 1


def test_a_plugin_with_open_matters_is_refused_alone(towns, sign_in):
    tashan, _, quiet = towns
    admin = sign_in("xitong")
    page = preview(admin, quiet, tashan)
    form, lines = page.form(["lines"]), ticked(page.text)
    matter()
    admin.submit(form, lines=lines)
    assert admin.status == 200 and "没有办结" in admin.text
    assert enabled_for(tashan) == {"station"} and setting(NAME, tashan) == 90


def test_which_matters_stand_in_the_way_is_told_and_not_kept(towns, sign_in):
    tashan, _, quiet = towns
    page = preview(sign_in("xitong"), quiet, tashan)
    form, lines, case = page.form(["lines"]), ticked(page.text), matter()
    assert case.number in preview(sign_in("xitong"), quiet, tashan).text
    page.submit(form, lines=lines)
    kept = [line["why"] for line in OrgCopy.get().refused]
    assert len(kept) == 1 and "没有办结" in kept[0] and case.number not in kept[0] and case.number not in page.text


def test_it_is_on_the_record_with_what_stood_there_before(towns, sign_in):
    copy(sign_in("xitong"), towns[0], towns[1])
    entry = AuditEntry.select().where(AuditEntry.action == "org.copy").get()
    assert entry.object_id == str(towns[1].id) and entry.actor_name == "马骏"
    assert entry.detail == {"source": towns[0].name, "unit": towns[1].name, "done": 2, "undone": 0}
    assert entry.changes[find(NAME).title] == ["随县里（90 日）", "30 日"]
    assert entry.changes[find(HOURS).title] == ["12 小时", "48 小时"]


@pytest.mark.parametrize("lines", [[], [""], ["x"], ["1.abc"], ["9" * 10_000]])
def test_nothing_that_the_preview_does_not_offer_is_done(towns, sign_in, lines):
    admin = copy(sign_in("xitong"), towns[0], towns[1], lines=lines)
    assert admin.status == 422 and "error-summary" in admin.text and OrgCopy.select().count() == 0
    assert setting(NAME, towns[1]) == 90


def test_what_somebody_has_changed_meanwhile_is_not_written_over_unseen(towns, sign_in):
    admin = sign_in("xitong")
    page = preview(admin, towns[0], towns[1])
    form, lines = page.form(["lines"]), ticked(page.text)
    save_setting(find(HOURS), towns[1], 36, person("zhenguan"))
    admin.submit(form, lines=lines)
    assert admin.status == 422 and "刚刚有人改过" in admin.text and "36 小时" in admin.text
    assert len(ticked(admin.text)) == 1, "what is still so stays ticked"
    assert (setting(NAME, towns[1]), setting(HOURS, towns[1])) == (90, 36)


def test_two_clicks_are_one_copying(towns, sign_in):
    admin = sign_in("xitong")
    page = preview(admin, towns[0], towns[1])
    form, lines = page.form(["lines"]), ticked(page.text)
    for _ in range(2):
        assert admin.submit(form, lines=lines).status == 200
    assert OrgCopy.select().count() == 1


def test_two_who_copy_and_one_who_sets_at_the_same_moment_do_not_stop_each_other(towns, app):
    tashan, other, quiet = towns
    xitong, town_admin, declared = person("xitong"), person("zhenguan"), find(HOURS)
    outcome = in_threads(
        app, lambda: copying.carry_out(tashan, quiet, copying.differences(tashan, quiet), xitong).refused,
        lambda: copying.carry_out(other, quiet, copying.differences(other, quiet), xitong).refused,
        lambda: save_setting(declared, tashan, 36, town_admin),
    )
    assert not [one for one in outcome if isinstance(one, Exception)], outcome
    assert enabled_for(quiet) == set(PLUGINS) and setting(HOURS, quiet) in (48, 36, 12)


# -- looking back and the way back -------------------------------------------------------------------------------

def test_each_copying_is_kept_with_its_lines(towns, sign_in):
    admin = copy(sign_in("xitong"), *towns)
    text = admin.open("/org/copies").text
    assert text.count("照塔山镇设置") == 2 and towns[1].short in text and towns[2].short in text
    one = OrgCopy.select().where(OrgCopy.target == towns[1].id).get()
    text = admin.open(f"/org/copies/{one.id}").text
    assert "12 小时" in text and "48 小时" in text and text.count("完成</span>") == 2


def test_undoing_it_brings_back_what_was(towns, sign_in):
    tashan, _, quiet = towns
    admin = copy(sign_in("xitong"), tashan, quiet)
    one = OrgCopy.get()
    page = admin.open(f"/org/copies/{one.id}/undo")
    assert page.status == 200 and len(ticked(page.text)) == len(PLUGINS) + 2
    admin.submit(page.form(["lines"]), lines=ticked(page.text))
    assert admin.status == 200 and enabled_for(quiet) == set() and setting(NAME, quiet) == 90
    assert not OrgSetting.select().where(OrgSetting.unit == quiet.id).exists()
    assert OrgCopy.select().where(OrgCopy.undoes == one.id).count() == 1
    assert "撤销过" in admin.open(f"/org/copies/{one.id}").text
    assert "没有不同" in admin.open(f"/org/copies/{one.id}/undo").text


def test_undoing_an_undoing_copies_again(towns, sign_in):
    admin = copy(sign_in("xitong"), towns[0], towns[2])
    for _ in range(2):
        last = OrgCopy.select().order_by(OrgCopy.id.desc()).first()
        page = admin.open(f"/org/copies/{last.id}/undo")
        admin.submit(page.form(["lines"]), lines=ticked(page.text))
    assert enabled_for(towns[2]) == set(PLUGINS) and setting(HOURS, towns[2]) == 48


def test_what_was_changed_after_the_copying_is_not_ticked_for_the_way_back(towns, sign_in):
    admin = copy(sign_in("xitong"), towns[0], towns[1])
    save_setting(find(HOURS), towns[1], 36, person("zhenguan"))
    text = admin.open(f"/org/copies/{OrgCopy.get().id}/undo").text
    assert "复制以后又有人改过" in text and len(ticked(text)) == 1 and len(offered(text)) == 2


def test_an_open_matter_keeps_a_plugin_from_being_taken_back(towns, sign_in):
    tashan, _, quiet = towns
    admin = copy(sign_in("xitong"), quiet, tashan)
    assert enabled_for(tashan) == set()
    back = OrgCopy.get()
    page = admin.open(f"/org/copies/{back.id}/undo")
    admin.submit(page.form(["lines"]), lines=ticked(page.text))
    assert enabled_for(tashan) == set(PLUGINS)
    again, case = OrgCopy.select().order_by(OrgCopy.id.desc()).first(), matter()
    text = admin.open(f"/org/copies/{again.id}/undo").text
    assert "办不了：" in text and case.number in text


def test_the_preview_of_many_towns_costs_a_few_queries_a_line(towns, sign_in):
    admin = sign_in("xitong")
    others = [one for one in Unit.select().where(Unit.level == "town", Unit.county_id == unit(COUNTY).id)
              if one.id != towns[0].id]
    for town in others[:10]:
        for slug in PLUGINS[:2]:
            set_enabled(town, slug, False, None)
    preview(admin, towns[0], *others)
    with counted_queries() as asked:
        text = preview(admin, towns[0], *others).text
    assert admin.status == 200 and len(asked) < 25 * len(offered(text))
