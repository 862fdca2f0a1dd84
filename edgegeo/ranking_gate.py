"""The gate before the ranker: where retrieval is sure, its first candidate alone is ranked.

The others would only confirm it, and most of the ranker's work is theirs. The first keeps its
exact position, and the ranker may still object: then all are ranked.
"""

import numpy as np
from numpy.typing import NDArray

from edgegeo import fix, geodesy
from edgegeo.agreement import Agreed
from edgegeo.calibration import Calibration, Gate

Floats = NDArray[np.float64]


def worth_trying(agreed: Agreed, tile_m: float, gate: Gate) -> bool:
    """Return whether retrieval alone makes it likely that the first candidate settles the frame."""
    away_m = np.hypot(agreed.east_m - agreed.east_m[0], agreed.north_m - agreed.north_m[0])
    return lead(agreed.cosine, away_m, tile_m) >= gate.least_lead


def lead_of(ranked: fix.Ranked, tile_m: float) -> float:
    """Return what `worth_trying` goes by, of candidates that have been ranked."""
    lat, lon = ranked.found_lat_deg, ranked.found_lon_deg
    return lead(ranked.retrieval, geodesy.distance_m(lat, lon, lat[0], lon[0]), tile_m)


def lead(cosine: Floats, away_m: Floats, tile_m: float) -> float:
    """Return how much more cosine the first candidate has than any other place; 0 where there is
    no other, since nothing is saved there.

    cosine, away_m (p,): retrieval's, best first, and how far each lies from the first.
    """
    rivals = fix.elsewhere(away_m, tile_m)
    return fix.ahead(cosine, 0, rivals, alone=float(cosine[0]))


def settles(evidence: fix.Evidence, calibration: Calibration, gate: Gate) -> bool:
    """Return whether the first candidate, ranked alone, is sure enough to be the answer."""
    sure = max(gate.sure, calibration.accept)
    return calibration.of_first_alone(gate).probability(evidence.features) >= sure
