"""Every number a distillation depends on."""

from dataclasses import dataclass

from edgegeo.errors import RangeError
from edgegeo.learn.soft_labels import SOURCES

BEGINNINGS = ("student", "fresh")
HEED = ("proven", "always")


@dataclass(frozen=True, kw_only=True)
class DistilRecipe:
    train: str  # a file of training.mine_candidates; from the folder the command runs in
    val: str  # another one: weights, threshold and the best epoch are chosen on it
    teacher: str = ""  # OUT/best of training.train_ranker; without, the truth alone teaches
    teacher_px: int = 64  # side of what the teacher looks at, as in its recipe
    heed: str = "proven"  # a teacher only where it beats retrieval on val, or always
    model: str = "edgegeo/model"  # whose encoder stays as it is
    student: str = "training/weights/student-1.safetensors"  # weights of that model
    begin: str = "student"  # with its relation, or fresh: with one that has learned nothing

    temperature: float = 2.0  # of the lists, in the KL
    kl: float = 1.0  # weights of the losses
    margin: float = 0.02
    labels_weight: float = 1.0
    offset: float = 1.0
    nowhere: float = 0.3
    labels: str = "overlap"  # of the truth; see soft_labels
    threshold: float = 0.5  # of similarity
    tau_m: float = 10.0  # of distance

    epochs: int = 20
    batch: int = 32  # lists a step
    learning_rate: float = 2.0e-3
    weight_decay: float = 0.01
    warmup: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("begin", BEGINNINGS), ("heed", HEED), ("labels", SOURCES)):
            if getattr(self, name) not in known:
                raise RangeError.of(name, f"one of {', '.join(known)}", getattr(self, name))
        for name in ("epochs", "batch", "learning_rate", "temperature", "teacher_px", "tau_m"):
            if not getattr(self, name) > 0:
                raise RangeError.of(name, "above 0", getattr(self, name))
        for name in ("kl", "margin", "labels_weight", "offset", "nowhere"):
            if not getattr(self, name) >= 0:
                raise RangeError.of(name, "0 or more", getattr(self, name))
