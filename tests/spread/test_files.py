"""Files are kept by their content, once for all counties of an instance: the only thing that these share."""

import io

import pytest

from portal.cases.models import Case
from portal.files.models import Attachment
from portal.files.storage import path_of
from portal.org.models import Unit
from tests.files.samples import PDF


@pytest.mark.postgres
def test_a_file_that_one_county_takes_away_stays_for_the_other(parted):
    with parted.opened():
        clerks, kept = {}, {}
        for code in ("510722", "510723"):
            county = Unit.get(Unit.code == f"{code}000000")
            case = Case.select().where(Case.county_id == county.id).order_by(Case.id).first()
            clerks[code] = parted.sign_in(f"cun{code}")
            clerks[code].send(f"/cases/{case.id}/files", attachments=[(io.BytesIO(PDF), "空白申请表.pdf")])
            kept[code] = Attachment.get(Attachment.county_id == county.id, Attachment.owner_id == case.id)
        ours, theirs = kept.values()
        assert ours.sha256 == theirs.sha256
        assert path_of(theirs.sha256).is_file()
        take_away(clerks["510722"], ours)
        assert path_of(theirs.sha256).is_file()
        take_away(clerks["510723"], theirs)
        assert not path_of(theirs.sha256).exists(), "nobody uses it any more"


def take_away(clerk, attachment) -> None:
    clerk.open(f"/cases/{attachment.owner_id}")
    clerk.submit(clerk.form(action=f"/cases/{attachment.owner_id}/files/{attachment.id}/remove"))
    assert clerk.status == 200 and Attachment.get_by_id(attachment.id).removed_at
