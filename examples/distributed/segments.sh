#!/usr/bin/env bash
# One test in several k6 processes on this machine, each with its execution segment, and one account of them all:
#
#   LISTENERS=30000 VUS=60 examples/distributed/segments.sh examples/apigw-broadcast.js
#   SEGMENTS=8 TARGET=30000 RAMP=60s examples/distributed/segments.sh examples/apigw-connections.js
#
# What follows the script is for `k6 x pushgw report`, such as --expect 'lost==0'. PUSHGW_RESULT is the directory
# for the result files and for report.html, by default a new one, and K6 the k6 to use.
set -eu

script=$1
shift
k6=${K6:-./k6}
export SEGMENTS=${SEGMENTS:-3} PUSHGW_RUN=${PUSHGW_RUN:-$(basename "$script" .js)-$(date +%s)}
export PUSHGW_RESULT=${PUSHGW_RESULT:-$(mktemp -d)}
logs=$(mktemp -d)
trap 'kill $(jobs -pr) 2>/dev/null || true; rm -rf "$logs"' EXIT

# Without the sequence, k6 gives several segments the same VUs.
sequence=0
for ((i = 1; i < SEGMENTS; i++)); do sequence+=,$i/$SEGMENTS; done
sequence+=,1

for ((i = 1; i <= SEGMENTS; i++)); do
  "$k6" run --quiet --no-color --execution-segment "$((i - 1))/$SEGMENTS:$i/$SEGMENTS" \
    --execution-segment-sequence "$sequence" "$script" >"$logs/$i" 2>&1 &
  pids[i]=$!
done

failed=0
for ((i = 1; i <= SEGMENTS; i++)); do
  wait "${pids[i]}" || failed=$?
  echo "process $i of $SEGMENTS"
  cat "$logs/$i"
done

echo "all processes, and $PUSHGW_RESULT/report.html"
"$k6" x pushgw report "$PUSHGW_RESULT" -o "$PUSHGW_RESULT/report.html" "$@" || failed=$?
exit "$failed"
