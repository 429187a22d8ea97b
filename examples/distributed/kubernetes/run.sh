#!/usr/bin/env bash
# Runs a script as testrun.yaml says, in kubectl's current namespace, and reports on it as report.yaml says:
#
#   RUN=nightly-42 examples/distributed/kubernetes/run.sh examples/apigw-broadcast.js
#
# RUN is the run's name, TIMEOUT how many seconds it may take. What is left of an earlier run of that name is deleted.
# The script's file has the name that testrun.yaml gives it.
#
# The exit code is the report's, if that isn't 0. It is 1 if a pod has failed, because its own thresholds aren't met or
# its node can't do what is asked of it, and 2 if the run isn't over in time.
set -eu

script=$(realpath "$1")
run=${RUN:-broadcast-1}
deadline=$((SECONDS + ${TIMEOUT:-1800}))
cd "$(dirname "$0")"

field() { kubectl get "$1" --ignore-not-found --output="jsonpath={$2}"; }
failed() { kubectl get jobs --selector="k6_cr=$run" --output='jsonpath={.items[?(@.status.failed)].metadata.name}'; }
named() { sed "s/broadcast-1/$run/g" "$1"; } # a manifest, for this run

# pause waits before the next look, unless the time is over.
pause() {
  ((SECONDS < deadline)) || { echo "run $run isn't over in time: $1" >&2; exit 2; }
  sleep "${PAUSE:-5}"
}

kubectl create configmap pushgw-script --from-file="$script" --dry-run=client --output=yaml | kubectl apply --filename=-
kubectl delete "testrun/$run" "job/$run-report" --ignore-not-found --cascade=foreground
named testrun.yaml | kubectl apply --filename=-

while stage=$(field "testrun/$run" .status.stage) && [[ $stage != finished ]]; do
  # The operator waits forever for a pod that failed before all had begun: its doctor, or the script's check.
  if [[ $stage == error || $stage != started && $stage != stopped && -n $(failed) ]]; then
    echo "run $run can't begin (stage $stage); failed: $(failed)" >&2
    for job in $(failed); do kubectl logs "job/$job" --all-containers >&2 || true; done
    exit 1
  fi
  pause "its stage is ${stage:-unknown}"
done

named report.yaml | kubectl apply --filename=-
while [[ -z $(field "job/$run-report" .status.succeeded)$(field "job/$run-report" .status.failed) ]]; do
  pause "the report isn't there"
done
kubectl logs "job/$run-report"
code=$(kubectl get pods --selector="job-name=$run-report" \
  --output='jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}')
jobs=$(failed)
if ((code == 0)) && [[ -n $jobs ]]; then
  echo "failed, as by thresholds of their own (see their logs): $jobs" >&2
  code=1
fi
exit "$code"
