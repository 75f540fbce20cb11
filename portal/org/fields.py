"""A form field that holds a unit; macros/tree.html draws it as a tree, and as a plain list without a script.

Places only (the default): {{ picker(form.unit) }}. With offices and departments: UnitField("单位", levels=OFFICES) and
{{ picker(form.unit, children_url="/org/offices/") }}.
"""

import contextlib
import functools

from flask_login import current_user
from peewee import JOIN
from wtforms.validators import ValidationError

from portal.access import who_asks
from portal.forms import Choice
from portal.org.models import LEVELS, Unit

#: All units at which somebody can hold a post.
OFFICES = ("county", "town", "village", "grid", "department")

#: A plain list longer than this helps nobody; a county with its towns, villages and offices has some 650 units.
MOST = 1000


class UnitField(Choice):
    """One unit of `levels` in the sight of the signed-in person, by its id; `unit` is the row once it is validated."""

    def __init__(self, label, *, levels=("village",), **kwargs):
        self.levels = levels
        self.unit: Unit | None = None
        super().__init__(label, validate_choice=False, choices=[], **kwargs)

    def _takes(self, unit: Unit) -> bool:
        """Tell whether `_known` has the unit."""
        return unit.level in self.levels and not unit.is_closed and unit.is_seen_by(current_user)

    def _known(self, person):
        return Unit.seen_by(person).where(Unit.level.in_(self.levels), Unit.valid_to.is_null())

    @property
    def choices(self):
        """What was offered is read once somebody looks: a form that is sent and in order is never drawn."""
        if self._offer is not None:
            self.choices = self._offer()
        return Choice.choices.fget(self)

    @choices.setter
    def choices(self, choices):
        self._offer = None
        Choice.choices.fset(self, choices)

    def offer(self, county_id: int | None = None, named=list) -> None:
        """Fill the choices of the plain list, of one county if told; where there is only one, it is chosen.

        `named` may narrow them and call them otherwise: it is given the pairs of id and name, and returns such pairs.
        """
        self._offer = functools.partial(
            self._pairs, who_asks(), county_id, named, self.unit)
        if not self.data and len(self.choices) == 2:
            self.data = self.choices[1].value

    def _pairs(self, person, county_id: int | None, named, chosen: Unit | None) -> list[tuple[str, str]]:
        """Whoever stands above the counties gets no list of all: it would hold a thousandth, and takes long to order.
        """
        known = self._known(person)
        if county_id:
            known = known.where(Unit.county_id == county_id)
        elif person.post and person.post.unit.top[1] == "region":
            known = known.where(Unit.id == (chosen.id if chosen else 0))
        parent = Unit.alias()
        query = known.select(Unit.id, Unit.short, parent.short)
        query = query.join(parent, JOIN.LEFT_OUTER, on=(Unit.parent == parent.id))
        rows = list(query.order_by(Unit.code).limit(MOST).tuples())
        # Names repeat inside a county: where there are several parents, each is named with its own.
        several = len({above for _, _, above in rows}) > 1
        names = ((str(key), f"{above} / {name}" if several and above else name) for key, name, above in rows)
        return [("", "请选择"), *named(names)]

    def pre_validate(self, form):
        if self.data in (None, "", "None"):
            return  # presence is the validators' business, so that its sentence is ours
        key = str(self.data)
        readable = key.isascii() and key.isdigit() and len(key) < 10  # more is no key, and no database reads it
        self.unit = None
        with contextlib.suppress(Unit.DoesNotExist):
            unit = Unit.get_by_id(int(key) if readable else 0)
            self.unit = unit if self._takes(unit) else None
        if self.unit is None:
            wanted = "、".join(LEVELS[level] for level in self.levels)
            raise ValidationError(f"请在单位树里选择您辖区内的{wanted}。")
