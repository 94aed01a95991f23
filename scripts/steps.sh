# shellcheck shell=bash
# Runs steps, counts what came of them, and sums up. Sourced by check; `steps`
# names the steps that will run, `work` is a folder for temporary files, and
# `REQUIRED` names what may not be skipped where nothing may be missing.
# shellcheck disable=SC2154 # these are set where this is sourced

passed=0
failed=0
skipped=()
failures=()
times=()
done_steps=0

# Runs a step in a shell of its own, shows its output as it comes, and counts
# it. Status 77 of a step means skipped.
step() {
  local name=$1 began=$SECONDS status verdict
  shift
  done_steps=$((done_steps + 1))
  echo "[$done_steps/${#steps[@]}] $name"
  # Not with `||`: bash would then go on after a command that fails within the
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

# A step counts as one result; where it ran cargo's tests, each of them counts.
# A test that cannot run here says so in a line `SKIPPED group: test: reason`,
# and cargo counts it as passed.
count() {
  local name=$1 status=$2 ok bad said
  read -r ok bad < <(awk '/^test result: /{ ok += $4; bad += $6 } END { print ok + 0, bad + 0 }' "$work/output")
  mapfile -t said < <(grep -ao 'SKIPPED [a-z-]*: .*' "$work/output" | sed 's/^SKIPPED //' | sort -u)
  passed=$((passed + ok - ${#said[@]}))
  failed=$((failed + bad))
  skipped+=("${said[@]}")
  # A step that cannot run says why; so does each part of one that otherwise
  # runs.
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

# Whether a core step or test is among the skipped ones.
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
# Status 1 if something failed, or, where the argument is yes, if a core step or
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
