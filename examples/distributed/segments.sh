#!/usr/bin/env bash
# One test in several k6 processes on this machine, each with its execution segment, and one account of them all:
#
#   LISTENERS=30000 VUS=60 examples/distributed/segments.sh examples/apigw-broadcast.js \
#     --expect 'received==300000' --expect 'lost==0' --expect 'missed==0' --expect 'unsent==0'
#   SEGMENTS=8 TARGET=30000 RAMP=60s examples/distributed/segments.sh examples/apigw-connections.js --expect 'ready==30000'
#
# What follows the script is for `k6 x pushgw report`. PUSHGW_RESULT is the directory for the result files, each
# process's log and report.html, by default a new one, and K6 the k6 to use. The processes' output is shown as it comes,
# with their numbers before it. An interruption stops them, and there is a report all the same.
#
# The exit code is 0 if all succeed, otherwise the report's (1 where it says FAIL), or else that of the last process that
# failed.
set -eu

script=$1
shift
k6=${K6:-./k6}
export SEGMENTS=${SEGMENTS:-3} PUSHGW_RUN=${PUSHGW_RUN:-$(basename "$script" .js)-$(date +%s)}
export PUSHGW_RESULT=${PUSHGW_RESULT:-$(mktemp -d)}
export VUS=${VUS:-$SEGMENTS} # else one process would have the examples' only listening VU
if ((VUS % SEGMENTS)); then
  echo "VUS=$VUS isn't a multiple of SEGMENTS=$SEGMENTS, so the processes would have unequal shares of the listeners" >&2
  exit 2
fi
mkdir -p "$PUSHGW_RESULT"
pipes=$(mktemp -d)
pids=()
stop() { kill "${pids[@]}" 2>/dev/null || true; }
trap stop INT TERM
trap 'stop; rm -rf "$pipes"' EXIT
set -m # a terminal's interruption is for this script, which tells each process once: told twice, k6 doesn't end in order

# Without the sequence, k6 gives several segments the same VUs.
sequence=0
for ((i = 1; i < SEGMENTS; i++)); do sequence+=,$i/$SEGMENTS; done
sequence+=,1

show() { tee "$PUSHGW_RESULT/process-$1.log" | while IFS= read -r line; do printf '[%s] %s\n' "$1" "$line"; done; }

# await sets code to a process's exit code. A signal ends bash's wait, but not the process.
await() {
  code=0
  wait "$1" || code=$?
  while kill -0 "$1" 2>/dev/null; do
    code=0
    wait "$1" || code=$?
  done
}

for ((i = 1; i <= SEGMENTS; i++)); do mkfifo "$pipes/$i"; done
exec 3>&2 2>/dev/null # where bash would print the command of a process that was killed
for ((i = 1; i <= SEGMENTS; i++)); do
  show "$i" <"$pipes/$i" &
  shown[i]=$!
  "$k6" run --quiet --no-color --execution-segment "$((i - 1))/$SEGMENTS:$i/$SEGMENTS" \
    --execution-segment-sequence "$sequence" "$script" >"$pipes/$i" 2>&1 &
  pids[i]=$!
done

failed=0
for ((i = 1; i <= SEGMENTS; i++)); do
  await "${pids[i]}"
  ((code == 0)) || failed=$code
  if ((code > 128)) && signal=$(kill -l "$code"); then echo "process $i was killed by SIG$signal" >&3; fi
  await "${shown[i]}"
done
exec 2>&3 3>&-

echo "Report on all processes: $PUSHGW_RESULT/report.html"
"$k6" x pushgw report "$PUSHGW_RESULT" -o "$PUSHGW_RESULT/report.html" "$@" || failed=$?
exit "$failed"
