"""The tracker on hand-made and on simulated flights: honest, steady, and silent when in doubt."""

from dataclasses import replace

import numpy as np
import pytest

from edgegeo.errors import RangeError
from edgegeo.sighting import Hypothesis, Sighting, State, Velocity
from edgegeo.track import Tracker
from edgegeo.tracking.settings import TrackSettings
from tests.tracking.flights import accepted_errors_m, fly, off_m, place, sighting, track

SECOND = 1_000_000
EAST = np.array([10.0, 0.0])  # metres per second


def feed(tracker, start_s, end_s, offset=(0.0, 0.0), *, every_s=0.25, sight=True):
    """Fly east at 10 m/s, seen 2 m off at most, from start to end; ends with an estimate."""
    for time_s in np.arange(start_s, end_s, every_s):
        time_us = round(time_s * SECOND)
        tracker.move(Velocity(time_us=time_us, north_m_s=0.0, east_m_s=10.0, sigma_m_s=0.5))
        if sight:
            tracker.sight(sighting(time_us, EAST * time_s + offset, 2.0, 0.99))
    return tracker.estimate(round(end_s * SECOND))


def test_nothing_is_said_before_anything_is_seen():
    estimate = Tracker().estimate(0)
    assert estimate.state is State.SEARCHING
    assert estimate.lat_deg is estimate.cov_m2 is estimate.sighted_us is None


def test_a_place_is_believed_after_it_was_seen_for_long_enough():
    tracker = Tracker()
    assert feed(tracker, 0, 1.0).state is State.SEARCHING
    estimate = feed(tracker, 1.0, 2.0)
    assert estimate.state is State.TRACKING
    assert off_m(estimate, 20) < 1
    assert estimate.east_m_s == pytest.approx(10, abs=0.3)
    assert estimate.sighted_us == 1.75 * SECOND
    assert estimate.age_us == 0.25 * SECOND


def test_many_frames_at_once_are_no_confirmation():
    assert feed(Tracker(), 0, 1.0, every_s=0.02).state is State.SEARCHING


def test_many_frames_do_not_make_the_uncertainty_vanish():
    """Of frames that share a bias of 1 m, a thousand tell hardly more than a dozen."""
    slow, fast = Tracker(), Tracker()
    few = feed(slow, 0, 20, every_s=0.25)
    many = feed(fast, 0, 20, every_s=0.02)
    assert 0.7 < many.sigma_m < few.sigma_m < 2


def test_a_look_alike_at_the_very_start_is_not_believed():
    tracker = Tracker()
    for start_s in (0.0, 0.25, 0.5, 0.75):
        assert feed(tracker, start_s, start_s + 0.25, (0, 500)).state is State.SEARCHING
    told = [(t, feed(tracker, t, t + 0.25)) for t in np.arange(1, 6, 0.25)]
    assert all(e.lat_deg is None or off_m(e, 10 * t + 2.5) < 5 for t, e in told)
    assert told[-1][1].state is State.TRACKING


def test_one_sure_but_wrong_frame_moves_nothing():
    tracker = Tracker()
    before = feed(tracker, 0, 5)
    tracker.sight(sighting(5 * SECOND, (50, 500), 1.0, 0.99))
    after = tracker.estimate(5 * SECOND)
    assert after.state is State.TRACKING
    assert off_m(after, 50) < off_m(before, 50) + 0.5
    assert after.probability > 0.95


def test_one_sure_but_wrong_frame_after_a_blackout_is_not_followed():
    tracker = Tracker()
    feed(tracker, 0, 5)
    feed(tracker, 5, 25, sight=False)
    tracker.sight(sighting(25 * SECOND, (250, 500), 1.0, 0.99))
    estimate = tracker.estimate(25 * SECOND)
    assert estimate.state is not State.TRACKING
    assert off_m(estimate, 250) < 20
    assert estimate.probability < 0.9


def test_a_look_alike_of_one_second_is_not_followed():
    tracker = Tracker()
    feed(tracker, 0, 5)
    for start_s in (5.0, 5.25, 5.5, 5.75, 6.0):
        estimate = feed(tracker, start_s, start_s + 0.25, offset=(0, 500))
        assert off_m(estimate, 10 * start_s + 2.5) < 5
    assert feed(tracker, 6.25, 8).relocated == 0


def test_consistent_sightings_elsewhere_win():
    tracker = Tracker()
    feed(tracker, 0, 5)
    told = [(t, feed(tracker, t, t + 0.25, offset=(0, 500))) for t in np.arange(5, 11, 0.25)]
    for time_s, estimate in told:  # at the one place or at the other, never between
        east_m = 10 * time_s + 2.5
        assert min(off_m(estimate, east_m), off_m(estimate, east_m, 500)) < 5
    assert all(off_m(e, 10 * t + 2.5) < 5 for t, e in told if t < 6.2)
    assert all(off_m(e, 10 * t + 2.5, 500) < 5 for t, e in told if t > 8)
    assert told[-1][1].state is State.TRACKING
    assert told[-1][1].relocated == 1


def test_a_weak_candidate_at_the_right_place_keeps_the_track():
    """The second place of an ambiguous frame is enough where the track expects it."""
    tracker = Tracker()
    feed(tracker, 0, 5)
    for time_s in np.arange(5, 9, 0.25):
        tracker.move(
            Velocity(time_us=round(time_s * SECOND), north_m_s=0.0, east_m_s=10.0, sigma_m_s=0.5)
        )
        lat, lon = place(10 * time_s, 0)
        elsewhere = sighting(0, (10 * time_s, 300 + 97 * (time_s % 4)), 2.0, 0.6).hypotheses
        here = Hypothesis(lat_deg=lat, lon_deg=lon, cov_m2=(4.0, 0.0, 4.0), weight=0.2)
        told = Sighting(
            time_us=round(time_s * SECOND), hypotheses=(*elsewhere, here), accepted=False
        )
        tracker.sight(told)
    estimate = tracker.estimate(9 * SECOND)
    assert estimate.state is State.TRACKING
    assert off_m(estimate, 90) < 2


def test_without_fixes_the_uncertainty_grows_until_it_is_lost_and_comes_back():
    tracker = Tracker()
    held = feed(tracker, 0, 5)
    short = feed(tracker, 5, 10, sight=False)
    long = feed(tracker, 10, 25, sight=False)
    assert short.state is long.state is State.DEAD_RECKONING
    assert held.sigma_m < short.sigma_m < long.sigma_m
    assert held.probability > short.probability > long.probability
    lost = feed(tracker, 25, 200, sight=False)
    assert lost.state is State.LOST
    assert lost.probability < 0.5
    assert feed(tracker, 200, 203).state is State.TRACKING


def test_sightings_late_and_out_of_order_end_in_the_same_belief():
    ordered, mixed = Tracker(), Tracker()
    feed(ordered, 0, 3)
    feed(mixed, 0, 3)
    seen = [sighting(round(t * SECOND), EAST * t, 2.0) for t in (3.0, 3.1, 3.2, 3.3)]
    for told in seen:
        ordered.sight(told)
    for i in (3, 0, 2, 1):
        mixed.sight(seen[i])
    a, b = ordered.estimate(3_400_000), mixed.estimate(3_400_000)
    assert a.cov_m2 == pytest.approx(b.cov_m2)
    assert (a.lat_deg, a.lon_deg) == pytest.approx((b.lat_deg, b.lon_deg), abs=1e-10)


def test_a_sighting_counts_where_the_camera_was_when_it_was_exposed():
    tracker = Tracker()
    feed(tracker, 0, 5)
    feed(tracker, 5, 5.5, sight=False)
    tracker.sight(sighting(5 * SECOND, (50, 0), 2.0))  # 0.5 s and 5 m ago
    assert off_m(tracker.estimate(round(5.5 * SECOND)), 55) < 1


def test_a_sighting_too_late_is_dropped_and_counted():
    tracker = Tracker()
    before = feed(tracker, 0, 5)
    tracker.sight(sighting(2 * SECOND, (500, 500), 1.0))
    assert tracker.dropped == 1
    assert tracker.estimate(5 * SECOND).cov_m2 == before.cov_m2


@pytest.mark.parametrize(("jump_s", "way"), [(-60, "back"), (60, "forward"), (3, "forward")])
def test_a_clock_that_jumps_drops_the_belief(jump_s, way):
    tracker = Tracker()
    feed(tracker, 0, 5)
    estimate = tracker.estimate((5 + jump_s) * SECOND)
    assert estimate.state is State.SEARCHING
    assert tracker.resets == 1
    assert f"went {way}" in tracker.reset_reason


def test_a_sighting_from_the_future_is_a_jump_of_the_clock():
    tracker = Tracker()
    feed(tracker, 0, 5)
    tracker.sight(sighting(3600 * SECOND, (50, 0), 1.0))
    assert "forward" in tracker.reset_reason
    assert tracker.estimate(3600 * SECOND).state is State.SEARCHING


def test_no_velocity_at_all_is_made_up_for_by_frames():
    tracker = Tracker()
    for time_s in np.arange(0, 6, 0.25):
        tracker.sight(sighting(round(time_s * SECOND), EAST * time_s, 2.0))
    estimate = tracker.estimate(6 * SECOND)
    assert estimate.state is State.TRACKING
    assert estimate.east_m_s == pytest.approx(10, abs=1)
    assert off_m(estimate, 60) < 2


def test_a_long_way_from_the_start():
    """The local plane moves along: 40 km on, the position is as good as at the start."""
    tracker = Tracker()
    for time_s in np.arange(0, 400, 0.5):
        time_us = round(time_s * SECOND)
        tracker.move(Velocity(time_us=time_us, north_m_s=0.0, east_m_s=100.0, sigma_m_s=0.5))
        tracker.sight(sighting(time_us, 10 * EAST * time_s, 2.0))
    estimate = tracker.estimate(400 * SECOND)
    assert estimate.state is State.TRACKING
    lat, lon = place(40_000, 0)
    assert estimate.lat_deg == pytest.approx(lat, abs=3e-5)
    assert estimate.lon_deg == pytest.approx(lon, abs=3e-5)


@pytest.mark.parametrize("cov", [(0.0, 0.0, 1.0), (1.0, 2.0, 1.0), (float("nan"), 0.0, 1.0)])
def test_a_covariance_that_is_none_is_refused(cov):
    told = sighting(0, (0, 0), 1.0)
    told = replace(told, hypotheses=(replace(told.hypotheses[0], cov_m2=cov),))
    with pytest.raises(RangeError, match="positive definite"):
        Tracker().sight(told)


def test_bad_weights_velocities_and_settings_are_refused():
    told = sighting(0, (0, 0), 1.0, weight=0.7)
    with pytest.raises(RangeError, match="at most 1 together"):
        Tracker().sight(replace(told, hypotheses=told.hypotheses * 2))
    with pytest.raises(RangeError, match="velocity"):
        Tracker().move(Velocity(time_us=0, north_m_s=float("nan"), east_m_s=0.0, sigma_m_s=1.0))
    with pytest.raises(RangeError, match="lost"):
        TrackSettings(lost=1.5)


def fly_all(seeds, **kind):
    outputs, alone, exposed = [], [], 0
    for seed in seeds:
        flight = fly(seed, **kind)
        outputs += track(flight, Tracker())
        alone += accepted_errors_m(flight)
        exposed += round(flight.seconds * kind.get("rate_hz", 4.0))
    return outputs, np.array(alone), exposed


def misleading(outputs):
    return sum(o.given and o.error_m > 50 and o.estimate.probability >= 0.5 for o in outputs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ({}, (0.34, 0.48), (0.83, 0.91)),
        ({"rate_hz": 10.0}, (0.34, 0.50), (0.83, 0.92)),
        ({"tilt_deg": 1.0, "tilt_s": 1e4}, (0.28, 0.48), (0.78, 0.92)),
    ],
    ids=["4 frames/s", "10 frames/s", "mounted askew"],
)
def test_errors_fall_into_the_stated_ellipses(kind, first, second):
    """39 % within one sigma and 86 % within two, over 30 flights of a minute."""
    outputs, alone, exposed = fly_all(range(30), **kind)
    given = [o for o in outputs if o.given]
    distance2 = np.array([o.distance2 for o in given])
    assert first[0] < np.mean(distance2 < 1) < first[1]
    assert second[0] < np.mean(distance2 < 4) < second[1]
    assert np.mean(distance2 < 16) > 0.99
    assert misleading(outputs) == 0
    error_m = np.array([o.error_m for o in given])
    better = 1.7 if "tilt_deg" in kind else 2.0
    assert better * np.percentile(error_m, 95) < np.percentile(alone, 95)
    assert len(given) / len(outputs) > len(alone) / exposed


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        {"blackouts_s": ((20.0, 40.0),)},
        {"velocity_hz": 0, "blackouts_s": ((20.0, 25.0),)},
        {"run_every_s": 8.0, "wrong": 0.05, "rejected": 0.3},
    ],
    ids=["blackout", "no velocity", "many wrong frames"],
)
def test_harder_flights_mislead_nobody(kind):
    outputs, _, _ = fly_all(range(100, 120), **kind)
    assert misleading(outputs) == 0
    given = [o for o in outputs if o.given]
    assert len(given) > 0.75 * len(outputs)
    assert np.mean([o.distance2 < 9 for o in given]) > 0.97
