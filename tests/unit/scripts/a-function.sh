say() {
    echo "$1"
}
say() { printf "%s\n" "<$1>"; }
say a && say b || say c
! say d || say e
