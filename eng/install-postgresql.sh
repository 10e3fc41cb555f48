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

if ! command -v apt-get >/dev/null 2>&1; then
    echo "error: there is no apt-get; install PostgreSQL 15 or later with your system's package manager" >&2
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

echo "Installing the package postgresql and what it depends on with apt-get; no server is set up or started."
# The benchmark makes its own server in a temporary folder, so the package must not make a cluster that starts with the system.
$run mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' | $run tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null
$run apt-get update -qq
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql

installed=$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
echo "Installed: $("$installed" --version) ($installed)"
