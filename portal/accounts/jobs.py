"""What happens by itself when a post or an account reaches its last day."""

import logging

from portal.accounts import work
from portal.accounts.person import SYSTEM
from portal.values import Job, Refused

log = logging.getLogger(__name__)


def give_back_work() -> str:
    """Give what still hangs on posts that have ended back to their units, so that it lies with nobody who is gone.

    What each plugin has is given back by itself: one that refuses must not keep the rest with who is gone.
    """
    given, stuck = 0, []
    for post in work.ended():
        try:
            keys = [key for key, _ in work.open_work(post)]
        except Refused as refused:
            stuck.append(refused.sentence)
            continue
        for slug in dict.fromkeys(key.split(":", 1)[0] for key in keys):
            try:
                given += work.hand(post, [key for key in keys if key.startswith(slug + ":")], None, SYSTEM)
            except Refused as refused:
                log.warning("work of post %s could not be given back: %s", post.id, refused.sentence)
                stuck.append(f"{post.unit.short}{post.user.full_name}：{refused.sentence}")
    more = f"有 {len(stuck)} 个岗位没能交回：{'；'.join(stuck[:3])}" if stuck else ""
    return f"交回单位 {given} 项。{more}"


JOBS = [Job("accounts.ended_posts", "到期岗位的工作交回单位", give_back_work, at="00:20")]
