"""Write a trained student as ONNX: a model folder that `edgegeo build --model` takes.

    python -m training.export_student RUN/student.pt OUT [--model-id NAME]

Reads   RUN/student.pt   from training.train_student
Writes  OUT/             encoder.onnx  ranker.onnx  model.json (not yet calibrated)
"""

import argparse
from pathlib import Path

from edgegeo.export.onnx import export_student, load_student

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model-id", default="edgegeo-student-1")
    arguments = parser.parse_args()
    export_student(load_student(arguments.checkpoint), arguments.out, arguments.model_id, {})
