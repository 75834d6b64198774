#!/bin/sh
# Make a folder with Debian 13 and its RabbitMQ 4, beside the distribution's own (root, Debian, debootstrap).
#
#   deploy/setup/rabbitmq-4.sh FOLDER
#
# With ORDERLOOM_RABBITMQ_ROOT=FOLDER the tests start their private nodes from it.  FOLDER/private-node/ has what they
# start: the server's programs, each run by chroot in a mount namespace of its own, in which the node's folder is where
# it is outside; when the program ends, its mounts are gone.  A folder that is whole is left as it is.
# Exit status: 0 there, 3 this machine cannot (no root, no Debian), 1 it failed.
set -eu

RELEASE=trixie

[ $# -eq 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cannot() { echo "RabbitMQ 4: $1" >&2; exit 3; }
[ "$(id -u)" -eq 0 ] || cannot "root is needed (chroot and mounts)"
command -v apt-get >/dev/null 2>&1 || cannot "a Debian is needed (no apt-get here)"
unshare --mount true 2>/dev/null || cannot "mount namespaces are needed (unshare --mount is refused)"

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

sources() { # uri suite component, one line each, of the distribution itself
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 !~ /-/ && $3 == "main"' | sort -u
}

make_system() {
    echo "RabbitMQ 4: making a Debian ($RELEASE) with rabbitmq-server in $folder (once, some minutes) ..."
    command -v debootstrap >/dev/null 2>&1 || sh "$here/debian-install.sh" "RabbitMQ 4" debootstrap
    mirror=$(sources | awk '{ print $1; exit }')
    [ -n "$mirror" ] || { echo "no apt source on this machine (run: apt-get update)" >&2; exit 1; }
    debootstrap --variant=minbase "$RELEASE" "$folder" "$mirror" >"$folder/debootstrap.out" 2>&1 ||
        { tail -n 20 "$folder/debootstrap.out" >&2; exit 1; }
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' >"$folder/etc/apt/apt.conf.d/99host" || true
    # Nothing is served from it but what the tests start.
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod 755 "$folder/usr/sbin/policy-rc.d"
    cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
    export DEBIAN_FRONTEND=noninteractive
    chroot "$folder" sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends rabbitmq-server' \
        </dev/null >"$folder/install.out" 2>&1 || { tail -n 20 "$folder/install.out" >&2; exit 1; }
}

make_programs() {
    programs=$folder/private-node
    rm -rf "$programs.new"
    mkdir -p "$programs.new"
    cat >"$programs.new/enter" <<'EOF'
#!/bin/sh
# enter PROGRAM [ARGUMENT...]: run one of RabbitMQ 4's programs, with the node's own folder in its place.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" != --inside ]; then exec unshare --mount sh "$0" --inside "$@"; fi
shift
# The node's folder is its home's parent (broker/node_files.py).
node=$(dirname "$HOME")
mount --rbind /proc "$root/proc"
mount -t tmpfs none "$root/tmp"
mkdir -p "$root$node"
mount --bind "$node" "$root$node"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot "$root" "$@"
EOF
    for program in rabbitmq-server rabbitmqctl; do
        printf '#!/bin/sh\nexec sh "$(dirname "$0")/enter" /usr/lib/rabbitmq/bin/%s "$@"\n' "$program" >"$programs.new/$program"
    done
    printf '#!/bin/sh\nexec sh "$(dirname "$0")/enter" /usr/bin/epmd "$@"\n' >"$programs.new/epmd"
    ln -s ../usr/lib/rabbitmq/bin/rabbitmq-env "$programs.new/rabbitmq-env"
    chmod 755 "$programs.new"/*
    rm -rf "$programs"
    mv "$programs.new" "$programs"
}

[ -x "$folder/usr/lib/rabbitmq/bin/rabbitmq-server" ] && [ -e "$folder/usr/bin/epmd" ] || make_system
make_programs
