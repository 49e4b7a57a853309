long=/dev/null
{ echo a >&2; echo b; } 2>$long
echo c 2 >$long
echo d2 >&2 2>/dev/null
cat <$long 3>&1
