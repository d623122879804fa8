#!/bin/sh
# Train nano as the shipped one was trained, and measure it beside that one, on a machine with one GPU:
#
#   sh recipes/nano_gpu.sh DATA
#
# The corpus takes hours of a core, the GPU a quarter of an hour. Run again after a stop, it goes on where it stood.
set -eu
data=$(cd "${1:?give the folder of the data}" && pwd)
cd "$(dirname "$0")/.."
work=runs/nano_gpu_corpus

biomatrix corpus build recipes/nano_gpu_corpus.toml --data "$data" --output "$work" --workers 2
python benchmarks/nano_leakage.py "$work" --trained "$work"
biomatrix train pretrain recipes/nano_gpu_pretrain.toml
biomatrix train finetune recipes/nano_gpu_finetune.toml
[ -d runs/nano_gpu ] ||
  biomatrix train average runs/nano_gpu_pretrain/model runs/nano_gpu_finetune/model --weights 0.7,0.3 -o runs/nano_gpu
python benchmarks/nano.py "$work" --model runs/nano_gpu --model nano
