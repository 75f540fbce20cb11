import pytest

from portal.cases.models import Case
from tests.cases.making import matter, move


@pytest.fixture
def at_town(app):
    """A 高龄津贴 case that the village forwarded to the town's 便民服务中心: zhen's office has not signed for it."""
    with app.test_request_context():
        return move(matter(), ("accept", "cun"), ("forward_town", "cun"))


@pytest.fixture
def now_of():
    """Return a function that reads a case anew."""
    return lambda case: Case.get_by_id(case.id)
