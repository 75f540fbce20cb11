"""The tests of the calendar say themselves what is known of the next year."""

import pytest


@pytest.fixture(autouse=True)
def only_what_was_announced(request):
    if "app" in request.fixturenames:
        request.getfixturevalue("unestimated")
