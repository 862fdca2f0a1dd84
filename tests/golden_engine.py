"""Write the golden engine of the format this checkout writes: once, when FORMAT_VERSION rises.

python -m tests.golden_engine    # writes tests/golden/vN.edgegeo, or says that it is there
"""

import tempfile
from pathlib import Path

from edgegeo.building.build import build
from edgegeo.manifest import FORMAT_VERSION
from tests.sample_engine import sample_map
from tests.tiny_model import write_model

GOLDEN = Path(__file__).parent / "golden"


def main() -> None:
    out = GOLDEN / f"v{FORMAT_VERSION}.edgegeo"
    if out.exists():
        raise SystemExit(f"{out} is there: golden engines are never written again")
    with tempfile.TemporaryDirectory() as folder:
        model = write_model(Path(folder), px=16)
        build([sample_map()], out, tile_m=100.0, model=model, progress=False)


if __name__ == "__main__":
    main()
