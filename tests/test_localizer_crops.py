"""From crops of a frame to one position, with networks that answer from a script.

The map has tiles of 40 m every 20 m. A frame of 80 x 60 m is cut into four crops, 20 m to each
side and 10 m ahead and behind of its middle: seen at right angles, each lies on a tile's centre.
"""

import math

import numpy as np
import pytest

from edgegeo import Localizer, Prior, geodesy
from edgegeo.building.build import build
from edgegeo.copies import Look
from edgegeo.localizer import BATCH
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.rectify import View
from tests.sample_engine import LAT, LON, TILE_M, block_picture
from tests.tiny_model import write_model

GSD_M, SHAPE = 0.25, (240, 320, 3)
MAP = ArrayRaster(block_picture(0, 320), None, LAT, LON, 0.5)  # 160 m: 7 x 7 tiles
MOVES = np.array(
    [[turn, east, north] for turn in (-14, 0, 14) for east in (0, 0.25) for north in (0, -0.25)],
    np.float32,
)


def engine_of(folder, moved=True):
    model = write_model(folder / "model", moved=moved)
    build([MAP], folder / "e", tile_m=TILE_M, model=model, progress=False)
    return folder / "e"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return engine_of(tmp_path_factory.mktemp("crops"))


@pytest.fixture
def localizer(engine):
    return Localizer(engine, threads=1)


def frame(seed=0):
    return np.random.default_rng(seed).integers(0, 256, SHAPE, np.uint8)


def corners(heading_deg, scale):
    """East and north of the four crops' centres from the frame's, by hand, in their order."""
    looks = [Look(View(heading_deg, 1.0), x, y) for y in (-10, 10) for x in (-20, 20)]
    return scale * np.stack([look.offset_m() for look in looks])


class Scripted:
    """Both networks, for a frame whose centre truly lies at (east_m, north_m) of (LAT, LON), of
    this heading and this many times larger than was said.

    The encoder's embedding `move` of each crop is that of the tile which lies where the move
    puts the crop; the ranker says exactly how each crop lies on each tile.
    """

    def __init__(self, localizer, at_m, heading_deg, said_deg, move, scale=1.0):
        gallery = localizer.gallery
        self.tiles_m = np.stack(
            geodesy.enu_from_geo(gallery.lat_deg, gallery.lon_deg, LAT, LON), axis=1
        )
        self.rows = gallery.embeddings * gallery.embedding_scales[:, None]
        self.tokens = gallery.tokens * gallery.token_scales[:, None, None]
        self.crops_m = np.array(at_m) + corners(heading_deg, scale)
        self.move, self.turn_deg, self.scale = move, heading_deg - said_deg, scale
        self.asked = []
        localizer._encoder = localizer._ranker = self

    def run(self, inputs):
        return self.encode(inputs["image"]) if "image" in inputs else self.rank(**inputs)

    def encode(self, image):
        count = len(image)
        assert count == 4
        shift_m = MOVES[self.move, 1:] * TILE_M
        away_m = np.linalg.norm((self.crops_m - shift_m)[:, None] - self.tiles_m, axis=2)
        moved = np.zeros((count, len(MOVES), self.rows.shape[1]), np.float32)
        moved[:, self.move] = self.rows[away_m.argmin(axis=1)]
        number = np.arange(count, dtype=np.float32)
        tokens = np.broadcast_to(number[:, None, None], (count, *self.tokens.shape[1:]))
        return {"embedding": moved[:, 0], "tokens": tokens, "moved": moved, "moves": MOVES}

    def rank(self, query_tokens, copy, move, candidate_tokens):
        self.asked.append((copy, move))
        look = query_tokens[copy, 0, 0].astype(int)
        apart = np.abs(candidate_tokens[:, None] - self.tokens).sum(axis=(2, 3))
        tile = apart.argmin(axis=1)
        offset = (self.crops_m[look] - self.tiles_m[tile]) / TILE_M
        k = len(copy)
        return {
            "relevance": 6 - 20 * np.linalg.norm(offset, axis=1),
            "offset": offset,
            "log_variance": np.full(k, math.log(1e-4)),
            "turn": np.full(k, self.turn_deg),
            "scale": np.full(k, self.scale),
        }


def enu(lat_deg, lon_deg):
    return [float(a) for a in geodesy.enu_from_geo(lat_deg, lon_deg, LAT, LON)]


@pytest.mark.parametrize("heading_deg", [0.0, 90.0, 180.0, 270.0])
@pytest.mark.parametrize("move", range(len(MOVES)))
def test_four_crops_meet_at_the_frames_centre(localizer, heading_deg, move):
    turn, east, north = MOVES[move].tolist()
    # Where the four crops' centres, less the shift, all lie on the raster of 20 m.
    at_m = np.array([0.0, 10.0] if heading_deg % 180 == 0 else [10.0, 0.0])
    at_m += np.array([east, north]) * TILE_M
    said_deg = heading_deg - turn
    networks = Scripted(localizer, at_m, heading_deg, said_deg, move)
    fix = localizer.locate(frame(), heading_deg=said_deg, gsd_m=GSD_M)
    best = fix.candidates[0]
    assert best.retrieval == pytest.approx(1.0, abs=0.02)
    assert enu(best.found_lat_deg, best.found_lon_deg) == pytest.approx(at_m, abs=0.05)
    assert enu(best.lat_deg, best.lon_deg) == pytest.approx(at_m, abs=0.05)
    assert (fix.lat_deg, fix.lon_deg) == (best.lat_deg, best.lon_deg)
    ((_, moves),) = networks.asked
    assert (moves == move).sum() >= 4


@pytest.mark.parametrize(("turn_deg", "scale"), [(20.0, 1.0), (-8.0, 1.12), (3.0, 0.8)])
def test_the_rankers_turn_and_scale_move_the_crops(localizer, turn_deg, scale):
    """What retrieval misjudges, as it knows neither, ranking puts right to the metre."""
    heading_deg, at_m = 57.0, [3.0, -6.0]
    move = next(i for i, m in enumerate(MOVES) if abs(m[0] - turn_deg) <= 6 and not m[1:].any())
    said_deg = heading_deg - turn_deg
    Scripted(localizer, at_m, heading_deg, said_deg, move, scale)
    fix = localizer.locate(frame(), heading_deg=said_deg, gsd_m=GSD_M)
    best = fix.candidates[0]
    assert enu(best.lat_deg, best.lon_deg) == pytest.approx(at_m, abs=0.05)
    off_m = np.hypot(*(np.array(enu(best.found_lat_deg, best.found_lon_deg)) - at_m))
    assert 0.5 < off_m < 15


def test_only_crops_that_are_used_are_ranked_and_each_pair_says_which(localizer):
    networks = Scripted(localizer, [0.0, 10.0], 0.0, 0.0, 4)
    fix = localizer.locate(frame(), heading_deg=0.0, gsd_m=GSD_M)
    ((copy, move),) = networks.asked
    assert copy.dtype == move.dtype == np.int64
    assert set(copy.tolist()) == {0, 1, 2, 3}
    assert len(fix.candidates) <= localizer.candidates
    assert len(copy) <= 4 * localizer.candidates


def test_no_two_candidates_are_one_place(localizer):
    Scripted(localizer, [0.0, 10.0], 0.0, 0.0, 4)
    candidates = localizer.locate(frame(), heading_deg=0.0, gsd_m=GSD_M).candidates
    assert len(candidates) == localizer.candidates
    spots = {(round(c.found_lat_deg, 7), round(c.found_lon_deg, 7)) for c in candidates}
    assert len(spots) == len(candidates)


def test_tiles_outside_the_priors_circle_and_its_crops_are_not_looked_at(localizer):
    lat, lon = geodesy.geo_from_enu(30.0, 10.0, LAT, LON)
    prior = Prior(float(lat), float(lon), 5.0)
    given = {"heading_deg": 0.0, "gsd_m": GSD_M}
    fix = localizer.locate(frame(), prior=prior, **given)
    tiles = [candidate.tile for candidate in fix.candidates]
    gallery = localizer.gallery
    away_m = geodesy.distance_m(gallery.lat_deg[tiles], gallery.lon_deg[tiles], lat, lon)
    assert away_m.max() <= 5 + math.hypot(20, 10) + TILE_M / 2
    everywhere = localizer.locate(frame(), prior=Prior(LAT, LON, 5000.0), **given)
    assert everywhere.candidates == localizer.locate(frame(), **given).candidates


def view_of_the_map(east_m, north_m, side_m):
    lat, lon = geodesy.geo_from_enu(east_m, north_m, LAT, LON)
    rgb, _ = MAP.crop(float(lat), float(lon), side_m, 4 * round(side_m))
    return rgb


@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("side_m", [40.0, 60.0])
def test_an_encoder_flies_with_and_without_moves(tmp_path, moved, side_m):
    """One crop, and four, that lie on the tiles' raster."""
    localizer = Localizer(engine_of(tmp_path, moved), threads=1)
    at_m = [20.0, -20.0] if side_m == 40 else [10.0, -10.0]
    picture = view_of_the_map(*at_m, side_m)
    fix = localizer.locate(picture, heading_deg=0.0, gsd_m=0.25, rgb=True)
    best = fix.candidates[0]
    assert enu(best.found_lat_deg, best.found_lon_deg) == pytest.approx(at_m, abs=1.0)


def test_more_looks_than_one_batch_holds_are_encoded_in_order(localizer, monkeypatch):
    """Without heading and scale there are 40 views: all go in, none twice, in batches."""
    encoder, sizes = localizer._encoder, []

    class Counted:
        def run(self, inputs):
            sizes.append(len(inputs["image"]))
            return encoder.run(inputs)

    monkeypatch.setattr(localizer, "_encoder", Counted())
    picture = view_of_the_map(20.0, -20.0, 40.0)
    fix = localizer.locate(picture, rgb=True)
    assert sizes[:-1] == [BATCH] * (len(sizes) - 1)
    assert sum(sizes) >= 40
    assert sizes[-1] <= BATCH
    assert fix.candidates
