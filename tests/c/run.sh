#!/bin/sh
# Compiles smoke.c against cbindings/coexist.h and runs it against a built library, under valgrind where that is installed.
#
#   tests/c/run.sh LIBRARY_DIR          e.g.  cargo build -p coexist-ffi --features test-abi && tests/c/run.sh target/debug
#
# The last line is "N passed, N failed". CC chooses the compiler (default cc).
set -eu
[ $# -eq 1 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
lib=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -pedantic -g "$@" -I "$here/../../cbindings" "$here/smoke.c" \
        -L "$lib" -lcoexist "-Wl,-rpath,$lib" -o "$scratch/smoke"
}

# Counts one check made here, around the program's own.
passed=0 failed=0
count() {
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*"; fi
}

stays_loaded() { readelf -d "$lib/libcoexist.so" | grep -q NODELETE; }
# What a shared library shows the world is the header and nothing else.
shows_only_the_header() {
    nm -D --defined-only "$lib/libcoexist.so" | awk '$2 ~ /[TDB]/ { sub(/@.*/, "", $3); print $3 }' | sort > "$scratch/exported"
    grep -oE '\bcoexist_[a-z0-9_]+\(' "$here/../../cbindings/coexist.h" | tr -d '(' | sort -u > "$scratch/declared"
    diff "$scratch/declared" "$scratch/exported"
}
if [ -e "$lib/libcoexist.so" ] && command -v readelf > /dev/null && command -v nm > /dev/null; then
    count stays_loaded
    count shows_only_the_header
fi
if command -v c++ > /dev/null; then
    printf '#include "coexist.h"\nint main() { return coexist_abi_version() == COEXIST_ABI_VERSION ? 0 : 1; }\n' > "$scratch/header.cpp"
    count c++ -Wall -Wextra -Werror -pedantic -fsyntax-only -I "$here/../../cbindings" "$scratch/header.cpp"
fi

if command -v valgrind > /dev/null; then
    how="under valgrind"
    compile
    # All kinds, "still reachable" too: the library keeps nothing once its engines are freed.
    set -- valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=99
elif compile -fsanitize=address,undefined -fno-sanitize-recover=all 2> /dev/null; then
    how="under AddressSanitizer (valgrind is not installed)"
    set --
else
    how="plainly: neither valgrind nor AddressSanitizer is here, so leaks were NOT looked for"
    compile
    set --
fi
echo "smoke.c runs $how"
status=0
"$@" "$scratch/smoke" > "$scratch/said" || status=$?
grep -v ' passed, ' "$scratch/said" || true
summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$scratch/said" || echo "0 passed, 0 failed")
passed=$((passed + ${summary%% *}))
inside=$(echo "$summary" | cut -d' ' -f3)
failed=$((failed + inside))
# The end of the program, sound and without leaks, counts as one more check.
if [ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [ "$inside" -gt 0 ]; }; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "FAILED: smoke ended with status $status (99: valgrind found errors or leaks, see above)"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
