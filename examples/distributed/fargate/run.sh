#!/usr/bin/env bash
# Runs a script of the image in Fargate, one task for each segment, and a last task that reports on them all:
#
#   CLUSTER=load SUBNETS=subnet-ID SECURITY_GROUPS=sg-ID RUN=nightly-42 examples/distributed/fargate/run.sh apigw-broadcast.js \
#     --expect 'received==300000' --expect 'lost==0' --expect 'missed==0' --expect 'unsent==0'
#
# What follows the script is for `k6 x pushgw report`. SEGMENTS is how many tasks there are, as in task.json, of which the
# latest revision is run. The tasks' output is in CloudWatch.
#
# The exit code is 0 if all succeed, otherwise the report's, or else that of the last task that failed. It is 2 if a task
# has no exit code, because it couldn't be started, as when its doctor found a limit too low.
set -eu

script=$1
shift
segments=${SEGMENTS:-3} run=${RUN:-nightly-42}
network="awsvpcConfiguration={subnets=[$SUBNETS],securityGroups=[$SECURITY_GROUPS],assignPublicIp=${PUBLIC_IP:-DISABLED}}"

# quoted prints words as a list in JSON. None of them has a quote or a backslash in it.
quoted() {
  local words
  printf -v words '"%s",' "$@"
  echo "[${words%,}]"
}

# start runs a task with a command and prints its name.
start() {
  local environment="[{\"name\":\"PUSHGW_RUN\",\"value\":\"$run\"},{\"name\":\"PUSHGW_RESULT\",\"value\":\"/results/$run\"},{\"name\":\"SEGMENTS\",\"value\":\"$segments\"}]"
  aws ecs run-task --cluster "$CLUSTER" --launch-type FARGATE --platform-version 1.4.0 --task-definition k6-pushgw \
    --network-configuration "$network" --query 'tasks[0].taskArn' --output text \
    --overrides "{\"containerOverrides\":[{\"name\":\"k6\",\"command\":$(quoted "$@"),\"environment\":$environment}]}"
}

# await waits until a task has stopped, and sets code to its exit code.
await() {
  local looks=0
  until aws ecs wait tasks-stopped --cluster "$CLUSTER" --tasks "$1"; do # which gives up after ten minutes
    ((++looks < 6)) || { echo "task $1 hasn't stopped" >&2; exit 2; }
  done
  code=$(aws ecs describe-tasks --cluster "$CLUSTER" --tasks "$1" --query 'tasks[0].containers[?name==`k6`].exitCode' --output text)
  if [[ ! $code =~ ^[0-9]+$ ]]; then
    echo "task $1 has run nothing: see its stoppedReason, and the log of its doctor" >&2
    code=2
  fi
}

sequence=0
for ((i = 1; i < segments; i++)); do sequence+=,$i/$segments; done
sequence+=,1

tasks=()
for ((i = 1; i <= segments; i++)); do
  tasks+=("$(start run --quiet --execution-segment "$((i - 1))/$segments:$i/$segments" --execution-segment-sequence "$sequence" "/home/k6/$script")")
done

failed=0
for task in "${tasks[@]}"; do
  await "$task"
  ((code == 0)) || failed=$code
done

await "$(start x pushgw report "/results/$run" --output "/results/$run/report.html" "$@")"
((code == 0)) || failed=$code
exit "$failed"
