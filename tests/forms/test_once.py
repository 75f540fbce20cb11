"""The same form twice is one act; what is refused leaves nothing; one writer at a time."""

import datetime

import pytest
import time_machine

from portal.audit.models import AuditEntry
from portal.forms.models import RequestKey
from portal.people.models import Resident
from tests.forms.together import NUMBERS, WANG, form_at, refuse_inserts, side_by_side, twin


def test_the_same_form_twice_is_one_resident_and_one_result(sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    clerk.submit(form, **WANG)
    first = clerk.response.request.path
    clerk.submit(form, **WANG)
    assert clerk.status == 200 and clerk.response.request.path == first
    assert Resident.select().count() == 1


def test_a_form_whose_answer_was_lost_leads_to_its_result_even_after_signing_in_again(sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    clerk.submit(form, follow=False, **WANG)
    again = sign_in("cun")
    token = form_at(again, "/people/new", "id_card").fields["csrf_token"]
    again.submit(form, **{**WANG, "csrf_token": token})
    assert again.response.request.path == f"/people/{Resident.get().id}" and Resident.select().count() == 1


def test_two_clicks_at_the_same_moment_are_one_act(app, sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    pair = [clerk, twin(app, clerk)]
    side_by_side(*(lambda one=one: one.submit(form, follow=False, **WANG) for one in pair))
    assert [one.status for one in pair] in ([302, 303], [303, 302])
    assert pair[0].response.location == pair[1].response.location
    assert Resident.select().count() == 1
    assert AuditEntry.select().where(AuditEntry.action == "people.create").count() == 1


def test_the_key_of_somebody_else_does_nothing(sign_in):
    clerk, other = sign_in("cun"), sign_in("lincun")
    key = form_at(clerk, "/people/new", "id_card").fields["_key"]
    other.send("/people/new", **{**WANG, "_key": key})
    clerk.send("/people/new", name="李四", id_card=NUMBERS[1], _key=key)
    assert Resident.select().count() == 2


def test_a_refused_form_may_be_sent_again_with_the_same_key(sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    clerk.submit(form, **{**WANG, "id_card": "123"})
    assert clerk.status == 422 and not RequestKey.select().exists()
    clerk.submit(clerk.form(["id_card"]), **WANG)
    assert clerk.status == 200 and Resident.select().count() == 1


@pytest.mark.parametrize("key", ["", "x", "z" * 32, "十" * 32, "a" * 10_000, "a" * 31 + "\x00"])
def test_a_senseless_key_is_no_key_and_no_error(sign_in, key):
    clerk = sign_in("cun")
    clerk.send("/people/new", **WANG, _key=key)
    assert clerk.status == 200 and Resident.select().count() == 1 and not RequestKey.select().exists()


def test_keys_are_forgotten_after_a_week(app, sign_in):
    sign_in("cun").send("/people/new", **WANG)
    for days, left in ((6, 1), (8, 0)):
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)):
            sign_in("cun")
            assert RequestKey.select().count() == left


def test_every_form_that_changes_rows_carries_a_key(app, sign_in, cast):
    """Forms of the frame (switch the post, sign out) change nothing when they are sent twice."""
    harmless = {"/accounts/switch-post", "/accounts/sign-out", "/accounts/large-type"}
    pages = {
        "cun": ["/people/", "/people/new", "/people/1", "/people/1/edit", "/accounts/me", "/accounts/password"],
        "xitong": ["/accounts/users", "/accounts/users/add", f"/accounts/users/{cast['cun']}",
                   f"/accounts/users/{cast['cun']}/posts/add"],
        "anquan": ["/accounts/roles", "/accounts/roles/1"],
    }
    sign_in("cun").send("/people/new", **WANG)
    Resident.update(id=1).execute()
    sign_in("cun")
    for name, urls in pages.items():
        browser = sign_in(name)
        for url in urls:
            assert browser.open(url).status == 200, url
            for form in browser.forms():
                if form.method == "post" and form.action not in harmless:
                    assert len(form.fields.get("_key", "")) == 32, f"{url}: the form to {form.action or 'itself'}"


def test_a_browser_that_goes_back_does_not_restore_an_old_key(sign_in):
    page = sign_in("cun").open("/people/new").text
    tags = [tag for tag in page.split("<") if 'name="_key"' in tag]
    assert tags and all('autocomplete="off"' in tag for tag in tags)


def test_success_is_not_announced_when_the_act_was_rolled_back(app, sign_in):
    clerk = sign_in("cun")
    form = form_at(clerk, "/people/new", "id_card")
    refuse_inserts("people_resident")
    clerk.submit(form, follow=False, **WANG)
    assert clerk.status >= 500
    assert "已登记" not in clerk.open("/people/").text


def test_a_writer_waits_for_the_other_and_loses_nothing(app, sign_in):
    clerks = [sign_in("cun"), sign_in("lincun"), sign_in("linjia")]
    forms = [form_at(clerk, "/people/new", "id_card") for clerk in clerks]
    side_by_side(*(
        lambda clerk=clerk, form=form, number=number: clerk.submit(form, follow=False, name="王五", id_card=number)
        for clerk, form, number in zip(clerks, forms, NUMBERS, strict=False)
    ))
    assert [clerk.status for clerk in clerks] == [302] * 3 and Resident.select().count() == 3


def test_the_clock_of_a_key_is_the_wall_clock(sign_in):
    sign_in("cun").send("/people/new", **WANG)
    assert abs(RequestKey.get().at - Resident.get().created) < datetime.timedelta(seconds=5)


def test_every_form_on_a_page_has_a_key_of_its_own(sign_in, cast):
    """With one key for all, ending a post after resetting the password would lead back to the reset and do nothing."""
    admin = sign_in("xitong")
    forms = admin.open(f"/accounts/users/{cast['duogang']}").forms()
    keys = [form.fields["_key"] for form in forms if "_key" in form.fields]
    assert len(keys) >= 5 and len(set(keys)) == len(keys)
