"""What the grids keep about a resident: in which household they live or lived, and the flags of key groups."""

from plugins.grid.models import KeyPerson, Member


def obstacles(kept, gone) -> list[str]:
    """Say where the two stand beside each other: one person lives in one household, and has each flag once."""
    found = []
    homes = [Member.get_or_none(Member.resident == one.id, Member.until.is_null()) for one in (kept, gone)]
    if all(homes):
        same = homes[0].household_id == homes[1].household_id
        numbers = [one.household.number for one in homes]
        found.append(
            f"两位都登记在 {numbers[0]} 号户，请先在户档里移出一位。" if same else
            f"两位分别登记在 {numbers[0]} 号户和 {numbers[1]} 号户，请先在其中一户移出。"
        )
    kinds = [{one.kind for one in KeyPerson.select().where(KeyPerson.resident == who.id)} for who in (kept, gone)]
    if kinds[0] & kinds[1]:
        # What it is may be read by few, so it is not said here.
        found.append("网格的登记里有一处两位重复，请先联系乡镇综治中心核对。")
    return found
