# Sourced by the scripts beside it, not run: installs packages of Debian or Ubuntu with apt-get. Needs root, or sudo.

# Makes sure that packages can be installed, and sets $run to what a command of root begins with.
# $1: what to install by hand where there is no apt-get
need_apt() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "error: there is no apt-get; install $1 with your system's package manager" >&2
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
}

# Installs packages and no more than they need.
install_packages() {
    $run apt-get update -qq
    $run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
