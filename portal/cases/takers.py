"""Who at the county takes over the open cases of a town that disables a plugin."""

from dataclasses import dataclass, field

from portal.accounts.person import Person, posts_of
from portal.cases import staff
from portal.cases.kinds import kinds
from portal.cases.ledger import available
from portal.cases.models import Case
from portal.org.enablement import enabled_for
from portal.org.models import Unit
from portal.org.settings import unit_in_charge
from portal.values import Plugin


@dataclass
class Plan:
    """Who takes which case over; what was asked once is remembered, because a town has hundreds of cases."""

    town: Unit
    plugin: Plugin
    keeper: int | None = None
    #: Read once: the unit of the last resort.
    county: Unit = field(init=False)
    _lines: dict = field(default_factory=dict)
    _charge: dict = field(default_factory=dict)
    _people: dict = field(default_factory=dict)

    def __post_init__(self):
        self.county = self.town if self.town.level == "county" else Unit.get_by_id(self.town.county_id)

    def refusal(self) -> str:
        """Return the sentence that says why nothing can be handed to the county, "" if it can."""
        if self.town.level != "town":
            return "这些件由县里负责，没有上级可交，请先办结或转办。"
        if self.plugin.slug not in enabled_for(self.county):
            return (f"{self.county.short}没有为县级工作人员启用“{self.plugin.title}”，交上去没有人看得到，"
                    "不能交县里办理。请先由县里启用，或把这些件办结、转办。")
        return ""

    def learn(self, lines: set) -> None:
        """Read the departments of these lines (ids) at once."""
        known = Unit.select().where(Unit.id.in_([line for line in lines if line] or [0]), Unit.valid_to.is_null())
        self._lines |= {unit.id: unit for unit in known}

    def candidates(self, kind_name: str, line: int | None) -> list[Unit]:
        """Return the units of the county that come into question, the best first: the department of the line, the unit
        in charge of the kind, the county itself. For a kind that names none (`in_charge`) only the first: what
        villagers decide among themselves, nobody at the county can decide for them."""
        if kind_name not in self._charge:
            name = kinds()[kind_name].in_charge
            self._charge[kind_name] = [unit_in_charge(name, self.county.id), self.county] if name else []
        found = [self._lines[line]] if line in self._lines else []
        return list({unit.id: unit for unit in [*found, *self._charge[kind_name]]}.values())

    def people(self, unit: Unit, kind_name: str) -> list[Person]:
        """Return those who act for the unit and work on cases of the kind, in the post in which they do."""
        key = unit.id, kind_name
        if key not in self._people:
            kind = kinds()[kind_name]
            posts = [(user, held, post) for user in staff.workers(unit, kind) for held in [posts_of(user.id)]
                     for post in held]
            found = [Person(user, held, post.id) for user, held, post in posts]
            self._people[key] = [one for one in found if unit.id in one.acts_for and one.may(kind.read)
                                 and one.may(staff.WORKING)]
        return self._people[key]

    def keepers(self, pairs: set) -> tuple[tuple[int, str], ...]:
        """Return who could be named for what only those see who are named on it: cases of these (kind, line)."""
        found = {}
        for name, line in sorted(pairs, key=str):
            for unit in self.candidates(name, line):
                found |= {one.id: f"{one.full_name}（{unit.short}）" for one in self.people(unit, name)}
        return tuple(found.items())

    def taker(self, case: Case) -> Unit | None:
        """Return the first unit where somebody could go on with the case as it stands (promise 1), or None."""
        for unit in self.candidates(case.kind, case.line_id):
            people = self.people(unit, case.kind)
            if case.restricted:
                people = [one for one in people if one.id == self.keeper]
            if _could_go_on(case, unit, people):
                return unit
        return None


def _could_go_on(case: Case, unit: Unit, people: list[Person]) -> bool:
    """Tell whether one of `people` could take a step, if the case lay with `unit` in the place of its own."""
    stood = dict(case.__data__), dict(case.__rel__)
    try:
        _lay(case, unit, people[0].id if case.restricted and people else None)
        return any(step.by == "holder" for one in people for step in available(case, one))
    finally:
        case.__data__, case.__rel__ = stood


def _lay(case: Case, unit: Unit, person: int | None) -> None:
    former = case.unit
    case.unit, case.person, case.former_unit = unit, person, former
    case.to_decide = case.decided_by_superior = False
