"""Draw training pairs: a tile of the map, and the same ground as a drone would have seen it."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgegeo.learn import augment
from edgegeo.learn.places import Place

Array = NDArray[np.float32]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Views:
    """Ranges the pairs are drawn from."""

    px: int = 128
    tile_m: tuple[float, float] = (34.0, 110.0)  # one size a batch, as in a gallery
    offset: float = 0.36  # frame centre from tile centre, in tile sides, each axis
    turn_sigma_deg: float = 8.0
    scale_sigma: float = 0.11
    tilt_deg: float = 18.0
    per_place: int = 2  # pairs of the same place in a batch: near misses, seen as such


@dataclass(frozen=True, eq=False)
class Batch:
    tiles: Array  # (b, 4, px, px) network input
    frames: Array  # (b, 4, px, px)
    offsets: Array  # (b, b, 2) frame i minus tile j, (east, south) in tile sides
    same: NDArray[np.bool_]  # (b, b) whether i and j show the same place
    turn_deg: Array  # (b,) clockwise turn that brings the frame's content onto the map
    scale: Array  # (b,) magnification that does


def draw(
    places: list[list[Place]],
    shares: list[float],
    count: int,
    views: Views,
    rng: np.random.Generator,
) -> Batch:
    """Draw `count` pairs; `places` are groups, each taken with its share."""
    low, high = views.tile_m
    tile_m = float(np.exp(rng.uniform(math.log(low), math.log(high))))
    tiles, frames, centres_t, centres_f, ids, turns, scales = [], [], [], [], [], [], []
    for number in range(count // views.per_place):
        group = places[rng.choice(len(places), p=np.array(shares) / sum(shares))]
        place = group[rng.integers(len(group))]
        spin = rng.uniform(0, 2 * math.pi) if rng.random() < 0.5 else rng.integers(4) * math.pi / 2
        flip = float(rng.choice([-1.0, 1.0]))
        h, w = place.views[0].shape[:2]
        half_m = np.array([w, h]) * place.gsd_m / 2
        # Photos and small places are magnified where they cannot hold a tile.
        unit_m = min(1.0, 2 * half_m.min() / (1.15 * tile_m))
        for _ in range(views.per_place):
            side = tile_m * unit_m
            centre = rng.uniform(-1, 1, 2) * np.maximum(half_m - 0.47 * side, 0)
            shift = rng.uniform(-views.offset, views.offset, 2) * side
            aim = np.clip(centre + shift, -(half_m - 0.4 * side), half_m - 0.4 * side)
            first, second = rng.choice(len(place.views), 2, replace=len(place.views) < 2)
            if rng.random() < 0.15:
                second = first
            world = spun(spin, flip)
            turn = float(np.clip(rng.normal(0, views.turn_sigma_deg), -22, 22))
            scale = float(np.exp(np.clip(rng.normal(0, views.scale_sigma), -0.28, 0.28)))
            seen = camera(turn, scale, rng.uniform(0, views.tilt_deg), rng, 1.3 * side)
            tiles.append(
                picture(place, first, centre, world, np.eye(3), side, views.px, rng, False)
            )
            frames.append(picture(place, second, aim, world, seen, side, views.px, rng, True))
            back = np.linalg.inv(world)[:2, :2] / side
            centres_t.append(back @ centre)
            centres_f.append(back @ aim)
            ids.append(number)
            turns.append(turn)
            scales.append(scale)
    at_t, at_f, id_ = np.array(centres_t), np.array(centres_f), np.array(ids)
    return Batch(
        tiles=np.stack(tiles),
        frames=np.stack(frames),
        offsets=(at_f[:, None] - at_t[None]).astype(np.float32),
        same=id_[:, None] == id_[None],
        turn_deg=np.array(turns, np.float32),
        scale=np.array(scales, np.float32),
    )


def spun(angle: float, flip: float) -> Matrix:
    """Drawn north (x right, y down) -> the picture's own axes: places have no up to learn."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c * flip, -s, 0], [s * flip, c, 0], [0, 0, 1]])


def camera(
    turn_deg: float, scale: float, tilt_deg: float, rng: np.random.Generator, range_m: float
) -> Matrix:
    """Frame metres (x right, y down, at the centre's scale) -> ground metres.

    The content must be turned clockwise by `turn_deg` and magnified by `scale` to lie on the
    map. A pinhole `range_m` from the ground point at its centre, tilted in any direction.
    """
    t, direction = math.radians(tilt_deg), rng.uniform(0, 2 * math.pi)
    c, s = math.cos(direction), math.sin(direction)
    rotate = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    tilt = np.array([[math.cos(t), 0, 0], [0, 1, 0], [0, -math.sin(t) / range_m, math.cos(t)]])
    a = math.radians(turn_deg)
    turn = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    return np.asarray(turn @ np.diag([scale, scale, 1.0]) @ rotate @ tilt @ rotate.T)


def picture(
    place: Place,
    view: int,
    centre: Matrix,
    world: Matrix,
    seen: Matrix,
    side_m: float,
    px: int,
    rng: np.random.Generator,
    frame: bool,
) -> Array:
    """One network input, (4, px, px), of `side_m` of ground around `centre`, in other light."""
    rgb, coverage = crop(place, view, centre, world, seen, side_m, px)
    strength = 0.75 if frame else 0.4
    out = augment.light(rgb, rng, strength)
    if frame and rng.random() < 0.25:
        out = augment.overlay(out, rng)
    out = augment.lens(out, rng, strength)
    if frame:
        coverage = coverage * frame_corners(px, rng)
    return network_input(out, coverage)


def crop(
    place: Place, view: int, centre: Matrix, world: Matrix, seen: Matrix, side_m: float, px: int
) -> tuple[Array, Array]:
    """The ground as it is: (px, px, 3) RGB in [0, 1] and coverage (px, px)."""
    image, gsd = np.asarray(place.views[view]), place.gsd_m
    while side_m / px > 1.6 * gsd:  # area first, so that the warp below does not alias
        half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        image, gsd = np.asarray(half, np.uint8), 2 * gsd
    h, w = image.shape[:2]
    step, corner = side_m / px, -side_m * (px - 1) / px / 2
    metre = np.array([[step, 0, corner], [0, step, corner], [0, 0, 1]])
    at = centre / gsd + (np.array([w, h]) - 1) / 2
    pixel = np.array([[1 / gsd, 0, at[0]], [0, 1 / gsd, at[1]], [0, 0, 1]])
    matrix = pixel @ world @ seen @ metre
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    rgb = cv2.warpPerspective(image, matrix, (px, px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, (px, px), flags=flags)
    return np.asarray(rgb, np.float32) / np.float32(255), np.asarray(inside > 127, np.float32)


def network_input(rgb: Array, coverage: Array) -> Array:
    colour = ((rgb - 0.5) / 0.25 * coverage[..., None]).transpose(2, 0, 1)
    return np.concatenate([colour, coverage[None]]).astype(np.float32)


def frame_corners(px: int, rng: np.random.Generator) -> Array:
    """1 inside the camera's image, which is wider than the crop and turned against it."""
    angle, short = rng.uniform(0, math.pi), rng.uniform(0.48, 0.8) * px
    y, x = np.mgrid[:px, :px] - (px - 1) / 2
    across = np.abs(x * math.cos(angle) + y * math.sin(angle)) <= short * rng.uniform(1.2, 1.8)
    along = np.abs(y * math.cos(angle) - x * math.sin(angle)) <= short
    return np.asarray(across & along, np.float32)
