"""A localizer that looks nothing up: it answers from a script, one entry a frame."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from edgegeo.calibration import Calibration
from edgegeo.geodesy import geo_from_enu
from edgegeo.types import Candidate, Fix, Reject, Timings

LAT0_DEG, LON0_DEG = 34.0, -117.0


def geo(east_m, north_m):
    """Latitude and longitude of a point in metres from the fake map's middle."""
    lat, lon = geo_from_enu(east_m, north_m, LAT0_DEG, LON0_DEG)
    return lat, lon


@dataclass
class Gallery:
    lat_deg: np.ndarray
    lon_deg: np.ndarray


@dataclass
class FakeLocalizer:
    """Three tiles of 100 m in a row, centres at 0, 50 and 1000 m east.

    The first pixel's blue value is the row of `script`: (east_m, north_m of the answer or
    None, tiles in final order, tiles in retrieval order, reject). Each candidate is at its
    tile's centre, as retrieval and as ranking have it.
    """

    script: list
    calls: list = field(default_factory=list)
    tile_m: float = 100.0

    def __post_init__(self):
        lat, lon = geo(np.array([0.0, 50.0, 1000.0]), np.zeros(3))
        self.gallery = Gallery(lat, lon)
        self.manifest = SimpleNamespace(model_id="fake")
        self.calibration = Calibration()

    def locate(self, frame, **known):
        self.calls.append(known)
        position, final, retrieval, reject = self.script[int(frame[0, 0, 0])]
        lat, lon = map(float, geo(*position)) if position else (None, None)
        return Fix(
            time_us=known.get("time_us", 0),
            lat_deg=lat,
            lon_deg=lon,
            cov_m2=(4.0, 0.0, 4.0) if position else None,
            probability=0.9 if reject is None else 0.05,
            reject=reject,
            candidates=tuple(
                Candidate(
                    tile=tile,
                    lat_deg=float(self.gallery.lat_deg[tile]),
                    lon_deg=float(self.gallery.lon_deg[tile]),
                    found_lat_deg=float(self.gallery.lat_deg[tile]),
                    found_lon_deg=float(self.gallery.lon_deg[tile]),
                    retrieval=1.0 - 0.1 * retrieval.index(tile),
                    score=-float(i),
                )
                for i, tile in enumerate(final)
            ),
            timings_ms=Timings(encode=1.0),
            reranked=final != retrieval,
        )


GOOD = ((1.0, 0.0), [0, 2], [2, 0], None)  # re-ranking put it right
FAR = ((900.0, 0.0), [2, 0], [2, 0], None)  # accepted and wrong
LOST = (None, [], [], Reject.NO_CANDIDATE)


def write_frames(folder, count):
    """Write 000.png ... whose first pixel carries their number."""
    import cv2

    folder.mkdir(exist_ok=True)
    for i in range(count):
        image = np.full((24, 32, 3), 100, np.uint8)
        image[0, 0] = i
        cv2.imwrite(str(folder / f"{i:03d}.png"), image)
    return folder


def write_truth(path, count, extra=""):
    """Write a truth table that puts every frame at the fake map's middle."""
    lines = ["file,lat_deg,lon_deg,heading_deg,gsd_m_per_px,map"]
    lines += [f"{i:03d}.png,{LAT0_DEG},{LON0_DEG},90,0.25,p{i // 2}{extra}" for i in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path
