long=x
echo "$(echo "$(echo "$long")" | tr x y)" $(echo a; echo b)
