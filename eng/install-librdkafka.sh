#!/bin/sh
# Installs Debian's librdkafka, the client library with which the node reads Kafka and Event Hubs; the tests' brokers are in it too.
# Does nothing when it is there already. Needs root (or sudo) and a Debian or Ubuntu system.
set -eu

where() {
    for folder in /usr/lib /usr/local/lib /lib /usr/lib64; do
        find "$folder" -maxdepth 2 -name 'librdkafka.so.1' 2>/dev/null | head -n 1
    done | head -n 1
}

found=$(where)
if [ -n "$found" ]; then
    echo "librdkafka is installed: $found"
    exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
    echo "error: there is no apt-get; install librdkafka 2.0 or later with your system's package manager" >&2
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

echo "Installing the package librdkafka1 and what it depends on with apt-get."
$run apt-get update -qq
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends librdkafka1

echo "Installed: $(where)"
