"""How long things usually take. Mediation has no lawful period of its own; what each date is, is said in words."""

from plugins.mediation.record import agreement_of, dispute_of
from portal.kit import Deadline, setting


def check_period(place) -> Deadline:
    """Return the period for reviewing whether to accept: an inner step, no rule sets it."""
    return Deadline(setting("mediation.check", place))


def period_of(case) -> tuple[Deadline, str]:
    """Return how long this type of dispute usually takes, and what that is in words."""
    kind = dispute_of(case).type
    if kind == "medical":
        period = Deadline(setting("mediation.medical", case))
        return period, f"{period}（《医疗纠纷预防和处理条例》第三十八条）"
    if kind == "labour":
        period = Deadline(setting("mediation.labour", case), "day")
        return period, f"{period}（《劳动争议调解仲裁法》第十四条）"
    period = Deadline(setting("mediation.ordinary", case), "month")
    return period, f"一般 {period}（《人民调解工作若干规定》第三十三条）；参考期限，不是法定期限"


def of_mediation(case) -> Deadline:
    return period_of(case)[0]


def of_check(case) -> Deadline:
    return check_period(case)


def of_follow_up(case) -> Deadline:
    return Deadline(setting("mediation.follow_up", case), "day")


def until_agreed(case) -> Deadline:
    return _days(agreement_of(case).until, dispute_of(case).agreed_at)


def until_said(case) -> Deadline:
    return _days(*case.mediation_until)


def _days(until, at) -> Deadline:
    """Return the period that ends on the day that the parties agreed on, be it a holiday."""
    return Deadline(max((until - at.date()).days, 0), "day", roll=False)
