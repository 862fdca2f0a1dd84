"""Every number a training run of the LVLM ranker depends on."""

from dataclasses import dataclass

from edgegeo.errors import RangeError
from edgegeo.learn.ranking_losses import LOSSES
from edgegeo.learn.soft_labels import SOURCES
from edgegeo.models.lvlm import LvlmSpec


@dataclass(frozen=True, kw_only=True)
class RankerRecipe:
    train: str  # a file of training.mine_candidates; from the folder the command runs in
    val: str = ""  # another one; without, `held_out` of the training places are for validation
    held_out: float = 0.1
    val_queries: int = 1000  # at most so many, evenly spread

    model: str = "Qwen/Qwen2-VL-2B-Instruct"
    px: int = 448  # side of the square that frames and tiles are brought to
    fit: str = "stretch"  # or crop
    bad_images: str = "error"  # or skip
    dtype: str = "bfloat16"
    attention: str = "sdpa"
    gradient_checkpointing: bool = False
    lora_rank: int = 16  # 0: every weight learns
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    lora_targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")

    candidates: int = 10
    loss: str = "listwise"
    labels: str = "similarity"
    threshold: float = 0.5  # of similarity; the paper's is not published
    tau_m: float = 20.0  # of distance

    epochs: int = 1
    batch: int = 8  # queries a step, over all processes
    learning_rate: float = 1.0e-4
    weight_decay: float = 0.01
    warmup: int = 50
    clip: float = 1.0
    seed: int = 0

    report_every: int = 10
    validate_every: int = 200
    save_every: int = 50
    tensorboard: bool = False

    def __post_init__(self) -> None:
        choices = {
            "fit": ("stretch", "crop"),
            "bad_images": ("error", "skip"),
            "loss": tuple(LOSSES),
            "labels": SOURCES,
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise RangeError.of(name, f"one of {', '.join(known)}", getattr(self, name))
        positive = ("px", "epochs", "batch", "report_every", "validate_every", "save_every")
        for name in (*positive, "val_queries", "learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise RangeError.of(name, "above 0", getattr(self, name))
        if self.lora_rank == 0 and self.dtype != "float32":
            raise RangeError.of("dtype", "float32 where every weight learns", self.dtype)
        if self.candidates < 2:
            raise RangeError.of("candidates", "at least 2", self.candidates)
        if not self.val and not 0 < self.held_out < 1:
            raise RangeError.of("held_out", "between 0 and 1", self.held_out)

    def spec(self) -> LvlmSpec:
        """Return the part that says what the model is."""
        return LvlmSpec(
            model=self.model,
            max_pixels=self.px**2,
            dtype=self.dtype,
            attention=self.attention,
            gradient_checkpointing=self.gradient_checkpointing,
            lora_rank=self.lora_rank,
            lora_alpha=self.lora_alpha,
            lora_dropout=self.lora_dropout,
            lora_targets=self.lora_targets,
            seed=self.seed,
        )
