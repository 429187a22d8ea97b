#!/usr/bin/env bash
# The way of AWS's published benchmark to more connections than one k6 can hold: one
# test, cut into three segments. It had three machines; here they are three processes.
#
#   TARGET=30000 RAMP=60s examples/segments.sh examples/apigw-connections.js
#   LISTENERS=30000 VUS=60 START=60s HOLD=90s examples/segments.sh examples/apigw-broadcast.js
#
# Each segment knows what its own listeners lost, so the sums are the whole test's.
# The sequence must be given too, or k6 gives several segments the same VUs.
set -eu

script=$1
export SEGMENTS=3 TARGET=${TARGET:-300}
bounds=(0 1/3 2/3 1)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for i in 1 2 3; do
  "${K6:-./k6}" run --quiet --no-color \
    --execution-segment "${bounds[i - 1]}:${bounds[i]}" --execution-segment-sequence 0,1/3,2/3,1 \
    "$script" >"$out/$i" 2>&1 &
  pids[i]=$!
done

failed=0
for i in 1 2 3; do
  wait "${pids[i]}" || failed=$?
  echo "segment $i of 3"
  cat "$out/$i"
done

echo "all segments"
awk '/^ +(ws_sessions|[a-z_]+_counter|pushgw_(connect_failed|lost|missed|unsent|unclosed|indeterminate))\.*:/ {
  sub(/\.*:$/, "", $1); sum[$1] += $2
} END { for (name in sum) print "  " name, sum[name] }' "$out"/* | sort
exit "$failed"
