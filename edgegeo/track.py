"""Fuse sightings and motion over time: where is the camera now, and can it be relied on?

    tracker = Tracker()
    tracker.move(velocity)            # whenever the autopilot or the image motion tells it
    tracker.sight(sighting)           # whenever a frame has been located, 50 to 500 ms late
    estimate = tracker.estimate(now)  # at the output rate

The belief is a Gaussian mixture with a mass for "elsewhere" (Alspach and Sorenson, "Nonlinear
Bayesian Estimation Using Gaussian Sum Approximations", IEEE TAC 17(4), 1972): a frame's few
candidate places are Gaussians already, a look-alike far away is one more part, and the exact
covariance comes with it. A grid or particles over the same area would need more memory for less
precision. Libraries looked at: filterpy has Kalman filters and IMM for one target with one
Gaussian measurement, no mixture of places and no coloured noise; stonesoup has Gaussian mixtures
and particle filters, but brings SciPy and Matplotlib aboard, and its data association knows
neither wrong frames that come in runs nor an "elsewhere".
"""

import math
from collections import deque
from dataclasses import replace

import numpy as np

from edgegeo import geodesy
from edgegeo.errors import RangeError
from edgegeo.sighting import POSE_ERRORS, Estimate, Sighting, State, Velocity
from edgegeo.tracking.mixture import POSITION, VELOCITY, Floats, Mixture, nowhere, predict
from edgegeo.tracking.motion import Motion
from edgegeo.tracking.settings import TrackSettings
from edgegeo.tracking.update import own_cov, update
from edgegeo.tracking.within import within

NEAR_M = 20.0  # `Estimate.probability` is about errors up to this
POSE_SIGMAS = 3.0  # an error that the camera's pose explains is no sign of a wrong place
FAR_M = 5000.0  # the origin moves along before the tangent plane bends


class Tracker:
    """One flight. All times are microseconds of one monotonic clock; not for two threads at once.

    `reset_reason` says why the belief was last dropped, `resets` how often; `dropped` counts
    sightings that came too late to be fused.
    """

    def __init__(self, settings: TrackSettings = TrackSettings()) -> None:  # noqa: B008 frozen
        self.settings = settings
        self.resets = 0
        self.reset_reason: str | None = None
        self.dropped = 0
        self._late_us = round(1e6 * settings.late_s)
        self._relocated = 0
        self._clear()

    def reset(self, reason: str) -> None:
        """Forget everything, for a reason that ends in the log."""
        self.resets += 1
        self.reset_reason = reason
        self._clear()

    def move(self, velocity: Velocity) -> None:
        """Take a velocity over ground. Raises RangeError where it is not finite."""
        if not math.isfinite(velocity.north_m_s + velocity.east_m_s):
            raise RangeError.of("velocity", "finite", velocity)
        if not 0 <= velocity.sigma_m_s < math.inf:
            raise RangeError.of("velocity sigma_m_s", "finite and not negative", velocity.sigma_m_s)
        self._tick(velocity.time_us)
        self._motion.add(velocity)

    def sight(self, sighting: Sighting) -> None:
        """Fuse a sighting at its exposure time, also one older than the last.

        Raises RangeError for weights or covariances that cannot be.
        """
        _check(sighting)
        newest = self._newest_us
        if newest is not None and sighting.time_us < newest - self._late_us:
            self.dropped += 1
            return
        self._tick(sighting.time_us)
        later = []
        while self._history and self._history[-1][0].time_us > sighting.time_us:
            later.append(self._history.pop())
        again = [sighting, *(seen for _, seen in reversed(later) if seen is not None)]
        for seen in again:
            self._fuse(seen)
        self._trim()

    def estimate(self, time_us: int) -> Estimate:
        """Return what is believed of the camera's position at `time_us`.

        Ask for the present: a time more than `late_s` from the newest one seen is taken for a
        jump of the clock, and drops the belief.
        """
        self._tick(time_us)
        self._trim()
        belief = self._before(time_us)
        if belief is None:
            return self._nothing(time_us)
        return self._judge(self._carry(belief, time_us))

    def _clear(self) -> None:
        self._newest_us: int | None = None
        self._motion = Motion(self.settings)
        self._history: deque[tuple[Mixture, Sighting | None]] = deque()
        self._state = State.SEARCHING
        self._followed: tuple[int, float, float] | None = None  # name, lat_deg, lon_deg
        self._reach_m = NEAR_M  # as far as a position that is still held may be off

    def _tick(self, time_us: int) -> None:
        """Keep the newest time; drop the belief where the clock cannot be relied on."""
        newest = self._newest_us
        if newest is not None and abs(time_us - newest) > self._late_us:
            way = "forward" if time_us > newest else "back"
            self.reset(f"time went {way} by {1e-6 * abs(time_us - newest):.1f} s")
        self._newest_us = max(time_us, self._newest_us or time_us)

    def _fuse(self, sighting: Sighting) -> None:
        belief = self._before(sighting.time_us)
        if belief is None:
            if not sighting.hypotheses:
                return
            best = sighting.hypotheses[0]
            belief = nowhere(sighting.time_us, best.lat_deg, best.lon_deg)
        belief = _near_origin(self._carry(belief, sighting.time_us))
        of_pose_m = [math.hypot(*moved_m) for moved_m in sighting.pose_m]
        self._reach_m = max(NEAR_M, POSE_SIGMAS * max(of_pose_m, default=0.0))
        sigma_m_s = self._motion.at(sighting.time_us)[2]
        self._history.append((update(belief, sighting, sigma_m_s, self.settings), sighting))

    def _before(self, time_us: int) -> Mixture | None:
        """The newest belief of that time or earlier."""
        for belief, _ in reversed(self._history):
            if belief.time_us <= time_us:
                return belief
        return None

    def _carry(self, belief: Mixture, time_us: int) -> Mixture:
        for leg in self._motion.legs(belief.time_us, time_us):
            belief = predict(belief, leg, self.settings)
        return replace(belief, time_us=time_us)

    def _trim(self) -> None:
        """Keep one belief older than any sighting may be, and the velocities since."""
        oldest_us = (self._newest_us or 0) - self._late_us
        if not self._history:
            self._motion.forget(oldest_us)
            return
        while len(self._history) > 1 and self._history[1][0].time_us <= oldest_us:
            self._history.popleft()
        if self._history[0][0].time_us < oldest_us:
            self._history[0] = (self._carry(self._history[0][0], oldest_us), None)
        self._motion.forget(self._history[0][0].time_us)

    def _judge(self, belief: Mixture) -> Estimate:
        """Say what the belief amounts to, and remember the state it leads to."""
        settings = self.settings
        long = belief.supported_us - belief.since_us >= 1e6 * settings.confirm_s
        known = np.flatnonzero(long & (belief.sightings >= settings.confirm_sightings))
        if not len(known):
            self._state = State.SEARCHING
            return self._nothing(belief.time_us)
        best = known[belief.weight[known].argmax()]
        apart = belief.mean[:, POSITION] - belief.mean[best, POSITION]
        near = np.flatnonzero(np.hypot(*apart.T) <= NEAR_M)
        share = belief.weight[near] / belief.weight[near].sum()
        mean = share @ belief.mean[near]
        off = belief.mean[near][:, POSITION] - mean[POSITION]
        cov = np.tensordot(share, belief.cov[near][:, POSITION, POSITION], 1)
        cov += np.einsum("n,ni,nj->ij", share, off, off)
        probability = _share_within(belief, mean[POSITION], NEAR_M)
        right_place = probability
        if self._reach_m > NEAR_M:
            right_place = _share_within(belief, mean[POSITION], self._reach_m)
        lat, lon = geodesy.geo_from_enu(mean[0], mean[1], belief.lat0_deg, belief.lon0_deg)
        sighted_us = int(belief.supported_us[best])
        self._state = self._next(right_place, belief.time_us - sighted_us)
        if self._state is State.SEARCHING:
            return self._nothing(belief.time_us)
        if self._state is not State.LOST:
            self._follow(int(belief.name[best]), float(lat), float(lon))
        east, north, _ = self._motion.at(belief.time_us)
        return Estimate(
            time_us=belief.time_us,
            state=self._state,
            lat_deg=float(lat),
            lon_deg=float(lon),
            cov_m2=(float(cov[0, 0]), float(cov[0, 1]), float(cov[1, 1])),
            north_m_s=north + float(mean[VELOCITY][1]),
            east_m_s=east + float(mean[VELOCITY][0]),
            probability=probability,
            sighted_us=sighted_us,
            relocated=self._relocated,
        )

    def _nothing(self, time_us: int) -> Estimate:
        return Estimate(time_us=time_us, state=State.SEARCHING, relocated=self._relocated)

    def _next(self, right_place: float, age_us: int) -> State:
        held = self._state in (State.TRACKING, State.DEAD_RECKONING)
        if right_place < (self.settings.lost if held else self.settings.found):
            return State.SEARCHING if self._state is State.SEARCHING else State.LOST
        fresh = age_us <= 1e6 * self.settings.fresh_s
        return State.TRACKING if fresh else State.DEAD_RECKONING

    def _follow(self, name: int, lat_deg: float, lon_deg: float) -> None:
        """Count a jump to another line of descent that is another place too."""
        if self._followed is not None and self._followed[0] != name:
            self._relocated += (
                float(geodesy.distance_m(lat_deg, lon_deg, *self._followed[1:])) > NEAR_M
            )
        self._followed = (name, lat_deg, lon_deg)


def _share_within(belief: Mixture, at: Floats, radius_m: float) -> float:
    """Return the probability of being within `radius_m` of a point (2,)."""
    return sum(
        float(w) * within(m - at, c, radius_m)
        for w, m, c in zip(
            belief.weight,
            belief.mean[:, POSITION],
            belief.cov[:, POSITION, POSITION],
            strict=True,
        )
    )


def _near_origin(belief: Mixture) -> Mixture:
    """Move the origin to the heaviest part once that is far from it."""
    if not len(belief):
        return belief
    best = belief.mean[belief.weight.argmax(), POSITION]
    if np.hypot(*best) < FAR_M:
        return belief
    lat, lon = geodesy.geo_from_enu(
        belief.mean[:, 0], belief.mean[:, 1], belief.lat0_deg, belief.lon0_deg
    )
    heaviest = int(belief.weight.argmax())
    lat0, lon0 = float(lat[heaviest]), float(lon[heaviest])
    mean = belief.mean.copy()
    mean[:, 0], mean[:, 1] = geodesy.enu_from_geo(lat, lon, lat0, lon0)
    return replace(belief, lat0_deg=lat0, lon0_deg=lon0, mean=mean)


def _check(sighting: Sighting) -> None:
    total = 0.0
    if len(sighting.pose_m) > len(POSE_ERRORS):
        raise RangeError.of("pose_m", f"of {', '.join(POSE_ERRORS)} at most", sighting.pose_m)
    for h, own in zip(sighting.hypotheses, own_cov(sighting), strict=True):
        (ee, en), (_, nn) = own.tolist()
        if not (ee > 0 and nn > 0 and ee * nn > en * en and math.isfinite(ee + nn)):
            expected = "positive definite and finite, also without what pose_m makes of it"
            raise RangeError.of("cov_m2 of a hypothesis", expected, h.cov_m2)
        if not (-90 <= h.lat_deg <= 90 and -180 <= h.lon_deg <= 180):
            raise RangeError.of("place of a hypothesis", "degrees", (h.lat_deg, h.lon_deg))
        if not h.weight >= 0:
            raise RangeError.of("weight of a hypothesis", "0 or more", h.weight)
        total += h.weight
    if total > 1 + 1e-6:
        raise RangeError.of("weights of a sighting", "at most 1 together", total)
