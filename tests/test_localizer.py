"""The onboard API on a landscape made by code, with the networks that ship."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from edgegeo import Localizer, Prior, RangeError, Reject, ShapeError, geodesy
from edgegeo.building.build import build
from edgegeo.demo.landscape import landscape
from edgegeo.maps.arraymap import ArrayRaster
from edgegeo.simulation.camera import Shot, render

LAT, LON, GSD_M, SIDE_PX = 46.5, 7.5, 0.5, 800
FOOTPRINT_M = 80.0


def ground(date):
    return ArrayRaster(landscape(3, SIDE_PX, GSD_M, date), None, LAT, LON, GSD_M)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    out = tmp_path_factory.mktemp("localizer") / "field.edgegeo"
    build([ground(0)], out, footprint_m=FOOTPRINT_M, progress=False)
    return out


@pytest.fixture(scope="module")
def localizer(engine):
    return Localizer(engine)


def shots(count):
    rng = np.random.default_rng(5)
    for _ in range(count):
        east, north = rng.uniform(-120, 120, 2)
        lat, lon = geodesy.geo_from_enu(east, north, LAT, LON)
        yield Shot(
            lat_deg=float(lat),
            lon_deg=float(lon),
            heading_deg=float(rng.uniform(0, 360)),
            gsd_m=FOOTPRINT_M / 480,
            size=(640, 480),
        )


@pytest.fixture(scope="module")
def flight():
    """Twelve frames of another date, each with its shot."""
    later = ground(1)
    return [
        (shot, render(later, shot, np.random.default_rng(n))) for n, shot in enumerate(shots(12))
    ]


def error_m(found, shot):
    return float(geodesy.distance_m(found.lat_deg, found.lon_deg, shot.lat_deg, shot.lon_deg))


def located(localizer, flight, **given):
    found = [
        localizer.locate(frame, **{"heading_deg": shot.heading_deg, "gsd_m": shot.gsd_m, **given})
        for shot, frame in flight
    ]
    return [error_m(fix, shot) for fix, (shot, _) in zip(found, flight, strict=True)], found


def test_frames_of_another_date_are_located(localizer, flight):
    errors, found = located(localizer, flight)
    assert np.mean(np.array(errors) < 20) >= 0.75
    assert sum(fix.accepted for fix in found) >= 6
    assert all(error < 50 for error, fix in zip(errors, found, strict=True) if fix.accepted)


def test_a_fix_holds_everything_it_promises(localizer, flight):
    shot, frame = flight[0]
    fix = localizer.locate(frame, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m, time_us=42)
    assert fix.time_us == 42
    assert 0 <= fix.probability <= 1
    ee, en, nn = fix.cov_m2
    assert min(ee, nn, ee * nn - en * en) > 0
    assert len(fix.candidates) == localizer.candidates == 12
    scores = [candidate.score for candidate in fix.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len({(c.found_lat_deg, c.found_lon_deg) for c in fix.candidates}) == 12
    best = fix.candidates[0]
    assert (fix.lat_deg, fix.lon_deg) == (best.lat_deg, best.lon_deg)
    assert min(fix.timings_ms.encode, fix.timings_ms.rank, fix.timings_ms.rectify) > 0


def test_heading_and_scale_can_be_unknown(localizer, flight):
    errors, _ = located(localizer, flight[:6], heading_deg=None)
    assert np.mean(np.array(errors) < 20) >= 0.5
    errors, _ = located(localizer, flight[:6], gsd_m=None)
    assert np.mean(np.array(errors) < 20) >= 0.5


def test_crops_found_in_views_45_degrees_apart_agree_on_the_centre(localizer):
    # Halfway between two of the eight views: what each crop turned by means nothing beside a crop
    # of the other view, only the headings do.
    errors = []
    for number, shot in enumerate(shots(6)):
        turned = replace(shot, heading_deg=22.5 + 45 * number, size=(860, 480))
        frame = render(ground(1), turned, np.random.default_rng(number))
        errors.append(error_m(localizer.locate(frame, gsd_m=turned.gsd_m), turned))
    assert np.median(errors) < 3
    assert np.sort(errors)[-2] < 6


def test_height_and_field_of_view_stand_in_for_the_scale(localizer, flight):
    shot, frame = flight[0]
    height_m = shot.gsd_m * 320 / np.tan(np.radians(35))
    by_gsd = localizer.locate(frame, heading_deg=10, gsd_m=shot.gsd_m)
    by_height = localizer.locate(frame, heading_deg=10, height_m=height_m, fov_deg=70)
    assert by_height.lat_deg == pytest.approx(by_gsd.lat_deg, abs=1e-8)


def test_a_prior_limits_the_candidates(localizer, flight):
    shot, frame = flight[0]
    prior = Prior(shot.lat_deg, shot.lon_deg, 60.0)
    fix = localizer.locate(frame, prior=prior, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m)
    tiles = [candidate.tile for candidate in fix.candidates]
    gallery = localizer.gallery
    away_m = geodesy.distance_m(
        gallery.lat_deg[tiles], gallery.lon_deg[tiles], prior.lat_deg, prior.lon_deg
    )
    # A tile may lie under a crop: 80 x 107 m hold crops 21 m aside and 8 m ahead of the middle.
    assert away_m.max() <= 60 + np.hypot(21.4, 8.0) + localizer.tile_m / 2
    far = localizer.locate(frame, prior=Prior(-33.0, 151.0, 500.0), gsd_m=0.15)
    assert far.reject is Reject.NO_CANDIDATE
    assert (far.lat_deg, far.cov_m2, far.candidates) == (None, None, ())


def test_rgb_and_bgr_and_views_into_larger_arrays_are_the_same_frame(localizer, flight):
    shot, frame = flight[1]
    given = {"heading_deg": shot.heading_deg, "gsd_m": shot.gsd_m}
    expected = localizer.locate(frame, **given)
    turned = localizer.locate(np.ascontiguousarray(frame[..., ::-1]), rgb=True, **given)
    wide = np.concatenate([frame, frame], axis=1)[:, :640]
    assert turned.candidates == expected.candidates
    assert localizer.locate(wide, **given).candidates == expected.candidates


def test_grey_frames_are_located(localizer, flight):
    grey = [(shot, frame.mean(axis=2).astype(np.uint8)) for shot, frame in flight[:6]]
    errors, _ = located(localizer, grey)
    assert np.mean(np.array(errors) < 20) >= 0.5


@pytest.mark.parametrize(
    ("change", "reject"),
    [
        ({"gsd_m": 0.05}, Reject.SMALL_FOOTPRINT),
        ({"pitch_deg": 60.0, "fov_deg": 70.0}, Reject.OBLIQUE),
    ],
)
def test_views_that_cannot_be_located_are_rejects(localizer, flight, change, reject):
    shot, frame = flight[0]
    fix = localizer.locate(frame, **{"heading_deg": 0.0, "gsd_m": shot.gsd_m, **change})
    assert fix.reject is reject
    assert (fix.lat_deg, fix.probability) == (None, 0)


@pytest.mark.parametrize("value", [0, 255])
def test_an_empty_picture_is_a_reject(localizer, value):
    frame = np.full((480, 640, 3), value, np.uint8)
    assert localizer.locate(frame, gsd_m=0.15).reject is Reject.NO_DETAIL


def test_noise_is_not_accepted(localizer):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (5, 480, 640, 3), dtype=np.uint8)
    assert not any(localizer.locate(frame, heading_deg=0, gsd_m=0.15).accepted for frame in frames)


@pytest.mark.parametrize(
    "frame",
    [
        None,
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((480, 640, 2), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_an_error(localizer, frame):
    with pytest.raises(ShapeError, match="frame must be"):
        localizer.locate(frame)


@pytest.mark.parametrize(
    "given",
    [
        {"heading_deg": float("nan")},
        {"heading_deg": 1000.0},
        {"gsd_m": 0.0},
        {"gsd_m": float("inf")},
        {"heading_sigma_deg": -1.0},
        {"height_m": 100.0},
        {"roll_deg": 5.0},
        {"fov_deg": 400.0},
    ],
)
def test_numbers_out_of_range_are_named(localizer, flight, given):
    with pytest.raises(RangeError, match=r"(heading|gsd|fov)"):
        localizer.locate(flight[0][1], **given)


@pytest.mark.parametrize("prior", [(91, 0, 10), (float("nan"), 0, 10), (0, 181, 10), (0, 0, 0)])
def test_a_prior_off_the_earth_is_an_error(prior):
    with pytest.raises(RangeError, match="prior"):
        Prior(*prior)


def test_one_localizer_serves_several_threads(localizer, flight):
    def candidates(pair):
        shot, frame = pair
        return localizer.locate(frame, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m).candidates

    alone = [candidates(pair) for pair in flight]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(candidates, flight * 2))
    for one, other in zip(alone * 2, together, strict=True):
        assert [c.tile for c in one] == [c.tile for c in other]
        assert [c.score for c in one] == pytest.approx([c.score for c in other], abs=1e-3)


def test_fewer_tiles_than_candidates_is_no_trouble(tmp_path, flight):
    engine = tmp_path / "small.edgegeo"
    part = ArrayRaster(landscape(3, SIDE_PX, GSD_M, 0)[:180, :180], None, LAT, LON, GSD_M)
    build([part], engine, footprint_m=FOOTPRINT_M, progress=False)
    small = Localizer(engine)
    assert len(small.gallery) < small.candidates
    fix = small.locate(flight[0][1], heading_deg=0, gsd_m=0.15)
    assert 1 <= len(fix.candidates) <= small.candidates
    assert {candidate.tile for candidate in fix.candidates} <= set(range(len(small.gallery)))


@pytest.mark.parametrize("candidates", [1, 3])
def test_as_many_places_are_ranked_as_asked_for(engine, flight, candidates):
    shot, frame = flight[0]
    few = Localizer(engine, candidates=candidates)
    fix = few.locate(frame, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m)
    assert len(fix.candidates) == candidates


def test_no_candidates_at_all_are_refused(engine):
    with pytest.raises(RangeError, match="candidates"):
        Localizer(engine, candidates=0)


def test_a_ranker_without_weight_is_not_run_and_the_answer_is_retrievals(engine, flight):
    alone = Localizer(engine)
    alone.calibration = replace(alone.calibration, relevance_weight=0.0)
    alone._ranker = None  # running it would fail
    near = 0
    for shot, frame in flight:
        fix = alone.locate(frame, heading_deg=shot.heading_deg, gsd_m=shot.gsd_m)
        assert not fix.reranked
        first = fix.candidates[0]
        assert first.retrieval == max(c.retrieval for c in fix.candidates)
        assert geodesy.distance_m(
            first.lat_deg, first.lon_deg, first.found_lat_deg, first.found_lon_deg
        ) == pytest.approx(0, abs=1e-3)
        near += error_m(fix, shot) < 20
    assert near >= 9
