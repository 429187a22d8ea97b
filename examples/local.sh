#!/usr/bin/env bash
# Runs a command with a local gateway beside it, and the examples' addresses set to it:
#
#   examples/local.sh ./k6 run examples/both.js
#
# GATEWAY holds further flags for `k6 x pushgw serve`, K6 the k6 to use.
set -eu

# Nothing leaves this machine: the extension is built in, and k6 reports no usage.
export K6_AUTO_EXTENSION_RESOLUTION=false K6_NO_USAGE_REPORT=true

# shellcheck disable=SC2086 # flags are words
exec 3< <(exec "${K6:-./k6}" x pushgw serve --address 127.0.0.1:0 ${GATEWAY:-})
gateway=$!
trap 'kill $gateway 2>/dev/null || true' EXIT

while read -r -u 3 word _ address && [[ $word != ready ]]; do :; done
[[ ${word:-} == ready ]] || { echo "the local gateway did not start" >&2; exit 1; }

export APIGW_URL=ws://$address/dev APPSYNC_URL=http://$address/graphql EVENTS_URL=http://$address/event
"$@"
