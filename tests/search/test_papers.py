"""Cases are found by the numbers of their papers, by those who may open them."""

import re
from urllib.parse import quote

from plugins.mediation.models import Dispute
from tests.mediation.door import committee, register, step


def test_a_dispute_is_found_by_the_number_in_the_register_of_its_committee(app, sign_in):
    mediator = sign_in("tiaojie")
    made = committee(sign_in("shuji"))
    case = register(mediator)
    step(mediator, case, "accept", committee=str(made.id), willing="yes")
    number = Dispute.get(Dispute.case == case.id).number
    assert "人调字第 1 号" in number
    for words in (number, "人调字第", number.replace(" ", "")[:12]):
        text = mediator.open("/search?q=" + quote(words)).text
        assert re.search(rf'<a href="/cases/{case.id}"', text), words
    assert f'"/cases/{case.id}"' not in sign_in("lingan").open("/search?q=" + quote(number)).text.split("<main")[1]
