#!/usr/bin/env bash
# Step 4: measure the shipped model on the test split, once a candidate release.
#
#   training/measure.sh DATA OUT [sift]
#
# Writes OUT/*.json and OUT/*.jsonl, and prints the README's tables. With `sift` the peer runs
# on the same frames too (of riverside on every fifth).
set -euo pipefail
data=$1 out=$2 peer=${3:-}
mkdir -p "$out"
naip=$data/naip ortho=$data/drone_ortho video=$data/nadir_video
others=("$naip"/{claremont,long_beach,palm_springs}/*_2016.tif "$naip"/{eureka,bishop}/*.tif)
riverside=("$naip"/riverside/*_2016.tif)
terms=(--licence "see the data's README" --attribution "see the data's README")

[ -f "$out/riverside/truth.csv" ] || edgegeo simulate "$naip"/riverside/*_2020.tif \
  --out "$out/riverside" --count-per-map 5 --footprint-m 60 --seed 0
[ -f "$out/riverside-80/truth.csv" ] || edgegeo simulate "$naip"/riverside/*_2020.tif \
  --out "$out/riverside-80" --count-per-map 5 --footprint-m 80 --seed 0
edgegeo build "${riverside[@]}" "${others[@]}" --out "$out/cities.edgegeo" --footprint-m 60 "${terms[@]}"
edgegeo build "${riverside[@]}" "${others[@]}" --out "$out/cities-80.edgegeo" --footprint-m 80 "${terms[@]}"
edgegeo build "${others[@]}" --out "$out/others.edgegeo" --footprint-m 60 "${terms[@]}"
edgegeo build "${riverside[@]}" --out "$out/riverside.edgegeo" --footprint-m 60 "${terms[@]}"
edgegeo build "$video/map.tif" --out "$out/video.edgegeo" --footprint-m 120 "${terms[@]}"
for site in brighton caliterra; do
  edgegeo build "$ortho/$site/map.tif" --out "$out/$site.edgegeo" --footprint-m 50 "${terms[@]}"
done

evaluate() { # NAME ENGINE FRAMES TRUTH [flags]
  local name=$1 engine=$2 frames=$3 truth=$4
  shift 4
  edgegeo evaluate "$out/$engine.edgegeo" --frames "$frames" --truth "$truth" \
    --out "$out/$name.json" --rows "$out/$name.jsonl" "$@" >"$out/$name.txt"
  echo "$name done" >&2
}
drone=("$out/riverside" "$out/riverside/truth.csv")
flight=("$video/flight.mp4" "$video/truth.csv")
evaluate riverside cities "${drone[@]}"
evaluate riverside-80m cities-80 "$out/riverside-80" "$out/riverside-80/truth.csv"
evaluate riverside-no-heading cities "${drone[@]}" --no-heading
evaluate riverside-no-gsd cities "${drone[@]}" --no-gsd
evaluate riverside-off-map others "${drone[@]}"
evaluate video video "${flight[@]}"
evaluate video-prior-200 video "${flight[@]}" --prior-radius-m 200
evaluate video-no-heading video "${flight[@]}" --no-heading
evaluate video-no-gsd video "${flight[@]}" --no-gsd
evaluate video-neither video "${flight[@]}" --no-heading --no-gsd
evaluate video-off-map riverside "${flight[@]}"
for site in brighton caliterra; do
  evaluate "$site" "$site" "$ortho/$site/frames" "$ortho/$site/truth.csv"
done
python -m training.results_table "$out"

if [ "$peer" = sift ]; then
  sift() { # NAME MAP_GSD FRAMES TRUTH MAPS...
    local name=$1 gsd=$2 frames=$3 truth=$4
    shift 4
    python -m tests.bench.sift_matching --maps "$@" --frames "$frames" --truth "$truth" \
      --map-gsd "$gsd" --rows "$out/$name-sift.jsonl" | tee "$out/$name-sift.txt"
  }
  sift video 0.5 "${flight[@]}" "$video/map.tif"
  for site in brighton caliterra; do
    sift "$site" 0.2 "$ortho/$site/frames" "$ortho/$site/truth.csv" "$ortho/$site/map.tif"
  done
  # One frame of each place: the peer takes over a second for each on this map.
  awk 'NR == 1 || NR % 5 == 2' "$out/riverside/truth.csv" >"$out/riverside/fifth.csv"
  drone=("$out/riverside" "$out/riverside/fifth.csv")
  evaluate riverside-fifth cities "${drone[@]}"
  sift riverside-fifth 0.6 "${drone[@]}" "${riverside[@]}" "${others[@]}"
fi
