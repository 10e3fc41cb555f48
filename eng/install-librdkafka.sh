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

. "$(dirname "$0")/apt.sh"
need_apt "librdkafka 2.0 or later"

echo "Installing the package librdkafka1 and what it depends on with apt-get."
install_packages librdkafka1

echo "Installed: $(where)"
