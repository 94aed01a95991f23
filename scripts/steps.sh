# shellcheck shell=bash
# Runs steps, counts their results, and prints a summary. Sourced by check;
# `steps` names the steps to run, `work` is a folder for temporary files, and
# `REQUIRED` names what must not be skipped in strict mode.
# shellcheck disable=SC2154 # these are set where this is sourced

passed=0
failed=0
skipped=()
failures=()
times=()
done_steps=0

# Runs a step in a shell of its own, shows its output live, and counts it.
# Status 77 of a step means skipped.
step() {
  local name=$1 began=$SECONDS status verdict
  shift
  done_steps=$((done_steps + 1))
  echo "[$done_steps/${#steps[@]}] $name"
  # Not with `||`: bash would then continue after a failing command within the
  # step.
  set +e
  (set -e; "$@") 2>&1 | tee "$work/output"
  status=${PIPESTATUS[0]}
  set -e
  case $status in
    0) verdict=passed ;;
    77) verdict=skipped ;;
    *) verdict="FAILED (status $status)" ;;
  esac
  count "$name" "$status"
  times+=("$((SECONDS - began)) $name")
  echo "[$done_steps/${#steps[@]}] $name: $verdict, $((SECONDS - began)) s"
  echo
}

# A step counts as one result; if it ran cargo's tests, each of them counts. A
# test that cannot run here prints a line `SKIPPED group: test: reason`, and
# cargo counts it as passed.
count() {
  local name=$1 status=$2 ok bad said
  read -r ok bad < <(awk '/^test result: /{ ok += $4; bad += $6 } END { print ok + 0, bad + 0 }' "$work/output")
  mapfile -t said < <(grep -ao 'SKIPPED [a-z-]*: .*' "$work/output" | sed 's/^SKIPPED //' | sort -u)
  passed=$((passed + ok - ${#said[@]}))
  failed=$((failed + bad))
  skipped+=("${said[@]}")
  # A skipped step says why; so does each skipped part of a step.
  mapfile -t said < <(sed -n "s/^skipped: /$name: /p" "$work/output" | sort -u)
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
