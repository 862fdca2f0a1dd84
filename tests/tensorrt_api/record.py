"""Record which names a TensorRT version has: python -m tests.tensorrt_api.record 10.3.0 11.4.0.106

Writes tests/tensorrt_api/VERSION.txt, one `Class.name` or `name` a line. The bindings' wheel of
that version is fetched by pip; they are imported in a process of their own over empty libraries
made by gcc, since NVIDIA's are not on PyPI and no name needs them. Needs Linux, gcc and binutils.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LIST_NAMES = """
import types, tensorrt_bindings as trt
for name in dir(trt):
    value = getattr(trt, name)
    if isinstance(value, types.ModuleType) or (name.startswith("_") and name != "__version__"):
        continue
    print(name)
    if isinstance(value, type):
        print(*(f"{name}.{a}" for a in dir(value) if not a.startswith("_")), sep="\\n")
"""


def main(versions: list[str]) -> None:
    for version in versions:
        with tempfile.TemporaryDirectory() as folder:
            names = record(version, Path(folder))
        (HERE / f"{version}.txt").write_text("\n".join(names) + "\n")
        print(f"{version}: {len(names)} names")


def record(version: str, folder: Path) -> list[str]:
    wheel = f"tensorrt_cu12_bindings=={version}"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "-d", folder, wheel], check=True)
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", *folder.glob("*.whl"), folder], check=True
    )
    make_libraries(folder / "tensorrt_bindings" / "tensorrt.so", folder)
    places = {"LD_LIBRARY_PATH": str(folder), "PYTHONPATH": str(folder)}
    out = subprocess.run(
        [sys.executable, "-c", LIST_NAMES],
        env=os.environ | places,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(set(out.split()))


def make_libraries(module: Path, folder: Path) -> None:
    """Write a library under each of NVIDIA's names; the first has every function that is missed."""
    needed = re.findall(r"NEEDED.*\[(libnv\S+)\]", run("readelf", "-d", module))
    missed = re.findall(r" U (\w+(?:_INTERNAL|Version|Registry|Plugins))$", undefined(module), re.M)
    source = folder / "empty.c"
    source.write_text("\n".join(f"void *{name}(void) {{ return 0; }}" for name in missed))
    for library in needed:
        run("gcc", "-shared", "-fPIC", "-o", folder / library, source)
        source.write_text("")


def undefined(module: Path) -> str:
    return run("nm", "-D", "--undefined-only", module)


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1:])
