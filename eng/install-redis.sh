#!/bin/sh
# Installs Debian's redis-server and redis-benchmark, a baseline of the stock benchmark. Does nothing when they are there already.
# Needs root (or sudo) and a Debian or Ubuntu system.
set -eu

if command -v redis-server >/dev/null 2>&1 && command -v redis-benchmark >/dev/null 2>&1; then
    echo "Redis is installed: $(command -v redis-server)"
    exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
    echo "error: there is no apt-get; install Redis 6 or later with your system's package manager" >&2
    exit 5
fi

run=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "error: installing a package needs root; run this as root" >&2
        exit 5
    fi
    run=sudo
fi

# The package would start a server of its own, which nobody asked for.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | $run tee "$guard" >/dev/null
    $run chmod +x "$guard"
    trap '$run rm -f "$guard"' EXIT
fi

echo "Installing the packages redis-server and redis-tools with apt-get; no server is set up or started."
$run apt-get update -qq
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server redis-tools

echo "Installed: $(command -v redis-server)"
