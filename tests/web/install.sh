# shellcheck shell=bash
# Copies these tests into the cache, next to playwright-core from npm, so that a
# checkout stays clean. Sourced by tests/web/run and benches/web; sets `cache`
# and `chromium`, or ends with status 77.
# shellcheck disable=SC2034 # they are used where this is sourced

cannot() {
  echo "skipped: $*"
  exit 77
}

for tool in node npm; do
  command -v "$tool" >/dev/null || cannot "$tool is not installed"
done
chromium=$(command -v chromium || command -v chromium-browser) || cannot "chromium is not installed"
web_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/web
mkdir -p "$cache"
cp "$web_tests"/*.js "$web_tests/package.json" "$cache/"
if ! cmp -s "$web_tests/package-lock.json" "$cache/installed.json"; then
  cp "$web_tests/package-lock.json" "$cache/"
  # Its browsers are not downloaded.
  (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund --silent) || cannot "playwright-core cannot be installed"
  cp "$web_tests/package-lock.json" "$cache/installed.json"
fi
