count=5
echo $count >/dev/null
echo "$((count)) 1"
echo 1 >/dev/null 2>&1; echo a1>&2
