"""The field's benchmarks, and folders of one's own: each reads a layout, all give one record.

`open_benchmark` is the way in; a set's file says what it expects and where to get it.
"""

from edgegeo.datasets.open import open_benchmark as open_benchmark
from edgegeo.datasets.records import About as About
from edgegeo.datasets.records import Benchmark as Benchmark
from edgegeo.datasets.records import Convention as Convention
from edgegeo.datasets.records import GalleryImage as GalleryImage
from edgegeo.datasets.records import Geo as Geo
from edgegeo.datasets.records import Plane as Plane
from edgegeo.datasets.records import Query as Query
