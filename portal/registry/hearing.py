"""What a plugin is warned of while it is read: names and arguments of the contract that are to go."""

import contextlib
import warnings
from collections.abc import Iterator

from portal.values import Deprecated


@contextlib.contextmanager
def heard(strict: bool) -> Iterator[list[str]]:
    """Yield a list that holds, after the block, the sentences of what goes with a later version, each once.

    With `strict` nothing is kept back: in the tests of a plugin the warning is what its author's filters make of it.
    """
    sentences: list[str] = []
    if strict:
        yield sentences
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Deprecated)
        yield sentences
    for one in caught:
        if not issubclass(one.category, Deprecated):
            warnings.showwarning(one.message, one.category, one.filename, one.lineno)
        elif str(one.message) not in sentences:
            sentences.append(str(one.message))
