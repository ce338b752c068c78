#!/bin/bash
# Shaded relief and statistics of a real elevation model twice, by the C++ example and by the tandem command; fails unless
# the two agree.
set -euo pipefail

if [[ $# -lt 2 || $# -gt 3 || $1 == -* ]]; then
  echo "usage: hillshade.sh PROGRAMS_FOLDER OUTPUT_FOLDER [MODEL.npz]" >&2
  exit 2
fi
programs=$(cd "$1" && pwd)
model=$(realpath "${3-$(dpkg -L python-matplotlib-data | grep '/jacksboro_fault_dem\.npz$')}")
mkdir -p "$2"
cd "$2"

td() { "$programs/tandem" eval "$@"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

echo "Elevation model $model ($(stat -c %s "$model") bytes)"
echo
echo "1. The C++ API: hillshade"
started=$(milliseconds)
"$programs/hillshade" "$model" cpp | tee cpp.txt
echo "$(($(milliseconds) - started)) ms in all"

echo
echo "2. The command: tandem eval"
started=$(milliseconds)
td 'astype(elevation, float64)' elevation="$model:elevation" -o z.npy
# Change of z per metre: central differences inside, one-sided at the edges. A degree of latitude measures 111.2 km, one of
# longitude less by the cosine of the latitude; rows run from north to south.
td 'concat([z[:,1:2] - z[:,:1], (z[:,2:] - z[:,:-2]) / 2, z[:,-1:] - z[:,-2:-1]], axis=1)
    / (111200 * dx * cos(latitude * pi / 180))' \
  z=z.npy dx="$model:dx" latitude="$model:ymin" -o east.npy
td '-concat([z[1:2] - z[:1], (z[2:] - z[:-2]) / 2, z[-1:] - z[-2:-1]], axis=0) / (111200 * dy)' \
  z=z.npy dy="$model:dy" -o north.npy
# The cosine of the angle between the surface's normal and the direction to the light.
td 'clip((sin(altitude * pi / 180) - cos(altitude * pi / 180)
      * (sin(azimuth * pi / 180) * east + cos(azimuth * pi / 180) * north)) / sqrt(east**2 + north**2 + 1), 0, 1)' \
  east=east.npy north=north.npy azimuth=315 altitude=45 -o command.npy
td 'astype(round(shade * 255), uint8)' shade=command.npy -o pixels.npy
td 'atan(sqrt(east**2 + north**2)) * (180 / pi)' east=east.npy north=north.npy -o slope.npy
# The image's header, and the bytes at the end of the .npy file.
read -r rows columns < <(head -c 128 pixels.npy | LC_ALL=C sed -n "s/.*'shape': (\([0-9]*\), \([0-9]*\)).*/\1 \2/p")
{
  printf 'P5\n%d %d\n255\n' "$columns" "$rows"
  tail -c $((rows * columns)) pixels.npy
} >command.pgm

# The same statistics, under the same names.
statistics=(
  'lowest (m)'             'min(z)'
  'highest (m)'            'max(z)'
  'highest, row'           'argmax(max(z, axis=1))'
  'highest, column'        'argmax(z) % columns'
  'mean elevation (m)'     'mean(z)'
  'standard deviation (m)' 'std(z)'
  'row with highest mean'  'argmax(mean(z, axis=1))'
  'its mean (m)'           'max(mean(z, axis=1))'
  'mean slope (deg)'       'mean(slope)'
  'steepest slope (deg)'   'max(slope)'
  'share above 15 deg'     'mean(slope > 15)'
  'surface per plan area'  'mean(sqrt(east**2 + north**2 + 1))'
  'mean brightness'        'mean(shade)'
)
cpp_values=()
command_values=()
for ((i = 0; i < ${#statistics[@]}; i += 2)); do
  name=${statistics[i]}
  value=$(td "${statistics[i + 1]}" z=z.npy east=east.npy north=north.npy slope=slope.npy shade=command.npy \
    columns="$columns")
  printf '%-26s %-20s %s\n' "$name" "$value" "${statistics[i + 1]}"
  command_values+=("$value")
  cpp_values+=("$(awk -v name="$name" 'index($0, name) == 1 { print $NF }' cpp.txt)")
done
echo "$(($(milliseconds) - started)) ms in all, $((6 + ${#statistics[@]} / 2)) starts of the command"

list() { local IFS=,; echo "[$*]"; }
# check WHAT EXPRESSION LIMIT [INPUT...]: prints the expression's value and fails if it is above the limit.
check() {
  local what=$1 expression=$2 limit=$3 value
  shift 3
  value=$(td "$expression" "$@")
  printf '%-26s %s (at most %s)\n' "$what" "$value" "$limit"
  [[ $(td 'value <= limit' value="$value" limit="$limit") == True ]] || { echo "hillshade.sh: $what differs" >&2; exit 1; }
}
echo
echo "3. Do they agree?"
check 'brightness, difference' 'max(abs(a - b))' 1e-12 a=cpp.npy b=command.npy
check 'statistics, relative' 'max(abs(a - b) / (abs(b) + 1))' 1e-11 a="$(list "${cpp_values[@]}")" b="$(list "${command_values[@]}")"
if cmp -s cpp.pgm command.pgm; then
  echo "the images are equal, byte for byte"
else
  echo "hillshade.sh: the images differ" >&2
  exit 1
fi
echo
echo "In $PWD:"
for file in cpp.npy command.npy cpp.pgm command.pgm; do
  printf '  %-12s %8d bytes\n' "$file" "$(stat -c %s "$file")"
done
