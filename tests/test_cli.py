"""The command: exact flags, one line for an error, nothing heavy for help."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from edgegeo import plans
from edgegeo.backends.cuda import read_board
from edgegeo.cli import main, parser
from edgegeo.engine import open_engine
from edgegeo.plans import Toolkit
from tests.cuda_double import CudaDouble
from tests.fake_localizer import FAR, GOOD, LOST, FakeLocalizer, write_frames, write_truth
from tests.sample_engine import LAT, LON, sample_engine
from tests.tensorrt_double import tensorrt_double

COMMANDS = [
    "build",
    "locate",
    "evaluate",
    "simulate",
    "demo",
    "info",
    "fly",
    "report",
    "log",
    "export",
    "engine",
]


@pytest.fixture
def localizer(monkeypatch):
    fake = FakeLocalizer([GOOD, GOOD, FAR, LOST])
    module = SimpleNamespace(Localizer=lambda *_, **__: fake)
    monkeypatch.setitem(sys.modules, "edgegeo.localizer", module)
    return fake


@pytest.fixture
def frames(tmp_path):
    pytest.importorskip("cv2")
    return str(write_frames(tmp_path / "frames", 4))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert f"example:\n  edgegeo {command} " in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("edgegeo 0.")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom edgegeo.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"cv2", "onnxruntime", "rasterio", "torch"} & set(done.stderr.split())


@pytest.mark.parametrize(
    "line",
    [
        "build a.tif b.tif --out e --tile-m 100 --overlap 0.5 --model m --attribution A",
        "build a.tif --out e --footprint-m 120 --nodata 0",
        "locate e f --prior 1,2,3 --heading-deg 4 --heading-sigma-deg 5 --gsd-m 1 --gsd-sigma 1",
        "locate e f --height-m 120 --fov-deg 80 --roll-deg 1 --pitch-deg -2 --every 3 --poses p",
        "evaluate e --frames f --truth t --heading-noise-deg 10 --gsd-noise 0.1 --no-heading",
        "evaluate e --frames f --truth t --no-gsd --prior-radius-m 200 --seed 0 --out r.json",
        "simulate a.tif --out d --count-per-map 5 --footprint-m 60 --size 640x480 --tilt-deg 15",
        "simulate a.tif --out d --heading any --seed 0",
        "demo --out d",
        "info e --verify",
        "export student.pt --out m --precision fp16 --like m0",
        "export s.pt --out m --precision int8 --maps a.tif b.tif --footprint-m 60 --even-if-worse",
        "export s.pt --out m --maps a.tif --frames f --truth t --max-recall-loss 0.02",
        "engine check e",
        "engine bench e --frames 10 --threads 2",
        "engine shrink e --bbox=-34,151,-33,152 --out s",
        "engine shrink e --circle 1,2,300 --out s",
        "engine build e --candidates 20 --workspace-mib 128 --again",
        "report l --out r.html --engine e",
        "log info l",
    ],
)
def test_the_promised_flags(line):
    assert callable(parser().parse_args(line.split()).run)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("build a.tif --out e --tile-m 100 --footprint-m 120", "not allowed with"),
        ("locate e f --prior 1,2", "expected LAT,LON,RADIUS_M"),
        ("simulate a.tif --out d --size 640", "expected WxH"),
        ("engine shrink e --out s", "one of the arguments --bbox --circle is required"),
        ("engine shrink e --out s --bbox 1,2,3", "expected S,W,N,E"),
        ("engine shrink e --out s --circle 1,two,3", "expected LAT,LON,RADIUS_M"),
        ("land", "invalid choice"),
    ],
)
def test_a_wrong_flag_is_explained(line, says, capsys):
    with pytest.raises(SystemExit) as done:
        main(line.split())
    assert done.value.code == 2
    assert says in capsys.readouterr().err


def test_locate_prints_one_line_a_frame_and_writes_the_logs(localizer, frames, tmp_path, capsys):
    geojson, table = tmp_path / "t.geojson", tmp_path / "t.csv"
    flags = ["--prior", "-33.5,151.2,300", "--geojson", str(geojson), "--csv", str(table)]
    assert main(["locate", "e", frames, *flags]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["frame"] for line in lines] == ["000.png", "001.png", "002.png", "003.png"]
    assert lines[3]["reject"] == "NO_CANDIDATE"
    assert localizer.calls[0]["prior"].lat_deg == -33.5
    assert len(json.loads(geojson.read_text())["features"]) == 5
    assert len(table.read_text().splitlines()) == 5


@pytest.mark.usefixtures("localizer")
def test_evaluate_prints_a_table_and_writes_results(frames, tmp_path, capsys):
    truth, out = write_truth(tmp_path / "truth.csv", 4), tmp_path / "results.json"
    line = ["evaluate", "e", "--frames", frames, "--truth", str(truth), "--out", str(out)]
    assert main([*line, "--ranking", "correlation"]) == 0
    assert "| within_20m | 0.500 |" in capsys.readouterr().out
    results = json.loads(out.read_text())
    assert results["frames"] == 4
    assert results["settings"]["ranking"] == "correlation"


@pytest.mark.usefixtures("localizer")
@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--prior", "91,0,100"], "prior latitude must be"),
        (["--prior", "nan,0,100"], "prior latitude must be"),
        (["--prior", "1,0,-5"], "radius_m must be positive"),
        (["--every", "0"], "every must be at least 1"),
        (["--poses", "missing.csv"], "cannot read missing.csv"),
        (["--csv", "no/such/folder.csv"], "cannot write"),
    ],
)
def test_an_error_is_one_line_and_code_2(frames, capsys, flags, says):
    assert main(["locate", "e", frames, *flags]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("edgegeo: error: ")
    assert says in err
    assert "Traceback" not in err


def test_engine_build_builds_plans_and_prints_them(tmp_path, capsys, monkeypatch):
    """Over the labelled double of TensorRT."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cudart = CudaDouble()
    trt = tensorrt_double(cudart)
    monkeypatch.setattr(plans, "toolkit", lambda: Toolkit(trt, cudart, read_board(trt, cudart)))
    engine = sample_engine(tmp_path)
    assert main(["engine", "build", str(engine)]) == 0
    out, err = capsys.readouterr()
    assert out.split() == [str(engine / "encoder.plan"), str(engine / "ranker.plan")]
    assert "building ranker.plan with TensorRT 10.3.0" in err
    assert main(["engine", "build", str(engine), "--again"]) == 0
    assert "building ranker.plan" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--candidates", "0"], "candidates must be at least 1, got 0"),
        (["--workspace-mib", "-1"], "workspace_mib must be at least 0, got -1"),
    ],
)
def test_engine_build_checks_its_numbers(tmp_path, capsys, flags, says):
    assert main(["engine", "build", str(sample_engine(tmp_path)), *flags]) == 2
    assert says in capsys.readouterr().err


def test_info_of_nothing(tmp_path, capsys):
    assert main(["info", str(tmp_path / "none.edgegeo")]) == 2
    assert "none.edgegeo" in capsys.readouterr().err


def test_what_the_system_refuses_is_one_line_too(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    line = ["simulate", "none.tif", "--out", str(tmp_path / "file" / "flight")]
    assert main(line) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error(frames):
    code = (
        "import sys\nfrom types import SimpleNamespace\n"
        "from tests.fake_localizer import GOOD, FakeLocalizer\n"
        "sys.modules['edgegeo.localizer'] = SimpleNamespace(\n"
        "    Localizer=lambda engine, threads=0: FakeLocalizer([GOOD] * 4))\n"
        "from edgegeo.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, "locate", "e", frames],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    error = run.stderr.read()
    run.stderr.close()
    assert (run.wait(), error) == (0, b"")


def test_the_engine_commands_do_what_their_functions_do(tmp_path, capsys):
    engine, small = sample_engine(tmp_path), tmp_path / "small.edgegeo"
    assert main(["engine", "check", str(engine)]) == 0
    assert "reference    off by 0" in capsys.readouterr().out
    assert main(["engine", "bench", str(engine), "--frames", "2"]) == 0
    assert "| **locate** |" in capsys.readouterr().out
    line = ["engine", "shrink", str(engine), "--bbox", f"{LAT},{LON},{LAT + 1},{LON + 1}"]
    assert main([*line, "--out", str(small)]) == 0
    assert 0 < len(open_engine(small).gallery) < len(open_engine(engine).gallery)


@pytest.mark.parametrize("area", [["--bbox", "-34,-71,-33,-70"], ["--circle", "-34,-71,100"]])
def test_a_southern_area_is_no_option_and_holds_no_tile(tmp_path, capsys, area):
    engine = sample_engine(tmp_path)
    assert main(["engine", "shrink", str(engine), *area, "--out", str(tmp_path / "s")]) == 2
    assert "has no tile in" in capsys.readouterr().err


def test_export_without_torch_names_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["export", "student.pt", "--out", str(tmp_path / "m")]) == 2
    assert "pip install 'edgegeo[train]'" in capsys.readouterr().err
