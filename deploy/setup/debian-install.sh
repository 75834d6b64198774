#!/bin/sh
# Install packages of the distribution, if this machine and user allow it; otherwise say what to install, and fail.
#
#   debian-install.sh "what for" PACKAGE...
#
# A package must not start its service: orders meet only the servers that the tests start themselves.  Debian asks
# /usr/sbin/policy-rc.d whether it may; ours says no while the installation runs and is taken away afterwards.  Nor
# must PostgreSQL make a database that would be served from the next boot on: it asks the file below.
set -eu

why=$1
shift

if ! command -v apt-get >/dev/null 2>&1; then
    echo "$why needs: $* (no apt-get here: install it in your system's way, then try again)" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        exec sudo -n sh "$0" "$why" "$@"
    fi
    echo "$why needs: $* (not installed, and this user may not install it).  Run:" >&2
    echo "    sudo apt-get install --no-install-recommends $*" >&2
    exit 1
fi

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/orderloom.conf
log=$(mktemp)
ours=no
clean() {
    rm -f "$log" "$cluster"
    if [ "$ours" = yes ]; then rm -f "$policy"; fi
}
trap clean EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
case " $* " in *" postgresql "*)
    mkdir -p "${cluster%/*}"
    echo "create_main_cluster = false" >"$cluster"
    ;;
esac

export DEBIAN_FRONTEND=noninteractive
apt() {
    apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@" </dev/null >"$log" 2>&1
}
echo "$why needs: $*.  Installing it from the distribution (once) ..."
apt update || echo "apt-get update failed; going on with the package lists that are here" >&2
if ! apt install --no-install-recommends "$@"; then
    tail -n 20 "$log" >&2
    echo "could not install: $* (the lines above say why)" >&2
    exit 1
fi
