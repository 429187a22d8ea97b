#!/usr/bin/env bash
# The connection test of AWS's published benchmark on one machine: 150,000 connections in 15 minutes, held
# for 60 seconds, to API Gateway and then to AppSync. For where a process may open no
# more than 20,000 files, there are eight of k6, by execution segments, and eight local
# gateways.
#
#   bench/150k.sh                                   half an hour, docs/benchmarks.md
#   bench/150k.sh -listeners 4000 -ramp 10s -hold 2s
set -eu
cd "$(dirname "$0")/.."
for gateway in ${GATEWAYS:-apigw appsync}; do
	go run ./bench hold -gateway "$gateway" "$@"
done
