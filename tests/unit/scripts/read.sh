printf 'a b c\nd' | {
    read -r first _ last
    IFS= read -r second || echo "$first $last $second"
}
