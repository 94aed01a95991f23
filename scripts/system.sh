# shellcheck shell=bash
# What this project needs of the system, and how to get it. Sourced by run and check; changes nothing by being sourced.
# shellcheck disable=SC2034 # the lists are used where this is sourced

# A linker and the C library's headers: Rust calls the one, wayland-backend and others compile against the other.
BUILD_PACKAGES=(gcc libc6-dev)

# What the window opens when it starts; egui's libraries are loaded at run time, so a missing one is not seen by the build.
WINDOW_PACKAGES=(libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon0 libxkbcommon-x11-0 libegl1 libgl1-mesa-dri)

# A display where there is none, and a picture of what it shows.
VIRTUAL_DISPLAY_PACKAGES=(xvfb xdotool imagemagick)

# What only the checks use.
CHECK_PACKAGES=(shellcheck curl python3 python3-venv iproute2 nftables iptables qemu-system-misc dnsmasq-base chromium nodejs npm g++)

# Which of the packages are not there.
missing_packages() {
  local package
  for package in "$@"; do
    # Installed, or provided by another package that is.
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      echo "$package"
    fi
  done
}

# Installs what is missing of the packages on Debian and Ubuntu; elsewhere says what to install, and goes on.
install_packages() {
  local missing=() as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    if [[ $(uname -s) == Linux ]]; then
      echo "This is neither Debian nor Ubuntu. Install what these packages hold, if it is not there: $*"
    fi
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "Not installed, and there is no sudo. As root, run: apt-get install ${missing[*]}"
      return 0
    fi
    as_root=(sudo)
    echo "Installing with sudo: ${missing[*]}"
  else
    echo "Installing: ${missing[*]}"
  fi
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    echo "That did not work. Install by hand, if what follows fails: ${missing[*]}"
}

# Puts cargo on the PATH where rustup left it, or says how to get it.
find_cargo() {
  if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
  fi
  if ! command -v cargo >/dev/null; then
    echo "Rust 1.95 or newer is needed: https://rustup.rs" >&2
    return 1
  fi
}
