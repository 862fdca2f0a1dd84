"""The peer finds plain frames of its own map, so that a low figure elsewhere means something."""

import pytest

from edgegeo.evaluation.noise import NoiseProtocol, disturb
from edgegeo.geodesy import distance_m
from edgegeo.simulation.simulate import simulate
from edgegeo.sources import open_frames
from edgegeo.truth import read_truth
from tests.sample_engine import GSD_M, sample_map

cv2 = pytest.importorskip("cv2")


@pytest.mark.parametrize("prior_radius_m", [None, 30.0])
def test_level_frames_of_the_same_map_are_found(tmp_path, prior_radius_m):
    from tests.bench.sift_features import map_features
    from tests.bench.sift_matching import Matcher, locate

    table = simulate(
        [sample_map()], tmp_path, count_per_map=2, footprint_m=60, size=(320, 240), tilt_deg=0
    )
    truth = read_truth(table)
    known = disturb(truth, NoiseProtocol(prior_radius_m=prior_radius_m))
    matcher = Matcher(cv2.SIFT.create(), ratio=0.8, inliers=10)
    features = map_features([sample_map(1, lat_deg=58.0), sample_map()], GSD_M, matcher.sift)
    frames = open_frames(tmp_path).select([row.name for row in truth])
    for frame, row, told in zip(frames, truth, known, strict=True):
        found = locate(frame.image, row.gsd_m, GSD_M, features, told, matcher)
        assert found is not None
        assert distance_m(*found, row.lat_deg, row.lon_deg) < 2
