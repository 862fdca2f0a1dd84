"""The onboard API: one frame in, one position with its uncertainty out, or a reject."""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgegeo import copies, fix, geodesy, pairs, search
from edgegeo import rectify as rectifying
from edgegeo.backends.onnxruntime import Session
from edgegeo.calibration import calibration_from_json
from edgegeo.engine import open_engine
from edgegeo.errors import RangeError
from edgegeo.gallery import Gallery
from edgegeo.given import Given
from edgegeo.manifest import Manifest
from edgegeo.types import Fix, Prior, Reject, Timings

BATCH = 32  # copies encoded at once
MIN_DETAIL = 0.03  # standard deviation of the network's input over the covered part
FOOTPRINT_SHARE = 0.8  # of the footprint's short side: one tile
MIN_FOOTPRINT_TILES = 0.5  # short side of the footprint
MAX_TILT_DEG = 45.0

Float32 = NDArray[np.float32]


class Localizer:
    """Locates frames on the map of one engine.

    Opening reads the models and maps the gallery; nothing changes afterwards, so one Localizer
    may be used from several threads at once.

    Args:
        engine_path: the folder `edgegeo build` wrote.
        threads: CPU threads of the networks; 0 takes every CPU this process may use.
        candidates: tiles that are ranked for each frame (K).

    Raises EngineError for a folder that is not a whole engine of a version known here.
    """

    def __init__(self, engine_path: str | Path, *, threads: int = 0, candidates: int = 32) -> None:
        if candidates < 1:
            raise RangeError.of("candidates", "1 or more", candidates)
        engine = open_engine(engine_path)
        self.manifest: Manifest = engine.manifest
        self.gallery: Gallery = engine.gallery
        self.calibration = calibration_from_json(engine.manifest.calibration)
        self.candidates = min(candidates, len(self.gallery))
        self._encoder = Session(engine.encoder_path, threads)
        self._ranker = Session(engine.ranker_path, threads)

    @property
    def tile_m(self) -> float:
        return self.manifest.tile_m

    def locate(
        self,
        frame: NDArray[np.uint8],
        *,
        prior: Prior | None = None,
        heading_deg: float | None = None,
        heading_sigma_deg: float = 10.0,
        gsd_m: float | None = None,
        gsd_sigma: float = 0.1,
        height_m: float | None = None,
        fov_deg: float | None = None,
        roll_deg: float = 0.0,
        pitch_deg: float = 0.0,
        time_us: int = 0,
        rgb: bool = False,
    ) -> Fix:
        """Return the ground point at the frame's centre, or a reject. Never raises for a frame
        that merely cannot be located.

        Args:
            frame: (h, w, 3) uint8 BGR as OpenCV gives it (`rgb=True` for RGB), or grey (h, w).
            prior: a circle the drone is in; only its tiles are searched.
            heading_deg: true heading of the image's up side, clockwise from north; without it
                24 turned copies are searched, at some 4 times the time.
            heading_sigma_deg: one standard deviation of that heading.
            gsd_m: metres on the ground per pixel at the frame's centre. Or give `height_m`
                above ground with `fov_deg`, the horizontal field of view. Without either five
                scales around the gallery's footprint are searched, at some 3 times the time.
            gsd_sigma: one standard deviation of the scale, relative.
            roll_deg, pitch_deg: tilt of the camera from straight down; needs `fov_deg`.
            time_us: passed through.

        Raises ShapeError for something that is not a picture, RangeError for a number that is
        not finite or out of range.
        """
        given = Given(
            prior=prior,
            heading_deg=heading_deg,
            heading_sigma_deg=heading_sigma_deg,
            gsd_m=gsd_m,
            gsd_sigma=gsd_sigma,
            height_m=height_m,
            fov_deg=fov_deg,
            roll_deg=roll_deg,
            pitch_deg=pitch_deg,
        )
        clock = Clock()
        ranked = self.rank(frame, given, clock, rgb=rgb)
        if isinstance(ranked, Reject):
            return fix.nothing(ranked, time_us, clock.timings())
        evidence = fix.weigh(ranked, self.tile_m, self.calibration)
        clock.stop("fix")
        return fix.decide(
            ranked,
            evidence,
            self.tile_m,
            self.calibration,
            time_us=time_us,
            timings_ms=clock.timings(),
        )

    def rank(
        self, frame: NDArray[np.uint8], given: Given, clock: "Clock", *, rgb: bool = False
    ) -> fix.Ranked | Reject:
        """Return the frame's candidates before anything calibrated is done with them."""
        picture = rectifying.colour_frame(frame)
        looks = self._looks(picture.shape[:2], given)
        if isinstance(looks, Reject):
            return looks
        ranges = None
        if given.prior is not None:
            ranges = self.gallery.rows_within(given.prior, margin_m=self.tile_m / 2)
            if not len(ranges):
                return Reject.NO_CANDIDATE
        inputs = rectifying.rectify(picture, looks, self.manifest.px, rgb=rgb)
        clock.stop("rectify")
        if detail(inputs[0]) < MIN_DETAIL:
            return Reject.NO_DETAIL
        looks_like, tokens = self._encode(inputs)
        clock.stop("encode")
        tile, copy, cosine = self._search(looks_like, ranges)
        clock.stop("search")
        batch = pairs.gather(self.gallery.tokens, self.gallery.token_scales, tile)
        clock.stop("pairs")
        ranked = self._rank(tokens, tile, copy, cosine, batch)
        clock.stop("rank")
        return ranked

    def _looks(self, shape_hw: tuple[int, int], given: Given) -> NDArray[np.float64] | Reject:
        """Return the homographies (r, 3, 3) of the copies to look for."""
        if given.tilt_deg > MAX_TILT_DEG:
            return Reject.OBLIQUE
        gsd_m = given.gsd_at(shape_hw[1])
        if gsd_m is not None and gsd_m * min(shape_hw) < MIN_FOOTPRINT_TILES * self.tile_m:
            return Reject.SMALL_FOOTPRINT
        views = copies.views(
            given.heading_deg,
            given.heading_sigma_deg,
            gsd_m,
            given.gsd_sigma,
            expected_gsd_m=self.tile_m / FOOTPRINT_SHARE / min(shape_hw),
        )
        maps = [
            rectifying.frame_from_tile(
                shape_hw,
                self.tile_m,
                self.manifest.px,
                view.heading_deg,
                view.gsd_m,
                given.roll_deg,
                given.pitch_deg,
                given.fov_deg,
            )
            for view in views
        ]
        return np.stack(maps)

    def _encode(self, inputs: Float32) -> tuple[Float32, Float32]:
        """Return embeddings (r, m, d), m shifts of each copy, and tokens (r, t, c)."""
        parts = [
            self._encoder.run({"image": inputs[i : i + BATCH]})
            for i in range(0, len(inputs), BATCH)
        ]
        # An encoder from elsewhere may know no shifts.
        embeddings = [part.get("shifted", part["embedding"][:, None]) for part in parts]
        return np.concatenate(embeddings), np.concatenate([part["tokens"] for part in parts])

    def _search(
        self, embeddings: Float32, ranges: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], Float32]:
        """Return the best tiles over all copies and shifts, each with the copy it fits best."""
        gallery, (copies_, shifts, width) = self.gallery, embeddings.shape
        queries, query_scales = search.quantise_rows(embeddings.reshape(copies_ * shifts, width))
        ids, scores = search.top_k(
            queries,
            gallery.embeddings,
            self.candidates,
            scales=gallery.embedding_scales,
            query_scales=query_scales,
            ranges=ranges,
        )
        found = ids >= 0
        copy = np.broadcast_to(np.arange(len(ids))[:, None] // shifts, ids.shape)[found]
        scores, ids = scores[found], ids[found]
        order = np.lexsort((ids, -scores))
        _, first = np.unique(ids[order], return_index=True)
        keep = order[np.sort(first)[: self.candidates]]
        return ids[keep], copy[keep].astype(np.int64), scores[keep]

    def _rank(
        self,
        tokens: Float32,
        tile: NDArray[np.int32],
        copy: NDArray[np.int64],
        cosine: Float32,
        batch: Float32,
    ) -> fix.Ranked:
        used, copy = np.unique(copy, return_inverse=True)
        said = self._ranker.run(
            {"query_tokens": tokens[used], "copy": copy.astype(np.int64), "candidate_tokens": batch}
        )
        offset_m = said["offset"].astype(np.float64) * self.tile_m
        lat, lon = geodesy.geo_from_enu(
            offset_m[:, 0], offset_m[:, 1], self.gallery.lat_deg[tile], self.gallery.lon_deg[tile]
        )
        return fix.Ranked(
            tile=tile.astype(np.int64),
            lat_deg=lat,
            lon_deg=lon,
            retrieval=cosine.astype(np.float64),
            relevance=said["relevance"].astype(np.float64),
            sigma_m=np.exp(said["log_variance"].astype(np.float64) / 2) * self.tile_m,
        )


class Clock:
    """Milliseconds between stops."""

    def __init__(self) -> None:
        self._stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self._stages[stage] = 1e3 * (now - self._last)
        self._last = now

    def timings(self) -> Timings:
        return Timings(**self._stages)


def detail(image: Float32) -> float:
    """Standard deviation of one (4, px, px) input over what the frame covers."""
    covered = image[3] > 0.5
    return float(image[:3, covered].std()) if covered.any() else 0.0
