say() {
    echo "$1"
    echo err >&2
} 2>/dev/null
say x
