"""A DOUBLE of TensorRT, over that of CUDA in tests/cuda_double.py, for machines without a GPU.

Not NVIDIA's code and not a measure of it: a plan is the ONNX file behind one line of JSON, and
ONNX Runtime computes it. What it keeps of the real thing is what our backend must get right: work
is queued on a stream and done when the stream is waited for; a captured graph is launched, not
run; tensors are addresses; contexts need shapes, addresses and scratch memory; a batch outside the
profile is refused; failures are None or a status and a line in the log. tests/tensorrt_api holds
that every name in here exists in the real TensorRT.
"""

import ctypes
import json
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime

SCRATCH = 4096
TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


def tensorrt_double(cuda, version="10.3.0", *, memory_bytes=1 << 40, bias=0.0, parses=True):
    """Return the double of `tensorrt`.

    A build fails where the workspace is over `memory_bytes`; `bias` is added to every float
    output, as a board would that computes wrongly; the parser knows no operator unless `parses`.
    """

    class ILogger:
        INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

        def log(self, severity, msg):
            raise NotImplementedError

    def error(logger, text):
        logger.log(ILogger.ERROR, text)

    class Tensor:
        def __init__(self, node):
            self.name = node.name
            self.shape = tuple(-1 if isinstance(s, str) else s for s in node.shape)

    class Network:
        parsed = b""
        inputs = ()

        @property
        def num_inputs(self):
            return len(self.inputs)

        def get_input(self, index):
            return self.inputs[index]

    class OnnxParser:
        num_errors = 0

        def __init__(self, network, _logger):
            self.network = network

        def parse(self, data):
            self.node = onnx.NodeProto(op_type="?", name="?")
            try:
                model = onnx.load_model_from_string(data)
                if not parses:
                    self.node = model.graph.node[0]
                    raise NotImplementedError("an unsupported operator")
                inputs = loaded(data).get_inputs()
            except Exception as error:
                self.num_errors, self.why = 1, str(error)
                return False
            self.network.parsed, self.network.inputs = data, list(map(Tensor, inputs))
            return True

        def get_error(self, _index):
            return SimpleNamespace(
                node_operator=lambda: self.node.op_type,
                node_name=lambda: self.node.name,
                desc=lambda: self.why,
            )

    class TimingCache:
        def __init__(self, data):
            self.data = data

        def serialize(self):
            return b"timings of " + version.encode()

    class Config:
        def __init__(self):
            self.profiles, self.workspace = [], 0

        def set_memory_pool_limit(self, _pool, size):
            self.workspace = size

        def clear_flag(self, _flag):
            pass

        def add_optimization_profile(self, profile):
            self.profiles.append(profile)
            return 0

        def create_timing_cache(self, data):
            return TimingCache(data)

        def set_timing_cache(self, cache, _ignore_mismatch):
            return cache.data in (b"", b"timings of " + version.encode())

    class Profile:
        def __init__(self):
            self.shapes = {}

        def set_shape(self, name, *shapes):
            self.shapes[name] = shapes

    class Builder:
        def __init__(self, logger):
            self.logger = logger

        def create_network(self, flags):
            assert flags == 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
            return Network()

        def create_builder_config(self):
            return Config()

        def create_optimization_profile(self):
            return Profile()

        def build_serialized_network(self, network, config):
            if config.workspace > memory_bytes:
                return error(self.logger, "[OutOfMemory] requested size was too large")
            head = {"version": version, "capability": cuda.capability}
            head["profile"] = config.profiles[0].shapes
            return json.dumps(head).encode() + b"\n" + network.parsed

    class Context:
        def __init__(self, engine):
            self.engine, self.shapes, self.addresses, self.scratch = engine, {}, {}, 0

        def set_input_shape(self, name, shape):
            least, _, most = self.engine.profile[name]
            fits = len(shape) == len(most) and all(
                a <= b <= c for a, b, c in zip(least, shape, most, strict=True)
            )
            if not fits:
                error(self.engine.logger, f"{name}: {shape} is not inside the profile")
                return False
            self.shapes[name] = tuple(shape)
            return True

        def infer_shapes(self):
            return [name for name in self.engine.profile if name not in self.shapes]

        def get_tensor_shape(self, name):
            sizes = {}
            for node in self.engine.network.get_inputs():
                sizes |= dict(zip(node.shape, self.shapes[node.name], strict=True))
            node = next(n for n in self.engine.network.get_outputs() if n.name == name)
            return tuple(sizes.get(side, side) for side in node.shape)

        def set_tensor_address(self, name, address):
            self.addresses[name] = address
            return address in cuda.memory

        def set_device_memory(self, address, size):
            assert size >= SCRATCH
            self.scratch = address

        def execute_async_v3(self, _stream):
            if cuda.captured is not None and not cuda.capturable:
                return False
            assert self.scratch in cuda.memory, "no scratch memory was given"
            cuda.enqueue(self.compute)
            return True

        def compute(self):
            network = self.engine.network
            inputs = {
                node.name: cuda.read(
                    self.addresses[node.name], self.shapes[node.name], TYPES[node.type]
                )
                for node in network.get_inputs()
            }
            names = [node.name for node in network.get_outputs()]
            for name, value in zip(names, network.run(names, inputs), strict=True):
                value = np.ascontiguousarray(value + np.float32(bias))
                ctypes.memmove(self.addresses[name], value.ctypes.data, value.nbytes)

    class Engine:
        device_memory_size_v2 = SCRATCH

        def __init__(self, network, profile, logger):
            self.network, self.profile, self.logger = network, profile, logger
            nodes = [*network.get_inputs(), *network.get_outputs()]
            self.nodes = {node.name: node for node in nodes}

        @property
        def num_io_tensors(self):
            return len(self.nodes)

        def get_tensor_name(self, index):
            return list(self.nodes)[index]

        def get_tensor_mode(self, name):
            inside = name in {node.name for node in self.network.get_inputs()}
            return trt.TensorIOMode.INPUT if inside else trt.TensorIOMode.OUTPUT

        def get_tensor_profile_shape(self, name, _profile):
            return self.profile[name]

        def get_tensor_dtype(self, name):
            return self.nodes[name].type

        def create_execution_context(self, _strategy):
            return Context(self)

    class Runtime:
        def __init__(self, logger):
            self.logger = logger

        def deserialize_cuda_engine(self, plan):
            head, _, network = plan.partition(b"\n")
            head = json.loads(head)
            if (head["version"], head["capability"]) != (version, cuda.capability):
                return error(self.logger, "the engine plan file is not compatible")
            return Engine(loaded(network), head["profile"], self.logger)

    trt = SimpleNamespace(
        __version__=version,
        ILogger=ILogger,
        Builder=Builder,
        OnnxParser=OnnxParser,
        Runtime=Runtime,
        MemoryPoolType=SimpleNamespace(WORKSPACE=0),
        BuilderFlag=SimpleNamespace(TF32=3),
        TensorIOMode=SimpleNamespace(INPUT=1, OUTPUT=2),
        NetworkDefinitionCreationFlag=SimpleNamespace(
            STRONGLY_TYPED=0 if version.startswith("11") else 1
        ),
        ExecutionContextAllocationStrategy=SimpleNamespace(USER_MANAGED=2),
        nptype=lambda kind: TYPES[kind],
        doubles={
            "Builder": Builder,
            "IBuilderConfig": Config,
            "ITimingCache": TimingCache,
            "IOptimizationProfile": Profile,
            "OnnxParser": OnnxParser,
            "INetworkDefinition": Network,
            "Runtime": Runtime,
            "ICudaEngine": Engine,
            "IExecutionContext": Context,
        },
    )
    return trt


def loaded(data):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
