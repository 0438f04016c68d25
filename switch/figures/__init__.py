"""Numbers people trust: formulas with an id and a version, over facts counted by interval and key.

    async for key, at, counts in figures(engine, span, zone, by=(Dimension.QUEUE,)):
        figure = FORMULAS["service_level.abandons_negative"].value(counts)

`FORMULAS` is the registry; `Span.days` and `intervals` know the centre's zone; `total` adds neighbouring
intervals up. What reads the database is in `switch.figures.batch`: a child process's work.
"""

from switch.figures.calendar import Interval as Interval
from switch.figures.calendar import Span as Span
from switch.figures.calendar import intervals as intervals
from switch.figures.cells import Row as Row
from switch.figures.facts import Counts as Counts
from switch.figures.facts import Dimension as Dimension
from switch.figures.facts import Fact as Fact
from switch.figures.facts import total as total
from switch.figures.formulas import FORMULAS as FORMULAS
from switch.figures.formulas import SERVICE_LEVEL as SERVICE_LEVEL
from switch.figures.formulas import Figure as Figure
from switch.figures.formulas import Formula as Formula
from switch.figures.formulas import Unit as Unit
