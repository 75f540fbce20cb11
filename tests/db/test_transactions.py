"""Transactions inside transactions, and what follows a commit."""

import threading

import pytest

from portal.audit.models import AuditEntry
from portal.db import after_commit, atomic, before_commit, contained, database, take_back


def write(word: str) -> None:
    AuditEntry.create(action=f"test.{word}")


def written() -> set[str]:
    query = AuditEntry.select(AuditEntry.action).where(AuditEntry.action.startswith("test."))
    return {action.removeprefix("test.") for (action,) in query.tuples()}


def test_a_part_is_rolled_back_alone(app):
    with atomic():
        write("before")
        with pytest.raises(ValueError), atomic():
            write("inside")
            raise ValueError
        write("after")
    assert written() == {"before", "after"}


def test_the_whole_takes_its_parts_along(app):
    with pytest.raises(ValueError), atomic():
        with atomic():
            write("inside")
        raise ValueError
    assert written() == set()


def test_after_a_commit_it_happens_once_and_in_order(app):
    seen = []
    with atomic():
        after_commit(lambda: seen.append("first"))
        with atomic():
            after_commit(lambda: seen.append("second"))
        write("row")
        assert seen == []
    assert seen == ["first", "second"] and written() == {"row"}


def test_outside_a_transaction_it_happens_at_once(app):
    seen = []
    after_commit(lambda: seen.append("now"))
    assert seen == ["now"]


def test_what_was_rolled_back_is_not_followed(app):
    seen = []
    with pytest.raises(ValueError), atomic():
        after_commit(lambda: seen.append("never"))
        raise ValueError
    with atomic():
        write("later")
    assert seen == []


def test_a_part_that_was_rolled_back_is_not_followed(app):
    """peewee itself keeps what a savepoint promised and then took back."""
    seen = []
    with atomic():
        after_commit(lambda: seen.append("before"))
        with pytest.raises(ValueError), atomic():
            with atomic():
                after_commit(lambda: seen.append("never"))
            raise ValueError
        after_commit(lambda: seen.append("after"))
    assert seen == ["before", "after"]


def test_a_transaction_that_is_rolled_back_by_hand_is_not_followed(app):
    seen = []
    with atomic() as transaction:
        after_commit(lambda: seen.append("never"))
        transaction.rollback()
    assert seen == []


def test_what_was_taken_back_has_no_last_thing_to_do(app):
    """Done in the transaction that begins in its place, it would count a second time what somebody else has counted who
    waited for the rows."""
    seen, last = [], lambda kept: seen.append(dict(kept))
    with atomic() as transaction:
        before_commit(last)["held"] = 1
        write("row")
        take_back(transaction)
    assert seen == [] and written() == set()
    with atomic():
        before_commit(last)["later"] = 1
    assert seen == [{"later": 1}]


@pytest.mark.fails_after_commit
def test_what_follows_may_fail_and_what_was_committed_stays(app, caplog):
    seen = []
    with atomic():
        write("row")
        after_commit(lambda: 1 / 0)
        after_commit(lambda: seen.append("next"))
    assert written() == {"row"} and seen == ["next"] and "should follow a commit" in caplog.text


def test_parts_of_one_depth_are_told_apart(app):
    """They share a name: what one of them took back must not be taken for the beginning of another."""
    def failing(word: str):
        write(word)
        raise ValueError

    with atomic():
        with atomic():
            write("outer")
            for word in ("first", "second"):
                with pytest.raises(ValueError), atomic():
                    failing(word)
                with pytest.raises(ValueError):
                    contained(lambda word=word: contained(lambda: failing(word)))
            with atomic():
                write("inner")
        with pytest.raises(ValueError), atomic():
            with atomic():
                write("taken back with its part")
            contained(lambda: write("as well"))
            raise ValueError
        contained(lambda: contained(lambda: write("called")))
    assert written() == {"outer", "inner", "called"}


def test_what_follows_may_write(app):
    with atomic():
        after_commit(lambda: write("followed"))
    assert written() == {"followed"} and not database.in_transaction()


def test_threads_do_not_take_over_each_others_promises(app):
    seen, both = [], threading.Barrier(2)

    def act(name: str, fails: bool) -> None:
        with app.app_context():
            try:
                with database.connection_context():
                    after = lambda: seen.append(name)  # noqa: E731
                    both.wait(10)
                    with atomic():
                        after_commit(after)
                        if fails:
                            raise ValueError
            except ValueError:
                pass

    threads = [threading.Thread(target=act, args=("kept", False)), threading.Thread(target=act, args=("lost", True))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["kept"]
