"""What mediation keeps about a resident: the disputes in which they are a party, and that they are a mediator."""

from plugins.mediation.models import Party
from portal.kit import Case


def obstacles(kept, gone) -> list[str]:
    """One person is no two parties of a dispute."""
    mine = Party.select(Party.case).where(Party.resident == gone.id)
    both = Case.select(Case.number).join(Party, on=(Party.case == Case.id)).where(
        Party.resident == kept.id, Case.id.in_(mine)
    )
    return [f"两位是同一件纠纷（{number}）的当事人，请先在那里更正当事人。" for (number,) in both.tuples()]
