"""From the ground point at a picture's centre back to where the camera was: a Sighting."""

import math

import numpy as np

from edgegeo import geodesy
from edgegeo.camera_pose import CameraPose
from edgegeo.fix import NEAR_M
from edgegeo.rectify import camera_offset_m
from edgegeo.sighting import Hypothesis, Sighting
from edgegeo.types import Fix

OTHERS_SHARE = 0.5  # of what the best leaves, at most this goes to the other candidates
STEP_DEG = 0.01


def weights(fix: Fix) -> list[tuple[int, float]]:
    """Return (index into fix.candidates, probability), best first, adding up to at most 1.

    The best has `fix.probability`, which was fitted to how often the best is right. Scores are
    log-odds between candidates (calibration.fit_fusion fits them so), so another one is
    exp(score - best score) times as likely; what the two rules leave is "elsewhere". Where they
    leave nothing, because rivals score alike, the others are held to half of what the best
    leaves. A candidate within 20 m of the best, or of one before it, is the same answer.
    """
    if fix.lat_deg is None or not fix.candidates:
        return []
    lat = np.array([c.lat_deg for c in fix.candidates])
    lon = np.array([c.lon_deg for c in fix.candidates])
    kept = [0]
    for i in range(1, len(fix.candidates)):
        if (geodesy.distance_m(lat[kept], lon[kept], lat[i], lon[i]) > NEAR_M).all():
            kept.append(i)
    lead = [fix.candidates[i].score - fix.candidates[0].score for i in kept[1:]]
    others = [fix.probability * math.exp(min(0.0, value)) for value in lead]
    limit, total = OTHERS_SHARE * (1 - fix.probability), sum(others)
    if total > limit:
        others = [value * limit / total for value in others]
    return list(zip(kept, [fix.probability, *others], strict=True))


def sighting(fix: Fix, pose: CameraPose) -> Sighting:
    """Return where the camera itself was, as a posterior over the fix's candidates.

    Each candidate's ground point is moved by the offset that attitude and height give; their
    errors are carried to first order into the covariance. Of other candidates than the best the
    fix keeps no covariance: they get that of the best. Without a height, or at a tilt where
    the camera sees no ground, nothing is known of the camera and there is no hypothesis.
    """
    empty = Sighting(time_us=pose.time_us, hypotheses=(), accepted=False)
    if pose.height is None or fix.cov_m2 is None or pose.tilt_deg > 60:
        return empty
    east_m, north_m = camera_offset_m(
        pose.height.height_m, pose.heading_deg, pose.roll_deg, pose.pitch_deg
    )
    errors_m = offset_errors_m(pose)
    own = offset_cov_m2(errors_m)
    cov_m2 = (fix.cov_m2[0] + own[0], fix.cov_m2[1] + own[1], fix.cov_m2[2] + own[2])
    hypotheses = []
    for index, weight in weights(fix):
        candidate = fix.candidates[index]
        lat, lon = geodesy.geo_from_enu(east_m, north_m, candidate.lat_deg, candidate.lon_deg)
        hypotheses.append(
            Hypothesis(lat_deg=float(lat), lon_deg=float(lon), cov_m2=cov_m2, weight=weight)
        )
    return Sighting(
        time_us=pose.time_us,
        hypotheses=tuple(hypotheses),
        accepted=fix.accepted,
        pose_m=errors_m,
    )


def offset_errors_m(pose: CameraPose) -> tuple[tuple[float, float], ...]:
    """Return how far (east, north) one sigma of heading, roll, pitch and height moves the camera.

    One degree of tilt at 120 m is 2.1 m.
    """
    if pose.height is None:
        raise ValueError("a pose without a height has no offset")
    height_m = pose.height.height_m

    def offset(heading: float = 0.0, roll: float = 0.0, pitch: float = 0.0) -> complex:
        return complex(
            *camera_offset_m(
                height_m, pose.heading_deg + heading, pose.roll_deg + roll, pose.pitch_deg + pitch
            )
        )

    errors = [
        (offset(**{axis: STEP_DEG}) - offset(**{axis: -STEP_DEG})) / (2 * STEP_DEG) * sigma_deg
        for axis, sigma_deg in (
            ("heading", pose.heading_sigma_deg),
            ("roll", pose.tilt_sigma_deg),
            ("pitch", pose.tilt_sigma_deg),
        )
    ]
    errors.append(offset() / height_m * pose.height.sigma_m)
    return tuple((e.real, e.imag) for e in errors)


def offset_cov_m2(errors_m: tuple[tuple[float, float], ...]) -> tuple[float, float, float]:
    """Return the covariance (ee, en, nn) of errors that do not depend on each other."""
    return (
        sum(east**2 for east, _ in errors_m),
        sum(east * north for east, north in errors_m),
        sum(north**2 for _, north in errors_m),
    )
