#!/usr/bin/env bash
# Fetches the crates that this workspace depends on from a Debian mirror, for machines that reach one but not crates.io.
#
#   export CARGO_HOME=$(tools/debian-crates.sh CACHE_DIR)
#
# Prints a CARGO_HOME in which crates.io is replaced by Debian's librust-*-dev packages (about 30 MB, once; later calls
# only print). Needs apt-get and dpkg-deb, no root; installs nothing, and writes nowhere but below CACHE_DIR.
#   COEXIST_DEBIAN_MIRROR   instead of the mirror in this machine's apt sources, such as http://deb.debian.org/debian
# Never commit a Cargo.lock made this way: Debian's crates carry no checksums and lack Windows-only dependencies.
set -euo pipefail
shopt -s inherit_errexit

suite=trixie # what the lower bounds in Cargo.toml are taken from
fail() { echo "debian-crates: $*" >&2; exit 1; }

[ $# -eq 1 ] || { sed -n '2,9p' "$0" >&2; exit 2; }
for tool in apt-get dpkg dpkg-deb sha256sum; do
    command -v "$tool" > /dev/null || fail "$tool is not here; this works on Debian and its relatives only"
done
manifest=$(cd "$(dirname "$0")/.." && pwd)/Cargo.toml
mkdir -p "$1"
cache=$(cd "$1" && pwd)

# Every crate of the workspace is declared once, in [workspace.dependencies]; those with a path are its own.
packages=$(awk '/^\[/ { on = ($0 == "[workspace.dependencies]"); next }
    on && /^[a-zA-Z0-9_-]+ *=/ && !/path *=/ { sub(/ *=.*/, ""); gsub(/_/, "-"); print "librust-" tolower($0) "-dev" }' "$manifest" | sort -u)
[ -n "$packages" ] || fail "no [workspace.dependencies] in $manifest"

key=$(printf '%s\n' "$suite" "$packages" | sha256sum | cut -c1-12)
result=$cache/debian-$suite-$key
if [ -d "$result" ]; then
    echo "$result/cargo-home"
    exit
fi

# Made aside and renamed at the end, so what is there is whole.
work=$(mktemp -d "$cache/.debian-$suite-XXXXXX")
trap 'rm -rf "$work"' EXIT

mirror=${COEXIST_DEBIAN_MIRROR:-$(apt-get update --print-uris 2> /dev/null | sed -nE "s#^'([^']*/debian)/dists/.*#\1#p" | sed 1q)}
[ -n "$mirror" ] || fail "no Debian mirror among this machine's apt sources; name one in COEXIST_DEBIAN_MIRROR"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ ! -e "$keyring" ] || signed="[signed-by=$keyring] "

# A package manager of its own: nothing is installed in it, and of the machine's it takes the way to the network only
# (its lists, cache and hooks stay out).
mkdir -p "$work"/apt/{lists/partial,archives/partial,parts} "$work/root"
echo "deb ${signed:-}$mirror $suite main" > "$work/apt/sources.list"
: > "$work/apt/status"
{
    apt-config dump | grep -iE '^Acquire::https?::' || true
    cat << CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$work/apt/parts";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "$work/apt/parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$work/apt/parts";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt";
Dir::Cache::archives "$work/apt/archives";
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
} > "$work/apt/apt.conf"
export APT_CONFIG=$work/apt/apt.conf
echo "debian-crates: $(wc -l <<< "$packages") crates and what they need, from $mirror $suite" >&2
apt-get -qq update >&2 || fail "$mirror did not answer as a Debian mirror with $suite"

# The closure, as apt resolves it; its other packages (compilers, C libraries) are of no interest to cargo.
# shellcheck disable=SC2086 # one word per package
closure=$(apt-get -qq install --print-uris --yes $packages | sed -nE "s/^'[^']*' (librust-[^_]+)_.*/\1/p" | sort -u) ||
    fail "$suite does not have all the crates that $manifest names"
# shellcheck disable=SC2086
(cd "$work/apt/archives" && apt-get -qq download $closure) >&2 || fail "a package did not come whole from $mirror; try again"
for deb in "$work"/apt/archives/*.deb; do
    dpkg-deb -x "$deb" "$work/root"
done

mkdir -p "$work/whole/cargo-home"
mv "$work/root/usr/share/cargo/registry" "$work/whole/crates"
# Where Debian has no checksum it wrote a sentence; only null keeps cargo from taking that for one.
sed -i -E 's/"package":"Could not get crate checksum"/"package":null/' "$work"/whole/crates/*/.cargo-checksum.json
cat > "$work/whole/cargo-home/config.toml" <<'CONFIG'
# Paths are relative to the folder above this file's.
[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "crates"
[net]
offline = true
CONFIG
# Someone else may have been faster; theirs is as good.
mv -T "$work/whole" "$result" 2> /dev/null || [ -d "$result/cargo-home" ] || fail "cannot write $result"
echo "debian-crates: $(find "$result/crates" -mindepth 1 -maxdepth 1 | wc -l) crates, $(du -sh "$result/crates" | cut -f1)" >&2
echo "$result/cargo-home"
