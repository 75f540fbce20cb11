"""The demo's grids: all villages divided, some households with visits and patrols, events in every state."""

import random

from plugins.grid.demo_events import tell_events
from plugins.grid.demo_ground import divide
from plugins.grid.demo_homes import settle_homes


def fill(say) -> None:
    """Fill the demo; the same seed makes the same county."""
    chance = random.Random(1042)
    if not divide(chance, say):
        return
    settle_homes(chance, say)
    tell_events(chance, say)
