"""A PostgreSQL database parted by county: each growing table is a partitioned one, with one partition for each county.

Everything of one county lies in its own partitions, keys and references name the county, and none crosses it. That is
what an engine needs that places counties on several servers. The models know nothing of it: `id` stays unique, because
all partitions of a table share one sequence.

growing.py says which tables, catalogue.py reads how a table was made, parting.py makes it anew in parts, adding.py adds
a county, naming.py has the statements of a request name the county, fitting.py lets migrations that were written for
whole tables run on parted ones.
"""

from portal.partitions.adding import add_counties, lacking
from portal.partitions.catalogue import parted_tables
from portal.partitions.fitting import fitted
from portal.partitions.growing import growing, kept_whole
from portal.partitions.naming import everywhere, init_app, within
from portal.partitions.parting import Parting, part

__all__ = [
    "Parting", "add_counties", "everywhere", "fitted", "growing", "init_app", "kept_whole", "lacking", "part",
    "parted_tables", "within",
]
