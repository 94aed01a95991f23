# shellcheck shell=bash
# Runs steps, counts their results, and prints a summary. Sourced by check;
# `steps` names the steps to run, `work` is a folder for temporary files,
# `perform` runs the step with a name, and `REQUIRED` names what must not be
# skipped in strict mode.
# shellcheck disable=SC2154 # these are set where this is sourced

passed=0
failed=0
skipped=()
failures=()
times=()
done_steps=0
# The process group, and the time of the start, of each step that runs now.
declare -A groups=() starts=()
# Each step writes its name and its status here when it ends.
mkfifo "$work/endings"
exec {endings}<>"$work/endings"

# Starts a step in a process group of its own. Its output goes to a file, and,
# if `how` is `live`, to the terminal too. Status 77 of a step means skipped.
start_step() {
  local how=$1 name=$2
  # Makes the group.
  set -m
  run_step "$how" "$name" </dev/null &
  set +m
  groups[$name]=$!
  starts[$name]=$SECONDS
}

# Not with `||`: bash would then continue after a failing command within the
# step.
run_step() {
  local how=$1 name=$2 status
  trap - INT TERM EXIT
  set +e
  if [[ $how == live ]]; then
    (set -e; perform "$name") 2>&1 {endings}<&- | tee "$work/$name.output"
    status=${PIPESTATUS[0]}
  else
    (set -e; perform "$name") >"$work/$name.output" 2>&1 {endings}<&-
    status=$?
  fi
  echo "$name $status" >&"$endings"
}

# Waits for one of the steps that run; sets `ended`, `status` and `took`.
wait_for_step() {
  local name
  ended=
  until [[ -n $ended && -n ${groups[$ended]:-} ]]; do
    read -r -t 5 ended status <&"$endings" && continue
    # One that was killed says nothing.
    for name in "${!groups[@]}"; do
      kill -0 "${groups[$name]}" 2>/dev/null || echo "$name 137" >&"$endings"
    done
  done
  took=$((SECONDS - starts[$ended]))
  unset "groups[$ended]"
}

# Prints the result of the step that ended, and counts it.
conclude() {
  local verdict
  case $status in
    0) verdict=passed ;;
    77) verdict=skipped ;;
    *) verdict="FAILED (status $status)" ;;
  esac
  count "$ended" "$status"
  times+=("$took $ended")
  echo "[$done_steps/${#steps[@]}] $ended: $verdict, $took s"
  echo
}

# Runs one step and shows its output live.
step() {
  local ended status took
  done_steps=$((done_steps + 1))
  echo "[$done_steps/${#steps[@]}] $1"
  start_step live "$1"
  wait_for_step
  conclude
}

# Runs this many lanes at the same time. A lane is the names of steps, one after
# the other. The output of a step is printed when it has ended; that of a single
# lane is shown live.
in_lanes() {
  local width=$1 lane ended status took
  shift
  if (($# == 1)); then
    for lane in $1; do
      step "$lane"
    done
    return
  fi
  # What is left of each lane, by the step that it runs.
  local -A rest=()
  while (($# > 0 || ${#groups[@]} > 0)); do
    while (($# > 0 && ${#groups[@]} < width)); do
      read -ra lane <<<"$1"
      shift
      rest[${lane[0]}]=${lane[*]:1}
      start_step buffered "${lane[0]}"
    done
    wait_for_step
    read -ra lane <<<"${rest[$ended]}"
    if ((${#lane[@]} > 0)); then
      rest[${lane[0]}]=${lane[*]:1}
      start_step buffered "${lane[0]}"
    fi
    done_steps=$((done_steps + 1))
    echo "[$done_steps/${#steps[@]}] $ended"
    cat "$work/$ended.output"
    conclude
  done
}

# Ends the steps that run, with all of their processes: they are interrupted, as
# by Ctrl-C; where that is ignored, as in a script in the background, they are
# terminated.
stop_steps() {
  local signal name tries
  for signal in INT TERM KILL; do
    for name in "${!groups[@]}"; do
      kill "-$signal" -- "-${groups[$name]}" 2>/dev/null || unset "groups[$name]"
    done
    for ((tries = 0; tries < 30; tries++)); do
      for name in "${!groups[@]}"; do
        kill -0 -- "-${groups[$name]}" 2>/dev/null || unset "groups[$name]"
      done
      ((${#groups[@]} > 0)) || return 0
      sleep 0.1
    done
  done
}

# A step counts as one result; if it ran cargo's tests, each of them counts. A
# test that cannot run here prints a line `SKIPPED group: test: reason`, and
# cargo counts it as passed.
count() {
  local name=$1 status=$2 ok bad said
  read -r ok bad < <(awk '/^test result: /{ ok += $4; bad += $6 } END { print ok + 0, bad + 0 }' "$work/$name.output")
  mapfile -t said < <(grep -ao 'SKIPPED [a-z-]*: .*' "$work/$name.output" | sed 's/^SKIPPED //' | sort -u)
  passed=$((passed + ok - ${#said[@]}))
  failed=$((failed + bad))
  skipped+=("${said[@]}")
  # A skipped step says why; so does each skipped part of a step.
  mapfile -t said < <(sed -n "s/^skipped: /$name: /p" "$work/$name.output" | sort -u)
  skipped+=("${said[@]}")
  if ((status == 77)); then
    ((${#said[@]} > 0)) || skipped+=("$name: it does not say why")
  elif ((status != 0)); then
    failures+=("$name")
    ((bad > 0)) || failed=$((failed + 1))
  elif ((ok == 0)); then
    passed=$((passed + 1))
  fi
}

# Whether a core step or test was skipped.
lacks_core() {
  local one name
  for one in "${skipped[@]}"; do
    for name in "${REQUIRED[@]}"; do
      [[ ${one%%:*} != "$name" ]] || return 0
    done
  done
  return 1
}

# Prints the times and what was skipped, then the counts as the last line.
# Status 1 if something failed, or, if the argument is yes, if a core step or
# test was skipped.
summary() {
  local strict=$1 one
  echo "Steps, slowest first:"
  printf '%s\n' "${times[@]}" | sort -rn | sed 's/^\([0-9]*\) \(.*\)/  \1 s  \2/'
  echo "In all: $((SECONDS / 60)) min $((SECONDS % 60)) s"
  ((${#failures[@]} == 0)) || echo "FAILED: ${failures[*]}"
  for one in "${skipped[@]}"; do
    echo "Skipped: $one"
  done
  if [[ $strict == yes ]] && lacks_core; then
    echo "A core step or test was skipped, and --strict does not allow that."
    failed=$((failed + 1))
  fi
  echo "$passed passed, $failed failed, ${#skipped[@]} skipped"
  ((failed == 0))
}
