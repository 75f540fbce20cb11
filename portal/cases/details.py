"""The plugin's own row of a case: one query whose SQL is worked out once, asked once for each case object."""

from portal.prepared import PreparedModels


class Detail:
    """Called with a case, it returns the one row that `build(slots)` finds for `slots.case`.

    Steps, facts and papers of one page all ask for it; the case object remembers the answer under its own name.
    """

    def __init__(self, build):
        self._read = PreparedModels(build)
        self._name = f"detail_{id(self)}"

    def __call__(self, case):
        if self._name not in case.__dict__:
            [row] = self._read(case=case.id)
            case.__dict__[self._name] = row
        return case.__dict__[self._name]
