# one
echo a#b '#' "# c" # two
