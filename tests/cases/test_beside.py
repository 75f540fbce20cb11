"""What stands beside the steps: handing on inside the unit, notes, attachments, the rating."""

import io
import re

import pytest
from PIL import Image

from portal.audit.models import AuditEntry
from portal.cases import timeline
from portal.cases.ledger import rate
from portal.cases.models import Case, Rating
from portal.files.models import Attachment
from portal.files.storage import path_of
from portal.registry import registry_of
from tests.cases.making import in_threads, matter, move, post
from tests.people_of_the_county import person


def _picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(drawn, "PNG")
    return drawn.getvalue()


PNG = _picture()


@pytest.fixture
def case(app):
    with app.test_request_context():
        return matter()


def entries(case) -> list[tuple[str, str]]:
    return [(entry.step, entry.title) for entry in timeline.entries(case)]


# -- handing on ----------------------------------------------------------------------------------------------------

def test_only_colleagues_of_the_responsible_unit_are_offered(case, sign_in, cast):
    browser = sign_in("shuji")
    offered = set(re.findall(r'<option value="(\d+)"', browser.open(f"/cases/{case.id}/assign").text)) or set(
        re.findall(r'name="person"[^>]*value="(\d+)"', browser.text))
    assert offered == {str(cast[name]) for name in ("cun", "shuji", "wangge", "duogang")}


def test_whom_it_is_given_to_has_it_and_the_unit_stays_responsible(case, sign_in, cast):
    sign_in("shuji").send(f"/cases/{case.id}/assign", person=str(cast["wangge"]), text="请上门核实")
    after = Case.get_by_id(case.id)
    assert after.person_id == cast["wangge"] and after.unit_id == case.unit_id and after.due == case.due
    assert entries(case)[-1] == ("assign", "交办给周勇") and timeline.entries(case)[-1].text == "请上门核实"


@pytest.mark.parametrize("name", ["lincun", "zhen", "minzheng", "xitong", "kongkong"])
def test_nobody_else_can_be_given_it(case, sign_in, cast, name):
    browser = sign_in("shuji")
    browser.send(f"/cases/{case.id}/assign", person=str(cast[name]))
    assert browser.status == 422 and "从列表中选择" in browser.text
    assert Case.get_by_id(case.id).person_id == cast["cun"] and len(entries(case)) == 1


@pytest.mark.parametrize("value", ["", "0", "-1", "999999", "abc", "9" * 30, "1.5", "' OR 1=1", "٣"])
def test_a_person_that_is_none_is_refused_at_the_field(case, sign_in, value):
    browser = sign_in("shuji")
    browser.send(f"/cases/{case.id}/assign", person=value, text="请核实")
    assert browser.status == 422 and "field-error" in browser.text and "请核实" in browser.text
    assert len(entries(case)) == 1


def test_the_second_of_two_who_hand_it_on_is_told_and_keeps_the_text(case, sign_in, cast):
    first, second = sign_in("shuji"), sign_in("shuji")
    path = f"/cases/{case.id}/assign"
    form = second.open(path).form(["person"])
    first.send(path, person=str(cast["wangge"]))
    second.submit(form, path, person=str(cast["duogang"]), text="<i>急</i>")
    assert second.status == 409 and "&lt;i&gt;急&lt;/i&gt;" in second.text and "张国强" in second.text
    assert Case.get_by_id(case.id).person_id == cast["wangge"]


def test_the_slower_clerk_sees_what_changed_and_needs_to_press_once_more_only(case, sign_in, cast):
    first, second = sign_in("shuji"), sign_in("shuji")
    path = f"/cases/{case.id}/assign"
    form = second.open(path).form(["person"])
    first.send(path, person=str(cast["wangge"]))
    second.submit(form, path, person=str(cast["duogang"]), text="天黑前去看")
    assert second.status == 409 and "您填写的时候，这件事有了变化" in second.text
    assert "交办给" in second.text and "没有保存" in second.text
    again = second.form(["person"])
    assert again.fields["person"] == str(cast["duogang"]) and again.fields["text"] == "天黑前去看"
    second.submit(again, path)
    assert second.status == 200 and Case.get_by_id(case.id).person_id == cast["duogang"]


def test_what_became_impossible_meanwhile_keeps_the_text_on_a_page_of_its_own(case, sign_in):
    first, second = sign_in("cun"), sign_in("cun")
    path = f"/cases/{case.id}/steps/accept"
    form = second.open(path).form(["version"])
    first.send(path, text="")
    second.submit(form, path, text="材料齐全")
    assert second.status == 409 and "查看最新情况" in second.text and "您填写的时候" not in second.text


def test_a_closed_case_is_not_handed_on(case, app, sign_in, cast):
    with app.test_request_context():
        move(case, ("withdraw", "cun"))
    browser = sign_in("shuji")
    assert "/assign" not in browser.open(f"/cases/{case.id}").text
    browser.send(f"/cases/{case.id}/assign", person=str(cast["wangge"]))
    assert browser.status == 422 and "已经办结" in browser.text


def test_whoever_does_not_hold_it_does_not_hand_it_on(case, sign_in, cast):
    """The town sees it, but the village is responsible: the town may not arrange who works on it there."""
    browser = sign_in("zhen")
    assert "/assign" not in browser.open(f"/cases/{case.id}").text
    browser.send(f"/cases/{case.id}/assign", person=str(cast["wangge"]))
    assert browser.status == 422 and "由华光村村民委员会负责" in browser.text


def test_a_window_that_may_not_assign_is_turned_away(case, sign_in):
    assert sign_in("cun").open(f"/cases/{case.id}/assign").status == 403


# -- notes ---------------------------------------------------------------------------------------------------------

def test_a_note_is_on_the_timeline_and_changes_nothing_else(case, sign_in):
    before = Case.select().dicts().get()
    sign_in("cun").send(f"/cases/{case.id}/notes", to=None, text="已电话联系\n明天再来 <b>")
    assert entries(case)[-1] == ("note", "备注") and timeline.entries(case)[-1].text == "已电话联系\n明天再来 <b>"
    assert Case.select().dicts().get() == before
    assert "明天再来 &lt;b&gt;" in sign_in("zhen").open(f"/cases/{case.id}").text


def test_a_note_of_somebody_who_sees_it_from_above_names_where_they_sit(case, sign_in):
    sign_in("zhen").send(f"/cases/{case.id}/notes", text="请抓紧")
    entry = timeline.entries(case)[-1]
    assert entry.unit_name == "塔山镇便民服务中心" and entry.holder_name == "华光村村民委员会"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "长" * 1001, "a\x07b", "a\u202eb"])
def test_a_note_that_says_nothing_or_hides_something_is_refused(case, sign_in, text):
    browser = sign_in("cun")
    browser.send(f"/cases/{case.id}/notes", text=text)
    assert browser.status == 422 and "field-error" in browser.text and len(entries(case)) == 1


def test_the_same_note_sent_twice_stands_once(case, sign_in):
    browser = sign_in("cun")
    path = f"/cases/{case.id}/notes"
    form = browser.open(path).form(["text"])
    form.action = path
    for _ in range(3):
        browser.submit(form, text="只写一次")
        assert browser.status == 200
    assert [title for _, title in entries(case)].count("备注") == 1


def test_a_leader_writes_no_note(case, sign_in):
    leader = sign_in("lingdao")
    assert "/notes" not in leader.open(f"/cases/{case.id}").text
    assert leader.open(f"/cases/{case.id}/notes").status == 403


# -- attachments ---------------------------------------------------------------------------------------------------

def files(*named) -> list:
    return [(io.BytesIO(content), name) for content, name in named]


def upload(browser, case, *named):
    return browser.send(f"/cases/{case.id}/files", attachments=files(*named))


def test_several_files_are_kept_at_once_and_can_be_fetched(case, sign_in):
    browser = sign_in("cun")
    upload(browser, case, (PNG, "户口簿.png"), ("证明\n".encode(), "说明.txt"))
    assert "已上传 2 个文件" in browser.text and "户口簿.png" in browser.text
    for one in Attachment.select():
        got = browser.open(f"/cases/{case.id}/files/{one.id}")
        assert got.status == 200 and "attachment" in browser.response.headers["Content-Disposition"] or one.is_image
        assert browser.response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in browser.response.headers["Content-Security-Policy"]
        got.response.close()
    assert AuditEntry.select().where(AuditEntry.action == "cases.open_file").count() == 2


@pytest.mark.parametrize("content, name, sentence", [
    (b"MZ\x90\x00\x03", "photo.jpg", "不在可上传的类型之内"),
    (b"<html><script>alert(1)</script>", "a.txt", "不在可上传的类型之内"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "a.png", "不在可上传的类型之内"),
    (b"", "empty.pdf", "空文件"),
    (b"\x89PNG\r\n\x1a\nbroken", "a.png", "不是能打开的照片"),
    (b"PK\x03\x04broken", "a.docx", "已损坏"),
])
def test_a_wrong_file_is_named_and_none_of_its_company_is_kept(case, sign_in, content, name, sentence):
    browser = sign_in("cun")
    upload(browser, case, (PNG, "好的.png"), (content, name))
    assert browser.status == 422 and sentence in browser.text and name in browser.text
    assert Attachment.select().count() == 0


def test_nothing_chosen_and_too_many_are_one_sentence(case, sign_in):
    browser = sign_in("cun")
    upload(browser, case, (b"", ""))
    assert browser.status == 422 and "请先选择要上传的文件" in browser.text
    upload(browser, case, *[(PNG, f"{number}.png") for number in range(10)])
    assert browser.status == 422 and "一次最多上传 9 个文件" in browser.text and Attachment.select().count() == 0


def test_only_the_one_who_uploaded_takes_a_file_back_and_only_while_the_case_is_open(case, app, sign_in):
    cun, shuji = sign_in("cun"), sign_in("shuji")
    upload(cun, case, (PNG, "一.png"), (b"other", "two.txt"))
    first, second = Attachment.select().order_by(Attachment.id)
    remove = f"/cases/{case.id}/files/{{}}/remove"
    assert "/remove" not in shuji.open(f"/cases/{case.id}").text
    assert post(shuji, remove.format(first.id)).status == 422 and "只有上传的人" in shuji.text
    assert post(cun, remove.format(first.id)).status == 302
    assert cun.open(f"/cases/{case.id}/files/{first.id}").status == 404 and not path_of(first.sha256).exists()
    with app.test_request_context():
        move(case, ("withdraw", "cun"))
    assert "/remove" not in cun.open(f"/cases/{case.id}").text
    assert post(cun, remove.format(second.id)).status == 422 and path_of(second.sha256).exists()


def test_a_file_is_reached_through_its_own_case_only(case, app, sign_in):
    with app.test_request_context():
        other = matter()
    browser = sign_in("cun")
    upload(browser, case, (PNG, "a.png"))
    number = Attachment.get().id
    assert browser.open(f"/cases/{other.id}/files/{number}").status == 404
    assert post(browser, f"/cases/{other.id}/files/{number}/remove").status == 404
    assert sign_in("lincun").open(f"/cases/{case.id}/files/{number}").status == 404
    assert Attachment.get().removed_at is None


def test_files_come_along_with_a_step_and_go_with_it_when_it_is_refused(app, sign_in):
    with app.test_request_context():
        case = move(matter(complete=False), ("correct", "cun"))
    browser = sign_in("cun")
    path = f"/cases/{case.id}/steps/supplement"
    browser.send(path, to=path, received=[], text="带来了", attachments=files((b"MZ\x90", "坏.jpg")))
    assert browser.status == 422 and "坏.jpg" in browser.text and Case.get_by_id(case.id).state == "correcting"
    browser.send(path, to=path, received=[], text="带来了", attachments=files((PNG, "好.png")))
    assert Case.get_by_id(case.id).state == "received" and Attachment.get().name == "好.png"


# -- the rating ----------------------------------------------------------------------------------------------------

@pytest.fixture
def answered(app):
    with app.test_request_context():
        return move(matter(of="居民养老保险参保"), ("settle", "cun"))


def test_a_rating_is_given_once_after_the_answer(answered, sign_in):
    browser = sign_in("cun")
    path = f"/cases/{answered.id}/rating"
    browser.send(path, level="2", channel="screen", text="等太久")
    assert Case.get_by_id(answered.id).rating == 2 and Rating.get().text == "等太久"
    assert entries(answered)[-1] == ("rate", "评价：不满意") and "不满意" in browser.text
    assert path not in browser.text
    browser.open(path)
    assert "现在不能评价" in browser.text and Rating.select().count() == 1
    assert post(browser, path, level="5", channel="screen").status == 302 and Case.get_by_id(answered.id).rating == 2


def test_before_the_answer_there_is_nothing_to_rate(case, sign_in):
    browser = sign_in("cun")
    assert "/rating" not in browser.open(f"/cases/{case.id}").text
    assert "现在不能评价" in browser.open(f"/cases/{case.id}/rating").text
    post(browser, f"/cases/{case.id}/rating", level="5", channel="screen")
    assert Rating.select().count() == 0


def test_a_withdrawn_case_is_not_rated(app, sign_in):
    with app.test_request_context():
        case = move(matter(), ("withdraw", "cun"))
    post(sign_in("cun"), f"/cases/{case.id}/rating", level="5", channel="screen")
    assert Rating.select().count() == 0


@pytest.mark.parametrize("name", ["zhen", "minzheng", "lincun", "lingdao"])
def test_only_who_answers_for_the_case_turns_the_screen(answered, sign_in, name):
    browser = sign_in(name)
    assert "/rating" not in browser.open(f"/cases/{answered.id}").text
    post(browser, f"/cases/{answered.id}/rating", level="1", channel="screen")
    assert Rating.select().count() == 0


@pytest.mark.parametrize("level", ["", "0", "6", "-1", "5.5", "abc", "9" * 30])
def test_a_level_that_is_none_is_refused(answered, sign_in, level):
    browser = sign_in("cun")
    browser.send(f"/cases/{answered.id}/rating", level=level, channel="screen", text="谢谢")
    assert browser.status == 422 and "谢谢" in browser.text and Rating.select().count() == 0


def test_two_ratings_at_once_are_one_rating_and_one_sentence(answered, app, sign_in):
    browsers = [sign_in("cun"), sign_in("shuji")]
    path = f"/cases/{answered.id}/rating"
    forms = [browser.open(path).form(["level"]) for browser in browsers]

    def job(browser, form, level):
        return lambda: browser.submit(form, path, level=level, channel="screen").status

    found = in_threads(app, *(job(*one) for one in zip(browsers, forms, "51", strict=True)))
    assert sorted(found) in ([200, 200], [200, 422]), found
    assert Rating.select().count() == 1
    told = [browser for browser in browsers if "一事一评" in browser.text or "现在不能评价" in browser.text]
    assert len(told) == 1


def test_many_ratings_at_once_through_the_ledger_are_one(answered, app):
    found = in_threads(app, *[lambda: rate(answered, person("cun"), 5, "screen").rating] * 6)
    assert [one for one in found if one == 5] == [5]
    assert {type(one).__name__ for one in found if one != 5} == {"Refused"}


def test_cases_whose_plugin_is_gone_are_named_by_the_check_and_the_watcher(case, app, sign_in):
    Case.update(kind="gone.matter").where(Case.id == case.id).execute()
    with app.test_request_context():
        assert any("插件 gone 没有载入" in one.sentence for one in registry_of(app).values("portal_check"))
    assert sign_in("cun").open("/healthz").response.get_json() == {"status": "degraded"}
    assert sign_in("cun").open(f"/cases/{case.id}").status == 404
