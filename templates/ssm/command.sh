# The Command document: do the one action that the caller chose, with the runtime that travels in the document.
umask 077
d=$(mktemp -d) || exit 73
trap 'rm -rf "$d"' EXIT
trap 'exit 143' TERM
etc=${SSMWAKE_ROOT-}/etc

# Put $1 of this document in place, whole or not at all; what is right already is left alone.
put() {
    cmp -s "$d/$1" "$etc/$1" && return
    mkdir -p "$etc" && cp "$d/$1" "$etc/$1.new" && chmod "$2" "$etc/$1.new" && mv -f "$etc/$1.new" "$etc/$1" || exit 73
}

# The settings on an instance belong to the carrier that the first line names. Two carriers that reach one instance
# would replace each other's settings with every run of an association, so those of another one stay.
take_settings() {
    first=''
    [ ! -e "$etc/ssmwake.conf" ] || read -r first <"$etc/ssmwake.conf"
    if [ "$settings" = keep ] && [ "$first" != "SSMWAKE_CARRIER=$carrier" ] &&
        { [ -e "$etc/ssmwake.conf" ] || [ -e "$etc/ssmwake.on-ready" ]; }; then
        case $first in
        SSMWAKE_CARRIER=*) writer=${first#*=} ;;
        *) writer='somebody else' ;;
        esac
        echo "ssmwake: kept the settings in $etc/ssmwake.conf, which $writer wrote; to replace them with those of" \
            "$carrier, run this document with Settings=replace"
        return
    fi
    put ssmwake.conf 0644
    if [ -e "$d/ssmwake.on-ready" ]; then
        put ssmwake.on-ready 0700
    else
        rm -f "$etc/ssmwake.on-ready"
    fi
}
