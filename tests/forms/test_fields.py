"""What a field takes, and what it refuses with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms.validators import ValidationError

from portal.forms import Amount, Choice, Day, Flag, Form, LongText, Many, Number, Text, VersionedForm
from portal.forms.fields import clean_text


class Plain(Form):
    class Meta(Form.Meta):
        csrf = False

    name = Text("姓名", longest=20)
    remark = LongText("备注", required=False, longest=200)
    amount = Amount("金额", required=False)
    number = Number("数量", required=False, most=99)
    day = Day("日期", required=False)
    due = Day("期限")
    pieces = Number("件数")
    kind = Choice("类别", choices=[("a", "甲"), ("b", "乙")], required=False)
    one = Choice("单选", choices=[(1, "一"), (2, "二")], coerce=int, required=False)
    many = Many("多选", choices=[(1, "一"), (2, "二")], coerce=int)
    flag = Flag("同意")


def filled(app, **fields) -> Plain:
    with app.test_request_context("/", method="POST"):
        form = Plain(formdata=MultiDict({"name": "王秀兰", "due": "2026-11-20", "pieces": "0", **fields}))
        form.validate()
        return form


@pytest.mark.parametrize("text", [
    "王秀兰", "阿依木·买买提", "O'Brien", "𠮷田", "𰻞面", "\U000323b0某", "欧阳", "<script>alert(1)</script>",
    "'; DROP TABLE people_resident; --", "谢谢😀", "👨‍👩‍👧", "🏳️‍🌈", "100% _",
])
def test_what_people_type_is_kept_as_it_is(text):
    assert clean_text(f"  {text}\u3000") == text


@pytest.mark.parametrize("character", [
    "\x00", "\x07", "\x7f", "\x85", "\u202e", "\u200b", "\u200d", "\u200c", "\ufeff", "\u2066", "\u00ad", "\u2028",
    "\ud800", "\uffff", "\ufdd0", "\U0001ffff", "\U000e0041", "\n", "\t",
])
def test_what_nobody_types_on_purpose_is_refused(character):
    with pytest.raises(ValidationError):
        clean_text(f"王{character}秀")


@given(st.text(alphabet=st.characters(), max_size=40))
def test_a_text_is_taken_whole_or_refused(text):
    try:
        clean = clean_text(text, lines=True)
    except ValidationError:
        return
    assert clean == clean.strip() and "\r" not in clean and "\0" not in clean
    clean.encode("utf-8")


@pytest.mark.parametrize(("field", "text", "sentence"), [
    ("name", "", "请填写“姓名”"), ("name", " \u3000 ", "请填写“姓名”"), ("name", "长" * 21, "最多 20 字，现在有 21 字"),
    ("name", "长" * 10_000, "最多 20 字，现在有 10000 字"), ("name", "第一行\n第二行", "控制字符"),
    ("remark", "长" * 10_000, "最多 200 字，现在有 10000 字"),
    ("amount", "abc", "请填写金额"), ("amount", "NaN", "应在 0 到"), ("amount", "1e999", "应在 0 到"),
    ("amount", "-1", "应在 0 到"), ("amount", "1" * 10_000, "应在 0 到"), ("number", "1.5", "请填写整数"),
    ("number", "9" * 5000, "请填写整数"), ("number", "9" * 30, "应在 0 到 99 之间"), ("number", "一", "请填写整数"),
    ("day", "2026-02-30", "请按 2026-11-20"), ("day", "1899-12-31", "年份应在"), ("day", "9999-01-01", "年份应在"),
    ("day", "20261120", "请按 2026-11-20"), ("day", "明天", "请按 2026-11-20"),
    ("day", "2026-11-20\x00", "请按 2026-11-20"),
    ("due", "", "请填写“期限”"), ("pieces", " ", "请填写“件数”"), ("due", "x", "请按 2026-11-20"),
    ("kind", "c", "请从列表中选择"), ("many", "3", "请从列表中选择"), ("many", "x", "请从列表中选择"),
    ("one", "x", "请从列表中选择"), ("one", "3", "请从列表中选择"), ("one", "9" * 5000, "请从列表中选择"),
])
def test_bad_input_meets_a_chinese_sentence_at_its_field(app, field, text, sentence):
    form = filled(app, **{field: text})
    assert any(sentence in error for error in form[field].errors), form.errors
    assert set(form.errors) == {field}, "the other fields are fine"


def test_fields_that_are_missing_altogether_are_empty_and_not_none(app):
    with app.test_request_context("/", method="POST"):
        form = Plain(formdata=MultiDict({"x": "1"}))
        assert not form.validate() and set(form.errors) == {"name", "due", "pieces"}
        assert form.remark.data == "" and form.name.data == "" and form.flag.data is False and form.many.data == []


@pytest.mark.parametrize("text", [None, "", "x", "-1", "9" * 30, "9" * 5000, "1.0", "一"])
def test_a_senseless_version_is_the_version_of_no_row(app, text):
    class Edit(VersionedForm):
        class Meta(VersionedForm.Meta):
            csrf = False

    with app.test_request_context("/", method="POST"):
        form = Edit(formdata=MultiDict({"x": "1"} if text is None else {"version": text}), data={"version": 7})
        assert form.validate() and form.version.data == -1


def test_what_was_typed_is_shown_by_label_and_never_a_password(app):
    form = filled(app, remark="第一行\n第二行", kind="b", many="2", flag="y", amount="12.50")
    assert form.kept() == [
        ("姓名", "王秀兰"), ("备注", "第一行\n第二行"), ("金额", "12.50"), ("期限", "2026-11-20"),
        ("件数", "0"), ("类别", "乙"), ("多选", "二"), ("同意", "是"),
    ]
