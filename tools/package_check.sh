#!/usr/bin/env bash
# Installs a package of Takt into a bare Debian 12 (debootstrap, minutes and a network), serves from it, upgrades and removes it.
#   tools/package_check.sh [PACKAGE] [--keep]
# PACKAGE  a .deb (what tools/package.sh makes)
# --keep   leave the chroot behind, and say where it is
# Needs root, debootstrap and curl. systemd does not run in a chroot: the server is started as its user by hand, the unit is only checked to be there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
started=$SECONDS

usage() { sed -n '2,6s/^# \{0,1\}//p' tools/package_check.sh; }
say() { printf '[%3ds] %s\n' $((SECONDS - started)) "$1"; }
die() { echo "package_check.sh: $1" >&2; exit 1; }

package=
keep=no
for argument in "$@"; do
  case "$argument" in
    --keep) keep=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) echo "package_check.sh: unknown option '$argument'" >&2; usage >&2; exit 2 ;;
    *) package=$argument ;;
  esac
done
[ "$(id -u)" -eq 0 ] || die "needs root, for debootstrap and chroot"
for program in debootstrap curl chroot; do command -v "$program" >/dev/null || die "$program is missing"; done
[ -n "$package" ] || package=$(tools/package.sh)
[ -f "$package" ] || die "there is no $package"

root=$(mktemp -d -t takt_package.XXXXXX)
chmod 755 "$root" # the user takt looks for libraries below it
server=
tidy_up() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  if [ "$keep" = yes ]; then say "the chroot stays in $root"; else rm -rf --one-file-system -- "$root"; fi
}
trap tidy_up EXIT

say "a bare Debian 12 in $root"
debootstrap --variant=minbase bookworm "$root" >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; die "debootstrap failed"; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as_takt() { inside setpriv --reuid takt --regid takt --clear-groups "$@"; }
apt_get() { inside apt-get -q -o Dpkg::Use-Pty=0 "$@" >>"$root/apt.log" 2>&1 || { tail -20 "$root/apt.log" >&2; die "apt-get $* failed"; }; }

say "install"
cp "$package" "$root/takt.deb"
apt_get update
apt_get install -y --no-install-recommends /takt.deb

say "what is there"
inside getent passwd takt >/dev/null || die "there is no user takt"
[ "$(inside stat -c '%U %a' /var/lib/takt)" = "takt 700" ] || die "/var/lib/takt is not the user's own"
for file in /lib/systemd/system/takt.service /etc/takt/takt.toml /usr/share/doc/takt/operations.md /usr/share/doc/takt/examples/nginx/takt.conf; do
  [ -f "$root$file" ] || die "$file is not there"
done
[ "$(inside dpkg-query -W -f='${Conffiles}' takt | awk '{print $1}')" = /etc/takt/takt.toml ] || die "the settings are no conffile"
unpacked=$(inside ldd /usr/bin/takt | grep 'not found' || true)
[ -z "$unpacked" ] || die "libraries are missing: $unpacked"
inside takt serve --check --config /etc/takt/takt.toml >/dev/null || die "the shipped settings are refused"

say "serve"
port=$((20000 + RANDOM % 20000))
for n in 1 2 3 4 5; do
  printf '{"type":"item","id":"sku-%s","title":"Thing %s","price":{"amount":"9.90","currency":"EUR"}}\n' "$n" "$n"
done >"$root/tmp/items.ndjson"
as_takt takt import --config /etc/takt/takt.toml /tmp/items.ndjson >/dev/null
key=$(as_takt takt keys create --role admin --config /etc/takt/takt.toml --json | sed -n 's/.*"key":"\([^"]*\)".*/\1/p')
[ -n "$key" ] || die "no key was made"
# Its own process, so that the signal reaches it and no shell in between.
(exec chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --reuid takt --regid takt --clear-groups takt serve --config /etc/takt/takt.toml --listen "127.0.0.1:$port") >"$root/tmp/out" 2>"$root/tmp/log" &
server=$!
for _ in $(seq 600); do
  kill -0 "$server" 2>/dev/null || { cat "$root/tmp/log" >&2; die "the server ended"; }
  ! curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null || break
  sleep 0.1
done
answer=$(curl -fsS "http://127.0.0.1:$port/api/v1/decide" -H "Authorization: Bearer $key" -d '{"customer":{"user_id":"anna"},"placements":[{"placement":"home.hero"}]}') || die "no decision"
grep -q '"outcome":"items"' <<<"$answer" || die "a decision without items: $answer"
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/v1/keys")" = 401 ] || die "keys are shown without a key"
kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
[ "$status" -eq 0 ] || die "the server ended with $status"
grep -q '"route":"/api/v1/decide","status":200' "$root/tmp/log" || die "the log has no line of the decision"

say "upgrade, remove, purge"
echo '# mine' >>"$root/etc/takt/takt.toml"
apt_get install -y --reinstall /takt.deb
grep -q '^# mine$' "$root/etc/takt/takt.toml" || die "an upgrade lost changed settings"
apt_get remove -y takt
[ ! -e "$root/usr/bin/takt" ] && [ -f "$root/etc/takt/takt.toml" ] || die "removing took the settings, or left the program"
apt_get purge -y takt
[ ! -e "$root/etc/takt/takt.toml" ] && [ -f "$root/var/lib/takt/CURRENT" -o -n "$(ls -A "$root/var/lib/takt")" ] || die "a purge left the settings, or took the data"
say "done: $(basename "$package") installs, serves and goes"
