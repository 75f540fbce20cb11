"""A form field that holds a unit; macros/tree.html draws it as a tree, and as a plain list without a script.

Places only (the default): {{ picker(form.unit) }}. With offices and departments: UnitField("单位", levels=OFFICES) and
{{ picker(form.unit, children_url="/org/offices/") }}.
"""

from flask_login import current_user
from peewee import JOIN
from wtforms.validators import ValidationError

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

    def _known(self):
        return Unit.seen_by(current_user).where(Unit.level.in_(self.levels), Unit.valid_to.is_null())

    def offer(self, county_id: int | None = None) -> None:
        """Fill the choices of the plain list, of one county if told; where there is only one, it is chosen.

        Whoever stands above the counties gets no list of all: it would hold a thousandth, and takes long to order.
        """
        known = self._known()
        if county_id:
            known = known.where(Unit.county_id == county_id)
        elif current_user.post and current_user.post.unit.top[1] == "region":
            known = known.where(Unit.id == (self.unit.id if self.unit else 0))
        parent = Unit.alias()
        query = known.select(Unit.id, Unit.short, parent.short)
        query = query.join(parent, JOIN.LEFT_OUTER, on=(Unit.parent == parent.id))
        rows = list(query.order_by(Unit.code).limit(MOST).tuples())
        # Names repeat inside a county: where there are several parents, each is named with its own.
        several = len({above for _, _, above in rows}) > 1
        names = ((str(key), f"{above} / {name}" if several and above else name) for key, name, above in rows)
        self.choices = [("", "请选择"), *names]
        if len(rows) == 1 and not self.data:
            self.data = str(rows[0][0])

    def pre_validate(self, form):
        if self.data in (None, "", "None"):
            return  # presence is the validators' business, so that its sentence is ours
        key = str(self.data)
        readable = key.isascii() and key.isdigit() and len(key) < 10  # more is no key, and no database reads it
        self.unit = self._known().where(Unit.id == int(key)).first() if readable else None
        if self.unit is None:
            wanted = "、".join(LEVELS[level] for level in self.levels)
            raise ValidationError(f"请在单位树里选择您辖区内的{wanted}。")
