#!/usr/bin/env bash
# From a blank machine to a student and its engine's model folder: every step, in order.
#
#   training/reference_run.sh DATA RUNS
#
# DATA as in training/README.md. Each step goes on from, or is skipped for, what RUNS already holds.
# The shipped weights were made in part by hand-chosen steps (training/LOG.md): this gives a student
# of the same recipe, not the same bits.
set -euo pipefail
data=$1 runs=$2
mkdir -p "$runs"
pip install -e '.[train]'
python -m training.train_student "$data" "$runs/student" --recipe training/recipes/student.toml
python -m training.export_student "$data" "$runs/student/student.pt" "$runs/model" --model-id reference
naip=$data/naip
lessons() { # NAME SEED OLDER -- NEWER
  local name=$1 seed=$2 older=() newer=()
  shift 2
  while [ "$1" != -- ]; do older+=("$1") && shift; done
  shift
  newer=("$@")
  python -m training.make_queries "$runs/$name" --maps "${older[@]}" --later "${newer[@]}" \
    --count 8 --seed "$seed"
  [ -f "$runs/$name.safetensors" ] || python -m training.mine_candidates truth "$runs/$name" \
    --model "$runs/model" --top 12 --out "$runs/$name.safetensors"
}
lessons train 1 "$naip"/{long_beach,palm_springs}/*_2016.tif "$naip"/{eureka,bishop}/*.tif \
  -- "$naip"/{long_beach,palm_springs}/*_2020.tif
lessons val 2 "$naip"/claremont/*_2016.tif -- "$naip"/claremont/*_2020.tif
cat >"$runs/distill.toml" <<RECIPE
train = "$runs/train.safetensors"
val = "$runs/val.safetensors"
model = "$runs/model"
student = "$runs/model/student.safetensors"
RECIPE
python -m training.distill --out "$runs/distill" --recipe "$runs/distill.toml"
python -m training.calibrate "$data" "$runs/distill/model" "$runs/calibration"
