"""Figures about the portal for Prometheus and its like, in its text format.

They are put together when they are asked for, from what all processes share: whichever worker answers, they agree. So
there is no state to keep in files between processes, and no request pays for being counted.
"""

from flask import current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from portal import health, jobs
from portal.cases.checks import without_plugin
from portal.db import look_at_replica, now
from portal.health.state import is_paused, rows
from portal.registry import registry_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def is_degraded() -> bool:
    """Tell whether something does not work as it should, although pages are answered."""
    return bool(registry_of(current_app).quarantined or without_plugin() or jobs.troubles() or health.troubles()
                or replica_trouble())


def replica_trouble() -> str:
    """Return what is wrong with the read-only standby, or ""; nothing where there is none."""
    replica = look_at_replica()
    return replica.trouble if replica else ""


def text() -> bytes:
    """Return all figures; a counter that a restart of the county's database would set back is none of them."""
    health.report_due(everything=True)
    collected = CollectorRegistry(auto_describe=False)
    collected.register(_Figures())
    return generate_latest(collected)


class _Figures:
    """What `generate_latest` asks for the figures of this moment."""

    def collect(self):
        registry = registry_of(current_app)
        yield _gauge("portal_degraded", "1 where something does not work as it should.", is_degraded())
        yield _gauge("portal_plugins", "Plugins that are loaded.", len(registry.optional()))
        yield _gauge("portal_plugins_quarantined", "Plugins that were left out at start.", len(registry.quarantined))
        left_out = GaugeMetricFamily("portal_plugin_quarantined", "1 for each that was left out.", labels=["plugin"])
        for slug in sorted({item.slug for item in registry.quarantined}):
            left_out.add_metric([slug], 1)
        yield left_out
        yield _gauge("portal_jobs_in_trouble", "Background jobs that are late or ended badly.", len(jobs.troubles()))
        yield _gauge("portal_kinds_without_plugin", "Kinds of open cases that no loaded plugin declares.",
                     len(without_plugin()))
        yield from _of_replica()
        yield from _of_hooks()


def _gauge(name: str, told: str, value) -> Metric:
    return GaugeMetricFamily(name, told, value=float(value))


def _of_replica():
    if (replica := look_at_replica()) is None:
        return
    yield _gauge("portal_replica_usable", "1 where lists and figures may be read from the standby.", replica.usable)
    if replica.lag is not None:
        yield _gauge("portal_replica_lag_seconds", "Seconds that the standby is behind at least.", replica.lag)


def _of_hooks():
    moment, known = now(), rows()
    paused = GaugeMetricFamily("portal_plugin_paused", "1 where a hook is left alone for a while.", labels=LABELS)
    for row in known:
        paused.add_metric([row.plugin, row.hook], float(is_paused(row, moment)))
    yield paused
    for name, told in COUNTERS.items():
        counter = CounterMetricFamily(f"portal_plugin_{name}", told, labels=LABELS)
        for row in known:
            counter.add_metric([row.plugin, row.hook], getattr(row, name))
        yield counter


LABELS = ["plugin", "hook"]
COUNTERS = {
    "failures": "Calls of a plugin that failed or were too slow.", "slow": "Calls that were too slow.",
    "skipped": "Calls that were not made because the hook is left alone.",
    "opened": "How often a hook began to be left alone.",
}
