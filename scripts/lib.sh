# shellcheck shell=bash
# What the scripts share. Sourced, not run.

say() { printf '\n== %s\n' "$*" >&2; }

is_debian() { command -v apt-get >/dev/null 2>&1; }

# May packages be installed without asking? As root, or where CI says so (with sudo then).
may_install() { [ "$(id -u)" = 0 ] || { [ "${CI:-}" = true ] && command -v sudo >/dev/null 2>&1; }; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# packages DEBIAN... -- BREW...: installs on Debian when that is allowed; otherwise prints the one command that does
# and ends with 2. The list names only what is missing.
packages() {
  local debian=() brew=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do debian+=("$1"); shift; done
  [ $# -gt 0 ] && shift
  brew=("$@")
  if is_debian && may_install; then
    say "installing ${debian[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian[@]}" >&2
    return
  fi
  echo "Missing on this machine. This installs it, then run $0 again:" >&2
  if is_debian; then
    echo "  sudo apt-get update && sudo apt-get install -y ${debian[*]}" >&2
  elif [ "$(uname -s)" = Darwin ]; then
    echo "  brew install ${brew[*]}" >&2
  else
    echo "  (the Debian packages are called: ${debian[*]})" >&2
  fi
  exit 2
}

# What building takes: Rust, a C compiler, make and cmake.
need_build_tools() {
  if ! command -v cargo >/dev/null 2>&1; then
    echo "There is no Rust toolchain here. This installs one, then open a new terminal:" >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    exit 2
  fi
  local debian=() brew=()
  if ! command -v cc >/dev/null 2>&1 || ! command -v make >/dev/null 2>&1; then
    if [ "$(uname -s)" = Darwin ]; then
      echo "There is no C compiler here. This installs one: xcode-select --install" >&2
      exit 2
    fi
    debian+=(build-essential)
  fi
  command -v cmake >/dev/null 2>&1 || { debian+=(cmake); brew+=(cmake); }
  [ ${#debian[@]} -eq 0 ] || packages "${debian[@]}" -- ${brew[@]+"${brew[@]}"}
}

# Where Cargo builds, as an absolute path.
target_folder() {
  local folder="${CARGO_TARGET_DIR:-target}"
  case "$folder" in /*) ;; *) folder="$PWD/$folder" ;; esac
  mkdir -p "$folder"
  printf '%s\n' "$folder"
}
