"""The board's facts, and what is said where there is no board, no driver or no TensorRT."""

import builtins

import pytest

from edgegeo.backends import tensorrt_log
from edgegeo.backends.cuda import Stream, checked, import_cuda, read_board, read_l4t
from edgegeo.backends.tensorrt_log import check_version, import_tensorrt
from edgegeo.errors import EngineError, MissingExtraError
from tests.cuda_double import CudaDouble, CudaStatus
from tests.tensorrt_double import tensorrt_double


def test_a_boards_facts():
    cudart = CudaDouble("11.0")
    board = read_board(tensorrt_double(cudart, "10.16.1.11"), cudart)
    assert (board.tensorrt, board.compute_capability, board.driver) == (
        "10.16.1.11",
        "11.0",
        "12.6",
    )
    assert board.device == "double of an Orin"


def test_the_real_cuda_without_a_driver_is_named():
    cudart = pytest.importorskip("cuda.bindings.runtime")
    if int(cudart.cudaGetDeviceCount()[0]) == 0:
        pytest.skip("a GPU is here")
    with pytest.raises(EngineError, match=r"no NVIDIA GPU can be used: cudaError.*JetPack 6"):
        read_board(tensorrt_double(CudaDouble()), cudart)


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64", "36.4.3"),
        ("# R35 (release), REVISION: 5.0, GCID: 1", "35.5.0"),
        ("something else", None),
    ],
)
def test_the_release_of_jetson_linux(tmp_path, text, release):
    path = tmp_path / "nv_tegra_release"
    path.write_text(text)
    assert read_l4t(path) == release
    assert read_l4t(tmp_path / "none") is None


def test_a_status_other_than_success_is_an_error():
    assert checked((CudaStatus.cudaSuccess, 5)) == 5
    with pytest.raises(EngineError, match=r"cudaErrorMemoryAllocation \(2\)"):
        checked((CudaStatus.cudaErrorMemoryAllocation, None))


def test_released_memory_is_gone():
    cudart = CudaDouble()
    stream = Stream(cudart)
    buffer = stream.buffer((3, 2), "float32")
    assert buffer.host.shape == (3, 2)
    assert not buffer.host.any()
    stream.release()
    assert not cudart.memory


@pytest.fixture
def without(monkeypatch):
    """Take packages away from `import`."""

    def take(*names):
        real = builtins.__import__

        def load(name, *rest):
            if name.split(".")[0] in names:
                raise ImportError(f"No module named {name!r}")
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", load)

    return take


@pytest.mark.parametrize(
    ("l4t", "advice"),
    [("36.4.3", "must never be installed with pip: apt-get install"), (None, "use ONNX Runtime")],
)
def test_no_tensorrt_says_how_to_get_it_here(without, monkeypatch, l4t, advice):
    without("tensorrt")
    monkeypatch.setattr(tensorrt_log, "read_l4t", lambda: l4t)
    with pytest.raises(MissingExtraError, match=advice):
        import_tensorrt()


def test_no_cuda_bindings_says_which(without):
    without("cuda")
    with pytest.raises(MissingExtraError, match=r"'cuda-bindings>=12.6,<13' on JetPack 6"):
        import_cuda()


def test_jetpack_6_0_is_too_old():
    with pytest.raises(EngineError, match=r"10\.3 or newer, got 8\.6\.2: JetPack 6\.0"):
        check_version("8.6.2")
