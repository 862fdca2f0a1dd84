"""The onboard API: one frame in, one position with its uncertainty out, or a reject."""

import math
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from edgegeo import agreement, fix, framing, pairs, ranker, ranking_gate, retrieval, search
from edgegeo import rectify as rectifying
from edgegeo.backends import Runner
from edgegeo.calibration import Calibration, calibration_from_json
from edgegeo.clock import Clock
from edgegeo.correlation import Correlation, Judge
from edgegeo.engine import open_engine
from edgegeo.errors import RangeError
from edgegeo.gallery import Gallery
from edgegeo.given import Given
from edgegeo.manifest import Manifest
from edgegeo.networks import Backend, open_networks
from edgegeo.plans import BATCH
from edgegeo.types import Fix, Prior, Reject

Float32 = NDArray[np.float32]
Weighed = tuple[fix.Ranked, fix.Places, fix.Evidence]


class Localizer:
    """Locates frames on the map of one engine.

    Opening reads the models and maps the gallery; nothing changes afterwards, so one Localizer
    may be used from several threads at once.

    Args:
        engine_path: the folder `edgegeo build` wrote.
        threads: CPU threads of the networks; 0 takes as many as help here, see cpus.usable_cpus.
        candidates: positions that are ranked for each frame, each by up to four crops; the first
            alone where the engine's gate finds that enough.
        backend: "auto" flies the engine's TensorRT plans where it has some that can be made to
            fit this board, else ONNX Runtime; see networks.open_networks.
        ranking: "learned" by the engine's ranker, or by the plain "correlation" of tokens, which
            needs no training. The engine's calibration is not about the latter: compare positions
            and recall, not probabilities.

    Raises EngineError for a folder that is not a whole engine of a version known here.
    """

    def __init__(
        self,
        engine_path: str | Path,
        *,
        threads: int = 0,
        candidates: int = 12,
        backend: Backend = "auto",
        ranking: ranker.Ranking = "learned",
    ) -> None:
        if candidates < 1:
            raise RangeError.of("candidates", "1 or more", candidates)
        if ranking not in get_args(ranker.Ranking):
            raise RangeError.of("ranking", "'learned' or 'correlation'", repr(ranking))
        engine = open_engine(engine_path)
        self.manifest: Manifest = engine.manifest
        self.gallery: Gallery = engine.gallery
        self.calibration = calibration_from_json(engine.manifest.calibration)
        self.candidates = candidates
        self._encoder, network, threads = open_networks(
            engine, backend, threads=threads, candidates=candidates
        )
        self._pool = search.Pool(threads)
        self._ranker: Runner | Correlation
        if ranking == "correlation":
            self._ranker = Correlation(self._pool)
        elif isinstance(network, Judge):
            self._ranker = Correlation(self._pool, network)
        else:
            self._ranker = network

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
                8 turned views are searched, at some 4 times the time.
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
        searched = self._search(frame, given, clock, rgb=rgb)
        if isinstance(searched, Reject):
            return fix.nothing(searched, time_us, clock.timings())
        weighed, calibration, reranked = self._weigh(searched, clock)
        return fix.decide(
            *weighed,
            self.tile_m,
            calibration,
            reranked=reranked,
            time_us=time_us,
            timings_ms=clock.timings(),
        )

    def rank(
        self, frame: NDArray[np.uint8], given: Given, clock: Clock, *, rgb: bool = False
    ) -> fix.Ranked | Reject:
        """Return the frame's candidates, all of them ranked, before anything calibrated is done
        with them."""
        searched = self._search(frame, given, clock, rgb=rgb)
        if isinstance(searched, Reject):
            return searched
        return ranker.rank(self._ranker, self.gallery, searched, clock)

    def _search(
        self, frame: NDArray[np.uint8], given: Given, clock: Clock, *, rgb: bool
    ) -> ranker.Searched | Reject:
        picture = rectifying.colour_frame(frame)
        looks = framing.looks_of(picture.shape[:2], given, self.tile_m)
        if isinstance(looks, Reject):
            return looks
        ranges = None
        if given.prior is not None:
            # A crop's tile may lie further out than the frame's centre.
            reach_m = max(math.hypot(*look.offset_m()) for look in looks) + self.tile_m / 2
            ranges = self.gallery.rows_within(given.prior, margin_m=reach_m)
            if not len(ranges):
                return Reject.NO_CANDIDATE
        homographies = framing.homographies(
            picture.shape[:2], looks, given, self.tile_m, self.manifest.px
        )
        inputs = rectifying.rectify(
            picture, homographies, self.manifest.px, rgb=rgb, pool=self._pool
        )
        clock.stop("rectify")
        if not framing.has_detail(inputs):
            return Reject.NO_DETAIL
        embeddings, moves, tokens = self._encode(inputs)
        clock.stop("encode")
        found = retrieval.find(
            self.gallery, looks, embeddings, moves, ranges=ranges, pool=self._pool
        )
        if given.prior is not None:
            found = found.within(given.prior, margin_m=self.tile_m / 2)
            if not len(found.tile):
                return Reject.NO_CANDIDATE
        agreed = agreement.agree(found, self.tile_m, self.candidates)
        pairs.prefetch(
            self.gallery.tokens, found.tile[agreed.rows[agreed.rows >= 0]].astype(np.int32)
        )
        clock.stop("search")
        return ranker.Searched(
            looks=looks,
            tokens=tokens,
            turn_deg=moves[:, 0].astype(np.float64),
            found=found,
            agreed=agreed,
        )

    def _weigh(self, searched: ranker.Searched, clock: Clock) -> tuple[Weighed, Calibration, bool]:
        """Rank as many candidates as it takes; return what that gives, what its probability is
        by, and whether the candidates were compared."""
        gate = self.calibration.gate

        def weigh(first: int | None) -> Weighed:
            ranked = ranker.rank(self._ranker, self.gallery, searched, clock, first)
            places = fix.combine(ranked, self.tile_m)
            evidence = fix.weigh(ranked, places, self.tile_m, self.calibration)
            clock.stop("fix")
            return ranked, places, evidence

        # A weight of 0 says that on validation data the ranker did no good: it is not run.
        if not self.calibration.relevance_weight:
            return weigh(0), self.calibration, False
        if gate is not None and ranking_gate.worth_trying(searched.agreed, self.tile_m, gate):
            weighed = weigh(1)
            if ranking_gate.settles(weighed[-1], self.calibration, gate):
                return weighed, self.calibration.of_first_alone(gate), False
        return weigh(None), self.calibration, True

    def _encode(self, inputs: Float32) -> tuple[Float32, Float32, Float32]:
        """Return embeddings (l, m, d) of m moves of each look, the moves, and tokens (l, t, c)."""
        parts = [
            self._encoder.run({"image": inputs[i : i + BATCH]})
            for i in range(0, len(inputs), BATCH)
        ]
        tokens = np.concatenate([part["tokens"] for part in parts])
        if "moved" in parts[0]:
            return np.concatenate([part["moved"] for part in parts]), parts[0]["moves"], tokens
        # An encoder from elsewhere may know no moves.
        embeddings = np.concatenate([part["embedding"] for part in parts])[:, None]
        return embeddings, np.zeros((1, 3), np.float32), tokens
