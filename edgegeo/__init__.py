"""Where is the drone, from one downward frame and a satellite map. Without GNSS."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgegeo import _core as _core
from edgegeo.errors import DataError as DataError
from edgegeo.errors import EdgegeoError as EdgegeoError
from edgegeo.errors import EngineError as EngineError
from edgegeo.errors import LinkError as LinkError
from edgegeo.errors import MapError as MapError
from edgegeo.errors import MissingExtraError as MissingExtraError
from edgegeo.errors import RangeError as RangeError
from edgegeo.errors import ShapeError as ShapeError
from edgegeo.types import Candidate as Candidate
from edgegeo.types import Fix as Fix
from edgegeo.types import Prior as Prior
from edgegeo.types import Reject as Reject
from edgegeo.types import Timings as Timings

if TYPE_CHECKING:
    from edgegeo.building.build import build as build
    from edgegeo.evaluation.run import evaluate as evaluate
    from edgegeo.localizer import Localizer as Localizer
    from edgegeo.simulation.simulate import simulate as simulate

__version__ = "0.1.0"

# Loaded at first use: `import edgegeo` stays at NumPy and the kernels.
_LAZY = {
    "Localizer": "localizer",
    "build": "building.build",
    "evaluate": "evaluation.run",
    "simulate": "simulation.simulate",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'edgegeo' has no attribute {name!r}")
    value = getattr(import_module(f"edgegeo.{_LAZY[name]}"), name)
    globals()[name] = value
    return value
