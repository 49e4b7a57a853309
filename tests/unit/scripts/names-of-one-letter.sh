a=1 bb=2 bb=$bb
set -- $a $bb
b() { echo $1 $2 $a $bb; }
b $bb $a
