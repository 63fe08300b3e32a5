#!/bin/sh
# add-cuda.sh <version> <out>: llama.cpp's binaries for CUDA, which the workspace leaves out because they are 600 MB.
set -eu
version=$1
out=$2

for name in linux-x64-cuda linux-x64-cuda-ext; do
  target=$out/node_modules/@node-llama-cpp/$name
  archive=$(npm pack --silent "@node-llama-cpp/$name@$version")
  rm -rf "$target"
  mkdir -p "$target"
  tar -xzf "$archive" -C "$target" --strip-components=1
  rm "$archive"
done
