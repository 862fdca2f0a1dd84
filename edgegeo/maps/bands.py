"""What the bands of a raster file mean: raw values to RGB and validity."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgegeo.errors import MapError
from edgegeo.maps.mapfill import Fill


@dataclass(frozen=True, eq=False)
class Bands:
    """How to read one file.

    `indexes` are the bands for red, green and blue (1-based; one band is grey or a palette),
    `palette` (256 or more, 4) RGBA by value, `nodata` a value given by the user over the
    file's own, `stretch` (bands, 2) the values that become 0 and 255.
    """

    indexes: tuple[int, ...]
    palette: NDArray[np.uint8] | None = None
    nodata: float | None = None
    stretch: NDArray[np.float64] | None = None

    def rgb(self, raw: NDArray[Any]) -> NDArray[np.uint8]:
        """Turn raw values (h, w, bands) into RGB (h, w, 3)."""
        if self.palette is not None:
            return self.palette[raw[..., 0], :3]
        if self.stretch is not None:
            low, high = self.stretch.T.astype(np.float32)
            with np.errstate(invalid="ignore", over="ignore"):
                scaled = (raw.astype(np.float32) - low) * (255 / (high - low))
            raw = np.rint(np.clip(np.nan_to_num(scaled), 0, 255)).astype(np.uint8)
        rgb = np.empty((*raw.shape[:2], 3), np.uint8)
        for band in range(3):  # band by band: five times faster than one strided copy
            rgb[..., band] = raw[..., min(band, raw.shape[2] - 1)]
        return rgb

    def valid(self, raw: NDArray[Any], mask: NDArray[np.uint8] | None) -> NDArray[np.bool_]:
        """Return where (h, w) there is data; `mask` is the file's own, 0 = none."""
        valid = np.ones(raw.shape[:2], bool) if mask is None else mask > 127
        if self.nodata is not None:
            same = np.isnan(raw) if np.isnan(self.nodata) else raw == self.nodata
            valid &= ~same.all(axis=2)
        if raw.dtype.kind == "f":
            valid &= np.isfinite(raw).all(axis=2)
        if self.palette is not None:
            valid &= self.palette[raw[..., 0], 3] > 127
        return valid


def bands_of(dataset: Any, nodata: float | None) -> Bands:
    """Read from an open rasterio dataset which bands are the picture; no stretch yet."""
    from rasterio.enums import ColorInterp

    roles = list(dataset.colorinterp)
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if roles[0] == ColorInterp.palette:
        if dataset.dtypes[0] not in ("uint8", "uint16"):
            raise MapError(f"{dataset.name}: a palette needs 8 or 16 bit, got {dataset.dtypes[0]}")
        table = np.zeros((256 if dataset.dtypes[0] == "uint8" else 65536, 4), np.uint8)
        for value, colour in dataset.colormap(1).items():
            table[value] = colour
        return Bands((1,), table, nodata)
    if np.dtype(dataset.dtypes[0]).kind not in "uif":
        raise MapError(f"{dataset.name}: pixels must be integers or floats, got {dataset.dtypes}")
    if all(role in roles for role in rgb):
        return Bands(tuple(roles.index(role) + 1 for role in rgb), None, nodata)
    picture = [i + 1 for i, role in enumerate(roles) if role != ColorInterp.alpha]
    if not picture:
        raise MapError(f"{dataset.name}: holds an alpha band and no picture")
    return Bands(tuple(picture[:3]) if len(picture) >= 3 else (picture[0],), None, nodata)


def stretch_of(raw: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return (bands, 2) 1st and 99th percentile of an overview, or None for 8-bit values."""
    if raw.dtype == np.uint8:
        return None
    low, high = np.percentile(raw[valid].astype(np.float64), (1, 99), axis=0)
    return np.stack([low, np.where(high > low, high, low + 1)], axis=1)


def is_fill(raw: NDArray[Any], fill: Fill) -> NDArray[np.bool_]:
    """Return where (h, w) raw values (h, w, bands) hold the fill's exact value."""
    return np.asarray((raw == np.array(fill.value, raw.dtype)).all(axis=2), np.bool_)


def read_raw(
    dataset: Any, bands: Bands, masked: bool, **how: Any
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Read raw values (h, w, bands) and, where `masked`, the file's own mask (h, w)."""
    if "out_shape" in how:
        raw = dataset.read(bands.indexes, out_shape=(len(bands.indexes), *how["out_shape"]))
    else:
        raw = dataset.read(bands.indexes, **how)
    return np.moveaxis(raw, 0, -1), dataset.dataset_mask(**how) if masked else None


def has_mask(dataset: Any, nodata: float | None) -> bool:
    """Tell whether the file itself says where it has data; an override outdoes its nodata."""
    from rasterio.enums import MaskFlags

    flags = {flag for band in dataset.mask_flag_enums for flag in band}
    if nodata is not None and dataset.nodata is not None:
        return False
    return flags != {MaskFlags.all_valid}


def fill_warnings(fill: Fill | None, bands: Bands) -> tuple[str, ...]:
    """Say what was found, in the colours a person would see."""
    if fill is None:
        return ()
    value = tuple(int(v) if v == int(v) else v for v in fill.value)
    if bands.palette is not None:
        value = tuple(int(v) for v in bands.palette[int(value[0]), :3])
    return (
        f"{fill.share:.0%} of the map is one colour {value} from its border inwards, not tagged "
        "as nodata: treated as nodata (give a nodata value to switch this off)",
    )
