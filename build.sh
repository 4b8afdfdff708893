#!/usr/bin/env bash
# The front door for machines where PowerShell is not there yet: finds or installs it and hands over to build.ps1.
#
#   ./build.sh [build|test|demo|bench|header|package]
#
# Where PowerShell cannot be had it runs the native half of the same task, and says at the end what it did not run. With CI=true that is a failure,
# unless COEXIST_WITHOUT_POWERSHELL=1 says that it is meant.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

task=${1:-build}
case $task in
    build | test | demo | bench | header | package) ;;
    *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*"; }
have() { command -v "$1" > /dev/null 2>&1; }

# PowerShell by this platform's ordinary means, without asking questions; nothing where none works.
install_powershell() {
    local as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if have sudo && sudo -n true 2> /dev/null; then as_root='sudo -n'; else as_root=false; fi
    fi
    # shellcheck disable=SC2086 # no word, or two
    if have brew; then brew install powershell && return; fi
    if have dotnet && dotnet --list-sdks 2> /dev/null | grep -q .; then
        dotnet tool install PowerShell --tool-path .cache/powershell && return
    fi
    if have apt-get && apt-cache show powershell > /dev/null 2>&1; then $as_root apt-get install -y powershell && return; fi
    if have dnf && dnf -q info powershell > /dev/null 2>&1; then $as_root dnf install -y powershell && return; fi
    if have zypper && zypper -q info powershell 2> /dev/null | grep -q '^Version'; then $as_root zypper -n install powershell && return; fi
    if have snap; then $as_root snap install powershell --classic && return; fi
    return 1
}

find_powershell() {
    local candidate
    for candidate in pwsh .cache/powershell/pwsh /snap/bin/pwsh; do
        if have "$candidate" && "$candidate" -NoProfile -Command exit > /dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

if [ "${COEXIST_WITHOUT_POWERSHELL:-}" != 1 ]; then
    if ! pwsh=$(find_powershell); then
        say "PowerShell is not here; trying to install it."
        install_powershell > /dev/null 2>&1 || true
        pwsh=$(find_powershell) || pwsh=
    fi
    if [ -n "$pwsh" ]; then exec "$pwsh" -NoProfile -File ./build.ps1 "$task"; fi
fi

# The native half.
least=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
found=$(cargo --version 2> /dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p' || true)
if [ -z "$found" ] || [ "$(printf '%s\n' "$least" "$found" | sort -V | head -n 1)" != "$least" ]; then
    say "cargo is ${found:-not installed}; Coexist is built with Rust $least or newer." >&2
    say "Install it from https://rustup.rs, or with the system's packages (Debian 13: apt install cargo), and start again." >&2
    exit 1
fi
if [ -z "${CARGO_HOME:-}" ] && ! grep -qs replace-with ~/.cargo/config.toml &&
    ! { have curl && curl -fsS -m 10 -o /dev/null https://index.crates.io/config.json 2> /dev/null; }; then
    if have apt-get && have dpkg-deb; then
        say "crates.io cannot be reached; taking the crates from a Debian mirror."
        CARGO_HOME=$(tools/debian-crates.sh .cache)
        export CARGO_HOME
    fi
fi

failed=0
not_run=
case $task in
    build)
        cargo build --release -p coexist-ffi || failed=1
        not_run="the module was not put together: that needs PowerShell. The native library is in target/release."
        ;;
    test)
        log=$(mktemp)
        trap 'rm -f "$log"' EXIT
        cargo test --workspace --no-fail-fast 2>&1 | tee "$log" || failed=1
        rust=$(awk '/^test result:/ { passed += $4; failed += $6 } END { printf "%d passed, %d failed", passed, failed }' "$log")
        if cargo build -p coexist-ffi --features test-abi; then
            sh tests/c/run.sh target/debug 2>&1 | tee "$log" || failed=1
            c=$(tail -n 1 "$log")
        else
            failed=1
            c="0 passed, 1 failed"
        fi
        say ""
        say "rust: $rust"
        say "c: $c"
        not_run="Pester was not run, so the PowerShell module is NOT tested."
        ;;
    demo)
        cargo run --release -p coexist-ffi --example demo || failed=1
        not_run="the demo was told through the C ABI; the PowerShell cmdlets were NOT shown."
        ;;
    bench)
        not_run="no figure was measured: the figures are about the PowerShell module."
        failed=1
        ;;
    header)
        COEXIST_WRITE_HEADER=1 cargo test -p coexist-ffi --test header || failed=1
        ;;
    package)
        not_run="nothing was packed: the module is put together by PowerShell."
        failed=1
        ;;
esac

if [ -n "$not_run" ]; then
    if [ "${CI:-}" = true ] && [ "${COEXIST_WITHOUT_POWERSHELL:-}" != 1 ]; then failed=1; fi
    say ""
    say "PowerShell could not be had on this machine: $not_run"
    say "Install PowerShell 7 (https://aka.ms/powershell) and run ./build.sh $task again."
fi
exit $failed
