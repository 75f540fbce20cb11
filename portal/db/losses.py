"""What went wrong through no fault of the statement: the server went away, or two transactions stood in each other's
way."""

#: Two transactions waited for each other, or could not both be true: PostgreSQL has taken one of them back as a whole.
LOST_RACES = ("40001", "40P01")
#: The server ends its connections: on command, after a crash, while it starts, or because nobody spoke for long.
ENDED = ("57P01", "57P02", "57P03", "57P05", "25P03")


#: What the driver says of it, where the server could say nothing.
SAID_BY_DRIVER = ("connection is closed", "server closed the connection", "connection failed", "consuming input failed",
                  "timeout expired")


def chain(error: BaseException | None):
    """Yield `error` and those during which it came up: a savepoint that is gone hides what had ended it."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def states(error: BaseException) -> list[str]:
    """Return the SQLSTATEs that `error` brings along, the last one first."""
    return [state for one in chain(error) if (state := getattr(one, "sqlstate", None))]


def is_lost_race(error: BaseException) -> bool:
    """Tell whether another transaction was preferred to the one that failed; tried again, it would succeed."""
    return any(state in LOST_RACES for state in states(error))


def is_broken(error: BaseException) -> bool:
    """Tell whether the connection broke, or none could be made although there is room for one."""
    return not is_crowded(error) and (any(state in ENDED or state.startswith("08") for state in states(error)) or any(
        word in str(one) for one in chain(error) for word in SAID_BY_DRIVER
    ))


def is_crowded(error: BaseException) -> bool:
    """Tell whether no connection could be made because there are too many, here or on the server."""
    return any(word in str(one) for one in chain(error) for word in ("too many c", "remaining connection slots"))
