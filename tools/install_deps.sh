#!/usr/bin/env bash
# Installs the Debian 12 packages that Takt and its tests need; does nothing, quickly, when all are there.
#   tools/install_deps.sh [--dev] [--servers] [--browser] [--check]
# --dev adds what only developers use (clang-tidy, clang-format, a load tool), --servers what tests of deploy/ start (nginx, HAProxy,
# promtool), --browser the Chromium of the tests. --check installs nothing, names what is
# missing and fails if anything is. Works as root in a bare chroot, and with sudo elsewhere.
set -euo pipefail

build_packages=(g++ cmake ninja-build ccache pkg-config git ca-certificates)
library_packages=(
  libexpected-dev libfaiss-dev libopenblas-dev libeigen3-dev libcpp-httplib-dev nlohmann-json3-dev libsimdjson-dev
  librocksdb-dev libjemalloc-dev libboost-math-dev libhowardhinnant-date-dev tzdata libxxhash-dev libfmt-dev libspdlog-dev libcli11-dev
  libtomlplusplus-dev prometheus-cpp-dev libssl-dev zlib1g-dev liblzma-dev libzstd-dev)
test_packages=(libbenchmark-dev libgtest-dev libgmock-dev librapidcheck-dev python3 python3-numpy curl xz-utils openssl)
# Servers that deploy/ is tested with: installed, neither started now nor at the next boot.
server_packages=(nginx-light haproxy prometheus)
# 300 MB that only the tests of browser SDKs need: run.sh does without.
browser_packages=(chromium chromium-driver)
developer_packages=(clang clang-tidy clang-format libclang-rt-dev libomp-dev wrk libhnswlib-dev)

developer=no
servers=no
browser=no
check_only=no
for argument in "$@"; do
  case "$argument" in
    --dev) developer=yes ;;
    --browser) browser=yes ;;
    --servers) servers=yes ;;
    --check) check_only=yes ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install_deps.sh: unknown option '$argument' (try --help)" >&2; exit 2 ;;
  esac
done

wanted=("${build_packages[@]}" "${library_packages[@]}" "${test_packages[@]}")
[ "$browser" = no ] || wanted+=("${browser_packages[@]}")
[ "$developer" = no ] || wanted+=("${developer_packages[@]}")
[ "$servers" = no ] || wanted+=("${server_packages[@]}")

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_deps.sh: this is not a Debian system. Install the equivalents of these packages and try again:" >&2
  printf '  %s\n' "${wanted[*]}" >&2
  exit 1
fi

# dpkg-query complains about packages it has never heard of; those count as missing.
present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$present" || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if [ "$check_only" = yes ]; then
  echo "install_deps.sh: missing: ${missing[*]}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_deps.sh: neither root nor sudo; ask an administrator to install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "install_deps.sh: installing ${#missing[@]} packages: ${missing[*]}"
# `env`, because sudo drops the environment. Old downloads of package lists are the usual reason for a 404: refresh first.
# A machine that has just started may be at its own upgrades: they get five minutes to end.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
"${apt[@]}" update
# invoke-rc.d asks this file whether a service may start (101: no). Whoever has one has decided already.
policy=/usr/sbin/policy-rc.d
if [ "$servers" = yes ] && [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${apt[@]}" install -y --no-install-recommends "${missing[@]}"
if command -v deb-systemd-helper >/dev/null; then
  for service in nginx haproxy prometheus; do
    [[ " ${missing[*]} " != *" $service"* ]] || "${as_root[@]}" deb-systemd-helper disable "$service.service" >/dev/null || true
  done
fi
