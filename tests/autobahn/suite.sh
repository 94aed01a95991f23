# shellcheck shell=bash
# The Autobahn suite, installed once into the cache. Sourced; afterwards
# $cache/suite/bin/wstest runs. Ends with status 77 if it is not available.
#
# The suite is Python 2.7 code. PYTHON27 names an interpreter; otherwise pyenv's
# and the system's are tried.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/autobahn-25.10.1

cannot() {
  echo "skipped: $*"
  exit 77
}

# A name on the PATH is not enough: pyenv creates one for interpreters that are
# not selected.
python27() {
  local candidate
  for candidate in "${PYTHON27:-}" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python python2.7 /usr/bin/python2.7; do
    if [[ -n $candidate ]] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

if [[ ! -e $cache/complete ]]; then
  python=$(python27) || cannot "the Autobahn suite needs Python 2.7 (set PYTHON27 to one)"
  rm -rf "$cache"
  # 20.21.1 is the last virtualenv that creates environments for Python 2.7.
  { python3 -m venv "$cache/maker" && "$cache/maker/bin/pip" install -q --disable-pip-version-check virtualenv==20.21.1; } ||
    cannot "virtualenv 20.21.1 cannot be installed (it needs python3-venv and the network)"
  "$cache/maker/bin/virtualenv" -q -p "$python" "$cache/suite"
  "$cache/suite/bin/pip" install -q --no-python-version-warning autobahntestsuite==25.10.1 ||
    cannot "autobahntestsuite 25.10.1 cannot be installed from PyPI"
  touch "$cache/complete"
fi
