"""Small folders in the exact layout of each set as it is published, quirks included."""

import json
from pathlib import Path

import cv2
import numpy as np

from edgegeo.geodesy import geo_from_enu
from tests import geotiffs


def image(path: Path, colour=(10, 20, 30), size=(24, 16)) -> Path:
    """Write a picture of one RGB colour, (width, height) as in `size`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    assert cv2.imwrite(str(path), np.full((height, width, 3), colour[::-1], np.uint8))
    return path


def colour_of(number: int) -> tuple[int, int, int]:
    """Return a colour whose direction differs from that of every other number below 8."""
    return tuple(200 if number >> bit & 1 else 20 for bit in range(3))


def university(root: Path) -> Path:
    """Three test buildings, a fourth that only the galleries hold, and three to train on."""
    for label in range(1, 4):
        for view in range(2):
            image(root / f"test/query_drone/{label:04}/image-{view:02}.jpeg", colour_of(label))
        image(root / f"test/query_satellite/{label:04}/{label:04}.jpg", colour_of(label))
    for label in range(1, 5):
        image(root / f"test/gallery_satellite/{label:04}/{label:04}.jpg", colour_of(label))
        for view in range(2):
            image(root / f"test/gallery_drone/{label:04}/image-{view:02}.jpeg", colour_of(label))
    for label in range(5, 8):  # none of the test split's
        image(root / f"train/satellite/{label:04}/{label:04}.jpg", colour_of(label))
        for view in range(2):
            image(root / f"train/drone/{label:04}/image-{view:02}.jpeg", colour_of(label))
    return root


def sues(root: Path) -> Path:
    """Two of the 80 test places at 150 m, the gallery holding a third; two training places."""
    for label in ("0008", "0012"):
        image(root / f"Testing/150/query_drone/{label}/0.jpg", colour_of(int(label) // 4))
        image(root / f"Testing/150/query_satellite/{label}/0.png", colour_of(int(label) // 4))
    for label in ("0001", "0008", "0012"):
        image(root / f"Testing/150/gallery_satellite/{label}/0.png", colour_of(int(label) // 4))
        image(root / f"Testing/150/gallery_drone/{label}/0.jpg", colour_of(int(label) // 4))
    for label in ("0004", "0016"):
        image(root / f"Training/150/satellite/{label}/0.png", colour_of(int(label) // 4))
        image(root / f"Training/150/drone/{label}/0.jpg", colour_of(int(label) // 4))
    return root


def denseuav(root: Path) -> Path:
    """One test place and one of the training places, which the gallery holds as well."""
    lines = []
    for part, label, lon, lat in (
        ("train", "000000", 120.387, 30.324),
        ("test", "002256", 120.335, 30.325),
    ):
        for height in (80, 90, 100):
            for date in ("", "_old"):
                name = f"H{height}{date}.tif"
                image(root / f"test/gallery_satellite/{label}/{name}", colour_of(int(label) % 7))
                lines.append(f"{part}/satellite/{label}/{name} E{lon} N{lat} 94.606\n")
    for height in (80, 90, 100):
        image(root / f"test/query_drone/002256/H{height}.JPG", colour_of(2256 % 7))
    (root / "Dense_GPS_ALL.txt").write_text("".join(lines))
    return root


def gta_entry(name: str, x_m: float, y_m: float, positives: list[str]) -> dict[str, object]:
    return {
        "drone_img_dir": "drone/images",
        "drone_img_name": name,
        "drone_loc_x_y": [x_m, y_m],
        "sate_img_dir": "satellite",
        "pair_pos_sate_img_list": positives,
        "pair_pos_sate_weight_list": [0.6] * len(positives),
        "pair_pos_sate_loc_x_y_list": [],
        "pair_pos_semipos_sate_img_list": positives,
        "drone_metadata": {"height": 501.8, "drone_yaw": 41.0},
    }


GTA_TILES = ("5_0_10_20.png", "5_0_11_20.png", "6_128_20_41.png")


def gta(root: Path) -> Path:
    """Three tiles of two zooms, one of a grid moved by half a tile; three frames.

    The second frame has the colour of its second positive tile.
    """
    for number, name in enumerate(GTA_TILES, 1):
        image(root / "satellite" / name, colour_of(number))
    entries = [
        gta_entry("500_0001_0000000001.png", 3633.5, 7140.6, ["5_0_10_20.png"]),
        gta_entry("200_0002_0000000007.png", 3542.4, 7171.2, [GTA_TILES[2], GTA_TILES[0]]),
        gta_entry("200_0002_0000000008.png", 100.0, 100.0, []),
    ]
    for number, entry in zip((1, 3, 5), entries, strict=True):
        image(root / "drone/images" / str(entry["drone_img_name"]), colour_of(number))
    (root / "cross-area-drone2sate-test.json").write_text(json.dumps(entries))
    return root


VISLOC_HEADER = "num,filename,date,lat,lon,height,Omega,Kappa,Phi1,Phi2\n"
RANGES_HEADER = "mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map,region\n"


def visloc(root: Path, name: str = "09", parts: bool = True, side_px: int = 1024) -> Path:
    """One map of 0.3 m a pixel around 30 N 110 E, whole or in four; two frames over it.

    The table of ranges has a blank in its name, as released.
    """
    (root / name / "drone").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (side_px, side_px, 3), np.uint8)
    half = side_px // 2
    if parts:
        for row in (1, 2):
            for column in (1, 2):
                part = pixels[(row - 1) * half : row * half, (column - 1) * half : column * half]
                path = root / name / f"satellite{name}_{row:02}-{column:02}.tif"
                geotiffs.write(path, part, crs="EPSG:4326", affine=geotiffs.placed("EPSG:4326", 1))
    else:
        path = root / name / f"satellite{name}.tif"
        geotiffs.write(path, pixels, crs="EPSG:4326", affine=geotiffs.placed("EPSG:4326", 1))
    south, east = 30 - side_px * 0.3 / 110_852.4, 110 + side_px * 0.3 / 96_486.3
    table = root / "satellite_ coordinates_range.csv"
    lines = table.read_text() if table.exists() else RANGES_HEADER
    table.write_text(f"{lines}satellite{name}.tif,30,110,{south},{east},Somewhere\n")
    rows = [
        f"1,{name}_0001.JPG,2018-08-31T09:32:01,{(30 + south) / 2},{(110 + east) / 2},340,0,0,0,0",
        f"2,{name}_0002.JPG,2018-08-31T09:32:03,31.0,{(110 + east) / 2},340,0,0,90,90",
    ]
    (root / name / f"{name}.csv").write_text(VISLOC_HEADER + "\n".join(rows) + "\n")
    for number in (1, 2):
        image(root / name / f"drone/{name}_{number:04}.JPG", colour_of(number), (60, 40))
    return root


def naip(root: Path, places: int = 3) -> Path:
    """Two cities; the second has one year only."""
    for city, years in (("alpha", (2016, 2020)), ("beta", (2016,))):
        (root / city).mkdir(parents=True)
        for number in range(places):
            for year in years:
                colour = np.full((32, 32, 3), colour_of(number + (4 if city == "beta" else 1)))
                affine = geotiffs.placed("EPSG:32632", 0.6 + number * 1e-3, 32)
                path = root / city / f"{number:03}_{year}.tif"
                geotiffs.write(path, colour.astype(np.uint8), affine=affine)
    return root


FLIGHT_HEADER = "file,lat_deg,lon_deg,heading_deg,gsd_m_per_px\n"
FLIGHT_ROWS = (("a.png", 0, 0, "0,1.5"), ("b.png", 40, -30, "90,1.5"))


def flight(root: Path, rows=FLIGHT_ROWS) -> Path:
    """A map of 200 x 200 m; frames of 50 x 40 px, a row (name, east_m, north_m, the rest)."""
    crs = "EPSG:32632"
    affine = geotiffs.placed(crs, 1.0)
    root.mkdir(exist_ok=True)
    geotiffs.write(root / "map.tif", geotiffs.ramp(crs, affine), crs, affine)
    lines = []
    for name, east_m, north_m, rest in rows:
        colour = geotiffs.colours_at(np.float64(east_m), np.float64(north_m))
        image(root / "frames" / name, tuple(colour.round().astype(int).tolist()), (50, 40))
        lat, lon = geo_from_enu(east_m, north_m, geotiffs.LAT0, geotiffs.LON0)
        lines.append(f"{name},{lat},{lon},{rest}\n")
    (root / "truth.csv").write_text(FLIGHT_HEADER + "".join(lines))
    return root
