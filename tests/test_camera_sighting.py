"""From a fix on the ground back to the camera, against a simulated camera at a known place."""

import math
from dataclasses import replace

import numpy as np
import pytest

from edgegeo import geodesy
from edgegeo.attitude import angles, matrix, product, quaternion
from edgegeo.camera import camera_from_fov
from edgegeo.camera_pose import CameraPose, pose_of
from edgegeo.camera_sighting import offset_cov_m2, offset_errors_m, sighting, weights
from edgegeo.height import Height, HeightSource
from edgegeo.simulation.camera import Shot
from edgegeo.types import Candidate, Fix, Reject

LAT, LON = 59.4, 24.7
HEIGHT = Height(height_m=120.0, sigma_m=2.0, source=HeightSource.RANGEFINDER)


def a_fix(*places, probability=0.9, reject=None, cov=(4.0, 1.0, 9.0)):
    """Candidates as (east_m, north_m, score) from LAT, LON, best first."""
    candidates = []
    for east_m, north_m, score in places:
        lat, lon = (float(v) for v in geodesy.geo_from_enu(east_m, north_m, LAT, LON))
        candidates.append(
            Candidate(
                tile=0, lat_deg=lat, lon_deg=lon, found_lat_deg=lat, found_lon_deg=lon,
                retrieval=0.5, score=score,
            )
        )  # fmt: skip
    return Fix(
        time_us=0,
        lat_deg=candidates[0].lat_deg,
        lon_deg=candidates[0].lon_deg,
        cov_m2=cov,
        probability=probability,
        reject=reject,
        candidates=tuple(candidates),
    )


@pytest.mark.parametrize("mount_yaw", [0, 90, 200])
@pytest.mark.parametrize("attitude_deg", [(0, 0, 30), (8, -6, 130), (-3, 15, 300), (0, 20, 0)])
def test_round_trip_through_a_simulated_camera(mount_yaw, attitude_deg):
    """The simulation knows which ground every pixel shows; the pixel that looks straight down
    shows the ground below the camera, and there the sighting must be."""
    camera = camera_from_fov(640, 480, 70.0, mount_yaw_deg=mount_yaw, mount_pitch_deg=4.0)
    vehicle = quaternion(*(math.radians(a) for a in attitude_deg))
    pose = pose_of(camera, vehicle, HEIGHT, 5)
    ned_from_camera = matrix(vehicle) @ matrix(
        quaternion(0.0, math.radians(4.0), math.radians(mount_yaw))
    )
    forward, right, down = ned_from_camera.T @ (0.0, 0.0, 1.0)  # straight down, as it sees it
    x = 319.5 + camera.fx_px * right / down
    y = 239.5 - camera.fx_px * forward / down
    shot = Shot(
        lat_deg=LAT,
        lon_deg=LON,
        heading_deg=pose.heading_deg,
        gsd_m=HEIGHT.height_m / math.cos(math.radians(pose.tilt_deg)) / camera.fx_px,
        size=(640, 480),
        roll_deg=pose.roll_deg,
        pitch_deg=pose.pitch_deg,
        fov_deg=70.0,
    )
    ((east_m, north_m),) = shot.ground_m(np.array([x]), np.array([y]))

    (seen,) = sighting(a_fix((0, 0, 1.0)), pose).hypotheses

    got = geodesy.enu_from_geo(seen.lat_deg, seen.lon_deg, LAT, LON)
    np.testing.assert_allclose(got, (east_m, north_m), atol=0.01)


def test_one_degree_at_120_m_is_2_1_m():
    pose = CameraPose(time_us=0, heading_deg=77, roll_deg=0, pitch_deg=0, height=HEIGHT)
    ee, en, nn = offset_cov_m2(offset_errors_m(pose))
    assert math.sqrt(ee) == pytest.approx(2.094, abs=2e-3)
    assert math.sqrt(nn) == pytest.approx(2.094, abs=2e-3)
    assert en == pytest.approx(0, abs=1e-6)


def test_the_covariance_is_what_a_thousand_wrong_attitudes_give():
    height = replace(HEIGHT, sigma_m=6.0)
    pose = CameraPose(
        time_us=0, heading_deg=40, roll_deg=5, pitch_deg=15, height=height, heading_sigma_deg=4.0
    )
    rng = np.random.default_rng(0)
    places = []
    for heading, roll, pitch, up in rng.normal(size=(4000, 4)):
        wrong = replace(
            pose,
            heading_deg=40 + 4 * heading,
            roll_deg=5 + roll,
            pitch_deg=15 + pitch,
            height=replace(height, height_m=120 + 6 * up),
        )
        (seen,) = sighting(a_fix((0, 0, 1.0)), wrong).hypotheses
        places.append(geodesy.enu_from_geo(seen.lat_deg, seen.lon_deg, LAT, LON))
    found = np.cov(np.array(places).T)
    ee, en, nn = offset_cov_m2(offset_errors_m(pose))
    scale = max(ee, nn)
    np.testing.assert_allclose([[ee, en], [en, nn]], found, atol=0.07 * scale)
    (seen,) = sighting(a_fix((0, 0, 1.0)), pose).hypotheses
    assert seen.cov_m2 == pytest.approx((ee + 4, en + 1, nn + 9))


def test_a_sighting_tells_which_way_each_error_of_the_pose_moves_the_camera():
    """Of each error one standard deviation; level, heading and height move nothing."""
    pose = CameraPose(time_us=0, heading_deg=90, roll_deg=0, pitch_deg=0, height=HEIGHT)
    heading, roll, pitch, height = sighting(a_fix((0, 0, 1.0)), pose).pose_m
    assert heading == height == pytest.approx((0, 0), abs=1e-9)
    leaning = sighting(a_fix((0, 0, 1.0)), replace(pose, roll_deg=1.0)).hypotheses[0]
    moved = geodesy.enu_from_geo(leaning.lat_deg, leaning.lon_deg, LAT, LON)
    assert roll == pytest.approx(moved, abs=1e-3)
    assert np.hypot(*pitch) == pytest.approx(2.094, abs=2e-3)
    assert np.dot(roll, pitch) == pytest.approx(0, abs=1e-6)


def test_a_clear_winner_takes_its_probability_and_leaves_the_rest_to_elsewhere():
    shares = weights(a_fix((0, 0, 9.0), (300, 0, 1.0), probability=0.95))
    assert shares[0] == (0, 0.95)
    assert shares[1][1] == pytest.approx(0.95 * math.exp(-8))


def test_two_that_score_alike_are_as_likely():
    shares = weights(a_fix((0, 0, 2.0), (300, 0, 2.0), probability=0.3))
    assert [w for _, w in shares] == pytest.approx([0.3, 0.3])  # 0.4 are for elsewhere


def test_many_rivals_share_half_of_what_the_best_leaves():
    rivals = [(100 * i, 0, 3.0) for i in range(12)]
    shares = weights(a_fix(*rivals, probability=0.2, reject=Reject.AMBIGUOUS))
    assert shares[0][1] == 0.2
    assert sum(w for _, w in shares[1:]) == pytest.approx(0.4)


def test_a_candidate_beside_the_best_is_the_same_answer():
    shares = weights(a_fix((0, 0, 3.0), (15, 0, 3.0), (200, 0, 2.0), (200, 10, 2.0)))
    assert [i for i, _ in shares] == [0, 2]


@pytest.mark.parametrize("probability", [0.0, 0.01, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("scores", [(1, 1, 1), (40, 0, -40), (-900, -900, -1000)])
def test_weights_are_probabilities_whatever_the_scores(probability, scores):
    fix = a_fix(*((100 * i, 0, s) for i, s in enumerate(scores)), probability=probability)
    shares = [w for _, w in weights(fix)]
    assert min(shares) >= 0
    assert sum(shares) <= 1 + 1e-12


def test_a_reject_keeps_its_hypotheses_with_little_weight():
    pose = CameraPose(time_us=9, heading_deg=0, roll_deg=0, pitch_deg=0, height=HEIGHT)
    seen = sighting(a_fix((0, 0, 1.0), probability=0.05, reject=Reject.LOW_SCORE), pose)
    assert (seen.accepted, seen.time_us) == (False, 9)
    assert seen.hypotheses[0].weight == 0.05


def test_without_a_candidate_or_a_height_nothing_is_known():
    pose = CameraPose(time_us=0, heading_deg=0, roll_deg=0, pitch_deg=0, height=HEIGHT)
    nothing = Fix(
        time_us=0, lat_deg=None, lon_deg=None, cov_m2=None, probability=0.0, reject=Reject.NO_DETAIL
    )
    for seen in (
        sighting(nothing, pose),
        sighting(a_fix((0, 0, 1.0)), replace(pose, height=None)),
        sighting(a_fix((0, 0, 1.0)), replace(pose, pitch_deg=70.0)),
    ):
        assert seen.hypotheses == ()
        assert not seen.accepted


def test_the_mounting_is_turned_with_the_vehicle():
    """The same, by quaternions alone: `pose_of` and a product of turns agree."""
    camera = camera_from_fov(64, 48, 70.0, mount_yaw_deg=120, mount_roll_deg=7, mount_pitch_deg=-9)
    vehicle = quaternion(0.1, -0.2, 2.5)
    mount = quaternion(math.radians(7), math.radians(-9), math.radians(120))
    pose = pose_of(camera, vehicle, HEIGHT, 0)
    roll, pitch, yaw = (math.degrees(a) for a in angles(matrix(product(vehicle, mount))))
    assert (pose.roll_deg, pose.pitch_deg) == pytest.approx((roll, pitch))
    assert pose.heading_deg == pytest.approx(yaw % 360)
