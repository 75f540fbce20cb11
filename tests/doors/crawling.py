"""The walk over every link that a person sees, as authors of plugins have it too."""

from portal.testing.crawl import SAMPLES, crawl, kind_of

__all__ = ["SAMPLES", "crawl", "kind_of"]
