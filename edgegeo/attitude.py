"""How the vehicle hung in the air at a moment: a buffer of attitudes, interpolated.

A quaternion is (w, x, y, z), unit, and turns body (forward, right, down) into north-east-down,
as in MAVLink. Times are microseconds of the computer's monotonic clock.
"""

import math
from bisect import bisect_left
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import RangeError

Quaternion = tuple[float, float, float, float]

MAX_GAP_US = 300_000  # between two samples: a longer hole is not bridged
MAX_BEYOND_US = 60_000  # past the last sample, at the turn of the last two
KEPT_US = 10_000_000
BACKWARDS_US = 1_000_000  # a sample this much older than the last says that the clock restarted


def quaternion(roll_rad: float, pitch_rad: float, yaw_rad: float) -> Quaternion:
    """Return the quaternion of aerospace angles: yaw, then pitch, then roll.

    >>> [round(v, 4) for v in quaternion(0.0, 0.0, math.pi / 2)]
    [0.7071, 0.0, 0.0, 0.7071]
    """
    (cr, sr), (cp, sp), (cy, sy) = (
        (math.cos(a / 2), math.sin(a / 2)) for a in (roll_rad, pitch_rad, yaw_rad)
    )
    return (
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    )


def unit(q: Quaternion) -> Quaternion:
    """Return `q` at length 1. Raises RangeError for one without a direction."""
    length = math.hypot(*q)
    if not 0.1 < length < 10:
        raise RangeError.of("quaternion", "four finite numbers, of length near 1", q)
    return (q[0] / length, q[1] / length, q[2] / length, q[3] / length)


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """Return the turn that does `b` first, then `a`."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def matrix(q: Quaternion) -> NDArray[np.float64]:
    """Return the (3, 3) rotation of a unit quaternion: its columns are the body's axes."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def angles(ned_from_body: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return (roll, pitch, yaw) in radians of a (3, 3) rotation; the inverse of `quaternion`."""
    r = ned_from_body
    pitch = math.asin(max(-1.0, min(1.0, -float(r[2, 0]))))
    return math.atan2(r[2, 1], r[2, 2]), pitch + 0.0, math.atan2(r[1, 0], r[0, 0])


def slerp(a: Quaternion, b: Quaternion, t: float) -> Quaternion:
    """Turn from `a` (t = 0) to `b` (t = 1) the short way at an even rate; t may lie outside."""
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    if cosine < 0:  # b and -b are the same attitude
        b, cosine = (-b[0], -b[1], -b[2], -b[3]), -cosine
    if cosine > 1 - 1e-9:
        wa, wb = 1 - t, t
    else:
        angle = math.acos(cosine)
        wa, wb = (math.sin((1 - t) * angle), math.sin(t * angle))
        wa, wb = wa / math.sin(angle), wb / math.sin(angle)
    w, x, y, z = (wa * p + wb * q for p, q in zip(a, b, strict=True))
    return unit((w, x, y, z))


class Attitudes:
    """The last ten seconds of attitudes in order of time. One thread may add while others ask."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._turns: list[Quaternion] = []
        self._lock = Lock()
        self.restarts = 0  # times the clock of the samples went back

    def __len__(self) -> int:
        return len(self._times)

    def add(self, time_us: int, q: Quaternion) -> None:
        """Put one sample in its place; a later word on the same time replaces the first.

        A sample more than a second older than the last empties the buffer: the clock that
        dated them has restarted, and the two must not be mixed. Raises RangeError for what is
        no attitude.
        """
        q = unit(q)
        with self._lock:
            if self._times and time_us < self._times[-1] - BACKWARDS_US:
                self._times.clear()
                self._turns.clear()
                self.restarts += 1
            at = bisect_left(self._times, time_us)
            if at < len(self._times) and self._times[at] == time_us:
                self._turns[at] = q
                return
            self._times.insert(at, time_us)
            self._turns.insert(at, q)
            old = bisect_left(self._times, self._times[-1] - KEPT_US)
            del self._times[:old], self._turns[:old]

    def at(self, time_us: int) -> Quaternion | None:
        """Return the attitude at `time_us`, or None where the samples do not tell it."""
        with self._lock:
            after = bisect_left(self._times, time_us)
            if after < len(self._times) and self._times[after] == time_us:
                return self._turns[after]
            if after == 0:
                return None
            beyond = after == len(self._times)
            if beyond and time_us - self._times[-1] > MAX_BEYOND_US:
                return None
            first = after - 2 if beyond else after - 1
            if first < 0:  # one sample, just before: nothing tells the turn
                return self._turns[0]
            t0, t1 = self._times[first : first + 2]
            q0, q1 = self._turns[first : first + 2]
        if t1 - t0 > MAX_GAP_US:
            return q1 if beyond else None
        return slerp(q0, q1, (time_us - t0) / (t1 - t0))
