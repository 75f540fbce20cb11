"""One dispute goes all the way, and each gate of the law holds."""

from portal.cases import timeline
from portal.cases.models import Case
from tests.mediation.door import TO_SETTLED, committee, dispute_of, go, register


def test_the_orchard_dispute_goes_from_the_sweep_to_the_file(sign_in):
    committee(sign_in("shuji"))
    village = sign_in("tiaojie")
    case = register(village)
    go(village, case, *TO_SETTLED, "file")
    done = Case.get_by_id(case.id)
    assert (done.state, done.phase, done.due) == ("archived", "closed", None)
    assert dispute_of(case).number == "（2026）华光村人调字第 1 号"
    assert timeline.broken_at(case.id) is None
