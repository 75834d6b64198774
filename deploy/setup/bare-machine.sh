#!/bin/bash
# Prove that a fresh clone works on a bare system (for maintainers; root, Debian, debootstrap).
#
#   deploy/setup/bare-machine.sh DIR [MAKE-TARGET...]        default target: demo
#
# DIR/base is a Debian 12 with BARE_PACKAGES and nothing else, made once; DIR/machine is a copy of it, new at each run,
# with a clone of this repository's HEAD in /orderloom.  Each target runs there by chroot, in mount and process
# namespaces of its own: when the script ends, its mounts are gone and so is every process that it left behind.
# The network is the host's, and so is the way to it: mirror, proxy, certificates and pip's index are taken over.
set -euo pipefail

PACKAGES=${BARE_PACKAGES:-python3,python3-venv,git,make,ca-certificates}
RELEASE=bookworm

if [[ ${1:-} == "" || ${1:-} == -* ]]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
fi
[[ $(id -u) -eq 0 ]] || { echo "bare-machine.sh: root is needed (chroot and mounts)" >&2; exit 1; }

repository=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
targets=("${@:-demo}")
base=$folder/base
machine=$folder/machine

apt_sources() { # uri suite component, one line each, of the distribution itself
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$RELEASE" '$2 ~ "^" release "(-updates|-security)?$" && $3 == "main"' | sort -u
}

make_base() {
    echo "== making a bare Debian ($RELEASE, $PACKAGES)"
    command -v debootstrap >/dev/null || sh "$repository/deploy/setup/debian-install.sh" "A bare system" debootstrap
    local mirror
    mirror=$(apt_sources | awk -v release="$RELEASE" '$2 == release { print $1; exit }')
    [[ -n $mirror ]] || { echo "no apt source for $RELEASE on this machine (run: apt-get update)" >&2; exit 1; }
    rm -rf "$base" "$base.new"
    debootstrap --variant=minbase --include="$PACKAGES" "$RELEASE" "$base.new" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
        { tail -n 20 "$folder/debootstrap.log" >&2; exit 1; }
    apt_sources | sed 's/^/deb /' >"$base.new/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' >"$base.new/etc/apt/apt.conf.d/99host" || true
    mv "$base.new" "$base"
}

make_machine() {
    echo "== copying it and cloning $(git -C "$repository" rev-parse --short HEAD)"
    rm -rf "$machine"
    cp -a --reflink=auto "$base" "$machine"
    local file
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        if [[ -e $file ]]; then cp -L "$file" "$machine$file"; fi
    done
    git clone --quiet --no-hardlinks "$repository" "$machine/orderloom"
}

host_way_out() { # the host's settings for reaching an index; never where else to find files
    env | grep -E '^(PIP_[A-Z_]+|[a-zA-Z]+_(proxy|PROXY)|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE)=' |
        grep -vE '^PIP_(FIND_LINKS|NO_INDEX)=' || true
}

enter() { # runs inside the new namespaces
    mount --make-rprivate /
    mount -t proc proc "$machine/proc"
    mount -t tmpfs -o mode=755 dev "$machine/dev"
    local node
    for node in null zero full random urandom tty; do
        : >"$machine/dev/$node"
        mount --bind "/dev/$node" "$machine/dev/$node"
    done
    mkdir "$machine/dev/shm" "$machine/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$machine/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
    ln -s pts/ptmx "$machine/dev/ptmx"
    ln -s /proc/self/fd "$machine/dev/fd"
    ln -s fd/0 "$machine/dev/stdin"
    ln -s fd/1 "$machine/dev/stdout"
    ln -s fd/2 "$machine/dev/stderr"
    mapfile -t way_out < <(host_way_out)
    local target started
    for target in "${targets[@]}"; do
        echo "== make $target"
        started=$SECONDS
        chroot "$machine" /usr/bin/env -i HOME=/root LANG=C.UTF-8 CI=true "${way_out[@]}" \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            make --no-print-directory -C /orderloom "$target" </dev/null
        echo "== make $target: done in $((SECONDS - started)) s"
    done
}

[[ -d $base ]] || make_base
make_machine
export -f enter host_way_out
export machine
unshare --mount --pid --fork --kill-child bash -euo pipefail -c 'targets=("$@"); enter' enter "${targets[@]}"
