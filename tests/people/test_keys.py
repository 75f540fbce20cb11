"""Keys that are lost are asked for, never replaced: the numbers of a whole county would stay closed for ever."""

import shutil

from portal.people import crypto
from portal.people.models import Resident
from portal.registry import registry_of
from tests.forms.together import NUMBERS
from tests.station.door import WANG, receive


def lose(app, name: str = "people-encryption"):
    folder = app.config["PORTAL"]["instance"] / "keys"
    shutil.move(folder / name, folder / f"{name}.away")
    app.extensions.pop("portal_people_keys", None)
    return folder


def test_a_lost_key_is_said_and_not_replaced(app, sign_in):
    clerk = sign_in("cun")
    receive(clerk)
    folder = lose(app)
    try:
        with app.test_request_context():
            findings = [one.sentence for one in registry_of(app).values("portal_check")]
        assert any("people-encryption 不见了" in sentence for sentence in findings)
        clerk.send("/people/new", **{**WANG, "name": "李四", "id_card": NUMBERS[1]})
        assert clerk.status == 422 and "不见了" in clerk.text and Resident.select().count() == 1
        assert not (folder / "people-encryption").exists()
    finally:
        shutil.move(folder / "people-encryption.away", folder / "people-encryption")
        app.extensions.pop("portal_people_keys", None)
    with app.test_request_context():
        assert crypto.lost_keys() == []


def test_another_key_in_its_place_is_noticed(app, sign_in):
    receive(sign_in("cun"))
    folder = lose(app)
    (folder / "people-encryption").write_text("ab" * 32)
    try:
        with app.test_request_context():
            assert "不是登记居民时用的" in crypto.lost_keys()[0]
    finally:
        shutil.move(folder / "people-encryption.away", folder / "people-encryption")
        app.extensions.pop("portal_people_keys", None)
