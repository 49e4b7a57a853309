long=1 other=2
eval "copy=\$long"
eval 'echo $copy $other'
say() { echo bye $other; }
trap 'say' EXIT
