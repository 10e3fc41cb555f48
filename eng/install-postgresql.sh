#!/bin/sh
# Installs Debian's PostgreSQL server, which `retailflow bench ingest` starts as its baseline.
# Does nothing when it is there already. Needs root (or sudo) and a Debian or Ubuntu system.
set -eu

found=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$found" ]; then
    found=$(command -v postgres || true)
fi
if [ -n "$found" ]; then
    echo "PostgreSQL is installed: $("$found" --version) ($found)"
    exit 0
fi

. "$(dirname "$0")/apt.sh"
need_apt "PostgreSQL 15 or later"

echo "Installing the package postgresql and what it depends on with apt-get; no server is set up or started."
# The benchmark makes its own server in a temporary folder, so the package must not make a cluster that starts with the system.
$run mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' | $run tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null
install_packages postgresql

installed=$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
echo "Installed: $("$installed" --version) ($installed)"
