# shellcheck shell=bash
# What this project needs from the system, and how to get it. Sourced by run and
# check; sourcing it changes nothing.
# shellcheck disable=SC2034 # the lists are used where this is sourced

# Each need is WHAT=PACKAGE: what must be there, and the package of Debian and
# Ubuntu that contains it. WHAT is a command, lib:SONAME, path:GLOB or
# python:MODULE. The package is only installed if WHAT is missing: it may come
# from another source (Node.js from NodeSource brings npm and conflicts with
# Debian's package of that name).

# A linker and the C library's headers: Rust uses the former, wayland-backend
# and others compile against the latter.
BUILD_NEEDS=(cc=gcc path:/usr/include/stdio.h=libc6-dev)

# What the window opens when it starts; egui's libraries are loaded at run time,
# so the build does not notice a missing one.
WINDOW_NEEDS=(lib:libX11.so.6=libx11-6 lib:libX11-xcb.so.1=libx11-xcb1 lib:libXcursor.so.1=libxcursor1 lib:libXi.so.6=libxi6
  lib:libxkbcommon.so.0=libxkbcommon0 lib:libxkbcommon-x11.so.0=libxkbcommon-x11-0 lib:libEGL.so.1=libegl1
  'path:/usr/lib/*/dri/*_dri.so=libgl1-mesa-dri')

# A virtual display, and a tool that takes a picture of it.
DISPLAY_NEEDS=(Xvfb=xvfb xdotool=xdotool import=imagemagick)

# The accessibility bus of the desktop, and its bindings for Debian's own
# Python.
ASSISTIVE_NEEDS=(dbus-run-session=dbus path:/usr/share/dbus-1/services/org.a11y.Bus.service=at-spi2-core
  path:/usr/lib/python3/dist-packages/pyatspi/__init__.py=python3-pyatspi)

# Needed only by the checks.
CHECK_NEEDS=(shellcheck=shellcheck openbox=openbox curl=curl python3=python3 python:ensurepip=python3-venv ip=iproute2 nft=nftables
  mosquitto=mosquitto mosquitto_sub=mosquitto-clients nats-server=nats-server iptables=iptables qemu-system-riscv32=qemu-system-misc dnsmasq=dnsmasq-base chromium=chromium node=nodejs npm=npm 'c++=g++'
  openssl=openssl make=make clang=clang 'path:/usr/lib/postgresql/*/bin/postgres=postgresql'
  'path:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*=libclang-rt-dev' riscv64-unknown-elf-gcc=gcc-riscv64-unknown-elf
  mandoc=mandoc zsh=zsh fish=fish
  'path:/usr/lib/picolibc/riscv64-unknown-elf/include/stdint.h=picolibc-riscv64-unknown-elf')

# Needed only to build the program for Windows and to run it here. Not in
# CHECK_NEEDS: they are large, and only a step of `./check full` uses them.
WINDOWS_NEEDS=(x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64 wine=wine)

# The same, to build the packages and to try them.
PACKAGE_NEEDS=(dpkg-shlibdeps=dpkg-dev desktop-file-validate=desktop-file-utils appstreamcli=appstream mmdebstrap=mmdebstrap
  musl-gcc=musl-tools wixl=wixl wine=wine)

# Whether a need is met. Not with grep -q: it ends at the first match, and
# pipefail then reports the command that writes to it.
present() {
  case $1 in
    lib:*) PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -F "${1#lib:} " >/dev/null ;;
    path:*) compgen -G "${1#path:}" >/dev/null ;;
    python:*) python3 -c "import ${1#python:}" 2>/dev/null ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

# The needs that are not met, one per line.
unmet() {
  local need
  for need in "$@"; do
    present "${need%=*}" || echo "$need"
  done
}

# Installs the packages of the needs that are not met on Debian and Ubuntu;
# elsewhere prints what is missing, and continues.
meet() {
  local missing=() packages=() as_root=() need
  mapfile -t missing < <(unmet "$@")
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  packages=("${missing[@]##*=}")
  if ! command -v apt-get >/dev/null; then
    if [[ $(uname -s) == Linux ]]; then
      echo "This is neither Debian nor Ubuntu. Missing: ${missing[*]%=*}"
    fi
    return 0
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "Not installed, and there is no sudo. As root, run: apt-get install ${packages[*]}"
      return 0
    fi
    as_root=(sudo)
    echo "Installing with sudo: ${packages[*]}"
  else
    echo "Installing: ${packages[*]}"
  fi
  apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  }
  apt_get update -qq || true
  # All at once is faster. apt refuses the whole list for one unavailable
  # package, so each is then tried alone.
  if apt_get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null 2>&1; then
    return 0
  fi
  for need in "${missing[@]}"; do
    apt_get install -y -qq --no-install-recommends "${need##*=}" >/dev/null ||
      echo "Could not install ${need##*=}. What needs ${need%=*} will not run."
  done
}

# Puts cargo on the PATH where rustup installed it, or prints how to get it.
find_cargo() {
  if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
  fi
  if ! command -v cargo >/dev/null; then
    echo "Rust 1.95 or newer is needed: https://rustup.rs" >&2
    return 1
  fi
}
