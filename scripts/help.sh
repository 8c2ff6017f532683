# shellcheck shell=bash
# What all scripts share, and source first: with -h or --help, wherever it stands, a script prints its own head, the comment
# beneath its first line, and ends with 0; nothing is installed, and nothing built.
#
#   source "$(dirname "$0")/help.sh"

for word in "$@"; do
    [[ $word == -h || $word == --help ]] || continue
    sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "$0"
    exit 0
done
