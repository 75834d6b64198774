#!/bin/sh
# See that OpenSSH's server and sftp are on this machine.  Nothing is started here: the tests start private servers.
set -eu

missing=
[ -x /usr/sbin/sshd ] || command -v sshd >/dev/null 2>&1 || missing="openssh-server openssh-sftp-server"
command -v sftp >/dev/null 2>&1 || missing="$missing openssh-client"
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 -- a list of packages
sh "$(dirname "$0")/debian-install.sh" "OpenSSH, which the tests start on private ports," $missing
