"""The macros: what they draw is escaped, labelled, works without a script, and keeps the policy on inline styles."""

import datetime
import re

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Form,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import render
from portal.calendar import Light

EVIL = '<script>alert(1)</script>"&\''


class Sample(Form):
    name = StringField("姓名", [InputRequired("请填写“姓名”。")])
    secret = PasswordField("密码")
    kind = RadioField(
        "是什么事", choices=[SelectChoice("water", "水利河道"), SelectChoice("fire", EVIL)], default="water"
    )
    item = SelectField("事项", choices=[SelectChoice(str(number), f"事项 {number}") for number in range(20)])
    needs = SelectMultipleField("需要", choices=[SelectChoice("a", "轮椅"), SelectChoice("b", "陪同")], default=["b"])
    told = TextAreaField("情况")
    agent = BooleanField("由他人代办")


@pytest.fixture(scope="module")
def app():
    app = Flask("portal", static_folder=None)
    render.init_app(app)
    return app


def draw(app, source: str, **values) -> str:
    with app.test_request_context("/"):
        return render_template_string(source, **values)


def form(app, source: str, data: dict | None = None) -> str:
    sample = Sample(MultiDict(data) if data is not None else None)
    if data is not None:
        sample.validate()
    head = '{% from "macros/fields.html" import errors, field, tiles, segments, buttons %}'
    return draw(app, head + source, form=sample)


def test_a_field_is_labelled_and_its_error_is_bound_to_it(app):
    page = form(app, "{{ field(form.name, '按身份证填写') }}", {"name": ""})
    assert '<label class="field-label" for="name">' in page
    assert 'aria-describedby="name-about"' in page and 'id="name-about"' in page
    assert 'aria-invalid="true"' in page and "请填写“姓名”。" in page and "必填" in page


def test_input_is_kept_and_escaped(app):
    page = form(app, "{{ field(form.name) }}{{ field(form.told) }}", {"name": EVIL, "told": EVIL})
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 2


def test_the_summary_links_to_each_field_and_takes_the_focus(app):
    page = form(app, "{{ errors(form) }}", {"name": ""})
    assert 'role="alert"' in page and 'tabindex="-1"' in page
    assert re.search(r'<a href="#name">姓名：', page)
    assert form(app, "{{ errors(form) }}").strip() == ""


def test_a_password_is_never_drawn_again(app):
    assert "geheim" not in form(app, "{{ field(form.secret) }}", {"secret": "geheim", "name": "x"})


def test_tiles_and_several_choices_are_plain_inputs(app):
    page = form(app, "{{ tiles(form.kind, {'water': 'droplet'}) }}{{ field(form.needs) }}")
    assert page.count('type="radio"') == 2 and re.search(r'value="water" checked', page)
    assert page.count('type="checkbox"') == 2 and re.search(r'value="b" checked', page)
    assert "#droplet" in page and "<script>" not in page


def test_a_long_select_gets_a_search_box_by_script_only(app):
    page = form(app, "{{ field(form.item) }}")
    assert page.count("<option") == 20 and "data-combobox" in page


def test_the_bar_needs_no_inline_style(app):
    page = draw(
        app, '{% from "macros/light.html" import bar %}{{ bar(light) }}',
        light=Light("over", "超 2 天", 140, True),
    )
    assert 'width="100%" height="100%" rx="2"/></svg>' in page and "style=" not in page and "超 2 天" in page


def test_the_tree_fills_the_pattern_and_marks_what_opens(app):
    nodes = [{"id": 7, "name": EVIL, "has_children": True, "children": [{"id": 8, "name": "一组", "active": True}]}]
    page = draw(app, '{% from "macros/tree.html" import tree %}{{ tree(nodes, "/cases/?unit={id}") }}', nodes=nodes)
    assert 'href="/cases/?unit=7"' in page and 'href="/cases/?unit=8"' in page
    assert page.count("aria-expanded") == 1 and page.count('aria-current="true"') == 1
    assert "<script>" not in page


def test_the_unit_field_falls_back_to_a_select(app):
    page = form(app, '{% from "macros/tree.html" import picker %}{{ picker(form.item, shown="龙泉村") }}')
    assert re.search(r"<noscript>\s*<select", page) and "龙泉村" in page
    assert re.search(r'<input type="hidden" name="item" value="[^"]*" disabled>', page)


def test_a_timeline_shows_when_who_and_what(app):
    entry = {
        "at": datetime.datetime(2026, 11, 20, 9, 12), "who": "刘建军", "unit": "龙泉村", "title": "受理", "text": EVIL,
        "attachments": [{"name": EVIL, "url": "/files/1", "size_text": "2 KB"}],
    }
    page = draw(app, '{% from "macros/timeline.html" import timeline %}{{ timeline([entry]) }}', entry=entry)
    assert "11-20 09:12" in page and "刘建军，龙泉村" in page and "<script>" not in page


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ none|day }}", ""),
        ("{{ last|day }}", "2019-02-03"),
        ("{{ last|date_cn }}", "2019年2月3日"),
        ("{{ 1234567|count }}", "1,234,567"),
        ("{{ none|count }}", "–"),
        ("{{ 'a\n<b>'|paragraphs }}", "a<br>&lt;b&gt;"),
        ("{{ [1]|polyline }}", ""),
    ],
)
def test_filters(app, source, shown):
    assert draw(app, source, last=datetime.date(2019, 2, 3)) == shown


def test_an_unknown_icon_is_drawn_as_a_sheet(app):
    assert "#file-text" in draw(app, '{{ icon("no-such-icon") }}')


def test_built_files_are_served_for_good_and_packed(app):
    with app.test_request_context("/"):
        url = app.jinja_env.globals["asset"]("portal.css")
    answer = app.test_client().get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    answer.close()
