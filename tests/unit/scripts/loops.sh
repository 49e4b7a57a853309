count=0
while :; do
    count=$((count + 1))
    [ $count -lt 3 ] || break
done
until [ $count = 0 ]
do count=$((count - 1)); done
echo $count
