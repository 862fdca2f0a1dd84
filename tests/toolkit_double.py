"""A Toolkit of the labelled doubles of CUDA and TensorRT, and plans built with it."""

from edgegeo.backends.cuda import read_board
from edgegeo.plans import Toolkit, open_plans
from tests.cuda_double import CudaDouble
from tests.tensorrt_double import tensorrt_double


def tools(version="10.3.0", capability="8.7", *, gpu_bytes=1 << 40, **trt):
    cudart = CudaDouble(capability, memory_bytes=gpu_bytes)
    module = tensorrt_double(cudart, version, **trt)
    return Toolkit(module, cudart, read_board(module, cudart))


def built(engine, with_tools=None, **options):
    """Open the plans; returns what was said."""
    said = []
    open_plans(engine, with_tools or tools(), say=said.append, **options)
    return "\n".join(said)
