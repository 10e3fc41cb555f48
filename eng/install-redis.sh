#!/bin/sh
# Installs Debian's redis-server and redis-benchmark, a baseline of the stock benchmark. Does nothing when they are there already.
# Needs root (or sudo) and a Debian or Ubuntu system.
set -eu

if command -v redis-server >/dev/null 2>&1 && command -v redis-benchmark >/dev/null 2>&1; then
    echo "Redis is installed: $(command -v redis-server)"
    exit 0
fi

. "$(dirname "$0")/apt.sh"
need_apt "Redis 6 or later"

# The package would start a server of its own, which nobody asked for.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | $run tee "$guard" >/dev/null
    $run chmod +x "$guard"
    trap '$run rm -f "$guard"' EXIT
fi

echo "Installing the packages redis-server and redis-tools with apt-get; no server is set up or started."
install_packages redis-server redis-tools

echo "Installed: $(command -v redis-server)"
