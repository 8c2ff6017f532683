# shellcheck shell=bash disable=SC2034,SC2154 # `takes` and `built` are the script's
# What scripts with `--build-path FOLDER` share. They source it first, with the words that they take in `takes`:
#
#   takes='[--build-path FOLDER] [PAGE…]'
#   source "$(dirname "$0")/build-path.sh"
#
# It takes the option out of "$@", wherever it stands, and leaves the folder in `built`, from the root on; nothing if it was not
# given, and then the script builds: scripts/debug, scripts/release. --help is answered here as well (help.sh).

source "$(dirname "$0")/help.sh"

# usage SENTENCE: ends the script with the sentence, and with what it takes.
usage() {
    printf '%s: %s\n  try: scripts/%s %s\n' "${0##*/}" "$1" "${0##*/}" "$takes" >&2
    exit 64
}

# nothing_more "$@": ends the script if there are words that nobody has taken.
nothing_more() {
    (($# == 0)) || usage "cannot understand \"$1\""
}

built=
others=()
while (($#)); do
    case $1 in
    --build-path=*) set -- --build-path "${1#*=}" "${@:2}" ;;
    --build-path)
        [[ -n ${2-} ]] || usage "$1 needs a folder"
        built=$(realpath -m -- "$2")
        shift 2
        ;;
    *)
        others+=("$1")
        shift
        ;;
    esac
done
set -- "${others[@]}"
