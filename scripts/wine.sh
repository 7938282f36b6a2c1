#!/bin/sh
# Runs a program of Windows under Wine, in the prefix of this checkout, which is made when it is
# first needed. Node.js for Windows cannot use pipes of Linux, so its output goes through files.
# With --server, runs Wine's server with what follows: -p to stay, -k to end.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
export WINEPREFIX="${CROSSMEM_WINEPREFIX:-$root/build/wine}"
export WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=;winedbg.exe=d"
unset DISPLAY WAYLAND_DISPLAY NODE_EXTRA_CA_CERTS
# Every handle is a descriptor of Wine's server.
ulimit -n "$(ulimit -Hn)"

if [ ! -e "$WINEPREFIX/crossmem-ready" ]; then
  mkdir -p "$WINEPREFIX"
  # Several tests may be the first.
  (
    flock 9
    [ -e "$WINEPREFIX/crossmem-ready" ] && exit 0
    wineboot -i >"$WINEPREFIX/boot.log" 2>&1
    # What Node.js asks for; Wine is Windows 7 otherwise.
    wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >>"$WINEPREFIX/boot.log" 2>&1
    wineserver -w
    touch "$WINEPREFIX/crossmem-ready"
  ) 9>"$WINEPREFIX.lock"
fi

if [ "$1" = --server ]; then
  shift
  exec wineserver "$@"
fi

output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
code=0
wine "$@" </dev/null >"$output/out" 2>"$output/err" || code=$?
cat "$output/out"
cat "$output/err" >&2
exit "$code"
