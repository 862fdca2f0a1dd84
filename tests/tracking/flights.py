"""Simulated flights with the errors that frames and autopilots make. Seeded."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgegeo import geodesy
from edgegeo.camera_sighting import offset_cov_m2
from edgegeo.sighting import Estimate, Hypothesis, Sighting, State, Velocity
from edgegeo.track import Tracker

HOME = (34.1, -117.5)
STEP_S = 0.01
HEIGHT_M, TOLD_TILT_DEG = 120.0, 1.0


def gauss_markov(rng, steps, step_s, sigma, lasting_s):
    """A (steps, 2) stationary first-order process."""
    keep = math.exp(-step_s / lasting_s)
    out = np.empty((steps, 2))
    out[0] = sigma * rng.standard_normal(2)
    fresh = sigma * math.sqrt(1 - keep**2) * rng.standard_normal((steps, 2))
    for i in range(1, steps):
        out[i] = keep * out[i - 1] + fresh[i]
    return out


@dataclass(frozen=True, kw_only=True)
class Flight:
    """truth (n, 2) east, north every STEP_S; events are (arrival_s, Velocity or Sighting)."""

    truth: np.ndarray
    events: list
    seconds: float

    def at(self, time_us: int) -> np.ndarray:
        return self.truth[min(len(self.truth) - 1, round(time_us * 1e-6 / STEP_S))]


def place(east_m: float, north_m: float) -> tuple[float, float]:
    lat, lon = geodesy.geo_from_enu(east_m, north_m, *HOME)
    return float(lat), float(lon)


def sighting(time_us, at, sigma_m, weight=0.97, accepted=True, pose_m=()) -> Sighting:
    lat, lon = place(*at)
    ee, en, nn = offset_cov_m2(pose_m)
    cov = (sigma_m**2 + ee, en, sigma_m**2 + nn)
    places = (Hypothesis(lat_deg=lat, lon_deg=lon, cov_m2=cov, weight=weight),)
    return Sighting(time_us=time_us, hypotheses=places, accepted=accepted, pose_m=pose_m)


def fly(
    seed: int,
    *,
    seconds: float = 60.0,
    rate_hz: float = 4.0,
    velocity_hz: float = 10.0,
    velocity_sigma_m_s: float = 0.5,
    rejected: float = 0.12,
    wrong: float = 0.01,
    run_every_s: float = 40.0,
    run_s: float = 1.0,
    blackouts_s: tuple[tuple[float, float], ...] = (),
    tilt_deg: float = 0.0,
    tilt_s: float = 20.0,
) -> Flight:
    """A wandering flight of about 12 m/s with sightings of it.

    A frame's error is a fast part (1 to 3 m, drawn for each frame, one axis; correlated over
    0.1 s) and a slow one (1 m over 10 s); its stated covariance is that of both. 1 % of the frames
    are sure of a random place within 1 km, and about every `run_every_s` a look-alike at one
    offset is held for `run_s`. Sightings come 50 to 500 ms late, not always in order.

    With `tilt_deg` roll and pitch are told wrong by so much (one sigma, lasting `tilt_s`) at
    HEIGHT_M, and the sightings state TOLD_TILT_DEG, as edgegeo/camera_pose.py does.
    """
    rng = np.random.default_rng(seed)
    steps = round(seconds / STEP_S) + 1
    turn = np.cumsum(gauss_markov(rng, steps, STEP_S, 0.15, 5)[:, 0]) * STEP_S
    course = rng.uniform(0, 2 * math.pi) + turn
    speed = 12 + gauss_markov(rng, steps, STEP_S, 2, 8)[:, 0]
    velocity = speed[:, None] * np.column_stack([np.sin(course), np.cos(course)])
    truth = np.cumsum(velocity, axis=0) * STEP_S
    events: list = []
    if velocity_hz:
        drift = gauss_markov(rng, steps, STEP_S, velocity_sigma_m_s, 15)
        for i in range(0, steps, round(1 / velocity_hz / STEP_S)):
            east, north = velocity[i] + drift[i] + 0.05 * rng.standard_normal(2)
            told = Velocity(
                time_us=round(i * STEP_S * 1e6),
                north_m_s=north,
                east_m_s=east,
                sigma_m_s=velocity_sigma_m_s,
            )
            events.append((i * STEP_S + 0.02, told))
    slow = gauss_markov(rng, steps, STEP_S, 1.0, 10.0)
    fast = gauss_markov(rng, steps, STEP_S, 1.0, 0.1)
    tilt_m = HEIGHT_M * np.radians(
        gauss_markov(np.random.default_rng([seed, 1]), steps, STEP_S, tilt_deg, tilt_s)
    )
    right = np.column_stack([np.cos(course), -np.sin(course)])
    ahead = np.column_stack([np.sin(course), np.cos(course)])
    run_end, offset = -1.0, np.zeros(2)
    for k in range(round(seconds * rate_hz)):
        time_s = k / rate_hz
        i = round(time_s / STEP_S)
        arrival = time_s + rng.uniform(0.05, 0.5)
        sigma = rng.uniform(1, 3)
        stated = math.hypot(sigma, 1.0)
        at = truth[i] + slow[i] + sigma * fast[i]
        at = at + tilt_m[i, 0] * right[i] + tilt_m[i, 1] * ahead[i]
        pose_m = ()
        if tilt_deg:
            one_m = HEIGHT_M * math.radians(TOLD_TILT_DEG)
            pose_m = ((0.0, 0.0), *(tuple((one_m * axis[i]).tolist()) for axis in (right, ahead)))
        sees = partial(sighting, round(time_s * 1e6), pose_m=pose_m)
        chance = rng.uniform(size=3)
        if time_s >= run_end and chance[0] < 1 / (rate_hz * run_every_s):
            run_end, offset = time_s + run_s, rng.uniform(-500, 500, 2)
        if any(start <= time_s < end for start, end in blackouts_s):
            continue
        if time_s < run_end:
            seen = sees(at + offset, stated)
        elif chance[1] < wrong:
            seen = sees(rng.uniform(-1000, 1000, 2), stated, 0.99)
        elif chance[2] < rejected:
            guess = at if rng.uniform() < 0.5 else rng.uniform(-1000, 1000, 2)
            seen = sees(guess, stated, 0.3, accepted=False)
        else:
            seen = sees(at, stated)
        events.append((arrival, seen))
    return Flight(truth=truth, events=sorted(events, key=lambda e: e[0]), seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Output:
    """One line of the tracker's output beside the truth; error is (2,) east, north or None."""

    estimate: Estimate
    error: np.ndarray | None

    @property
    def given(self) -> bool:
        return self.estimate.state in (State.TRACKING, State.DEAD_RECKONING)

    @property
    def error_m(self) -> float:
        return float(np.hypot(*self.error))

    @property
    def distance2(self) -> float:
        """Squared Mahalanobis distance of the error."""
        ee, en, nn = self.estimate.cov_m2
        return float(self.error @ np.linalg.solve([[ee, en], [en, nn]], self.error))


def track(flight: Flight, tracker: Tracker, rate_hz: float = 10.0) -> Iterator[Output]:
    """Feed the events as they arrive, and ask at the output rate."""
    events, i = flight.events, 0
    for k in range(1, round(flight.seconds * rate_hz)):
        now_s = k / rate_hz
        while i < len(events) and events[i][0] <= now_s:
            told = events[i][1]
            tracker.move(told) if isinstance(told, Velocity) else tracker.sight(told)
            i += 1
        estimate = tracker.estimate(round(now_s * 1e6))
        error = None
        if estimate.lat_deg is not None:
            at = geodesy.enu_from_geo(estimate.lat_deg, estimate.lon_deg, *HOME)
            error = np.array(at) - flight.at(estimate.time_us)
        yield Output(estimate=estimate, error=error)


def accepted_errors_m(flight: Flight) -> list[float]:
    """The error of each accepted sighting where it was exposed: what a frame alone gives."""
    errors = []
    for _, seen in flight.events:
        if isinstance(seen, Sighting) and seen.accepted:
            best = seen.hypotheses[0]
            at = geodesy.enu_from_geo(best.lat_deg, best.lon_deg, *HOME)
            errors.append(float(np.hypot(*(np.array(at) - flight.at(seen.time_us)))))
    return errors


def off_m(estimate, east_m, north_m=0.0):
    lat, lon = place(east_m, north_m)
    return np.hypot((estimate.lat_deg - lat) * 110_900, (estimate.lon_deg - lon) * 92_000)
